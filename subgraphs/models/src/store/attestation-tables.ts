import { jsonb, pgSchema, text, timestamp } from 'drizzle-orm/pg-core';
import type { SignatureBundle } from '../domain/model-attestation.js';

const schema = pgSchema('models');
const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });
const ownership = {
  workspaceId: text('workspace_id').notNull(),
  ownerId: text('owner_id').notNull(),
  owner: text('owner').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
};

/** A key sealed by the key-encryption key of its zone. */
export interface SealedKey {
  readonly keyId: string;
  /** Base64. */
  readonly ciphertext: string;
}

export const modelSigner = schema.table('model_signer', {
  id: text('id').primaryKey(),
  ...ownership,
  kind: text('kind').$type<'PLATFORM' | 'PUBLISHER'>().notNull(),
  name: text('name').notNull(),
  publicKey: text('public_key').notNull(),
  keyId: text('key_id').notNull(),
  keyZone: text('key_zone'),
  wrappedKey: jsonb('wrapped_key').$type<SealedKey>(),
  distrustedAt: instant('distrusted_at'),
  distrustedBy: text('distrusted_by'),
  distrustReason: text('distrust_reason'),
});

export const modelAttestation = schema.table('model_attestation', {
  id: text('id').primaryKey(),
  ...ownership,
  zone: text('zone').notNull(),
  modelVersionId: text('model_version_id').notNull(),
  signerId: text('signer_id').notNull(),
  bundle: jsonb('bundle').$type<SignatureBundle>().notNull(),
});
