import { boolean, integer, jsonb, pgSchema, text, timestamp } from 'drizzle-orm/pg-core';
import type { InputClass } from '../domain/inference-log/redaction.js';

const schema = pgSchema('deployments');
const place = { workspaceId: text('workspace_id').notNull(), zone: text('zone').notNull() };
const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

export const inferenceLog = schema.table('inference_log', {
  endpointId: text('endpoint_id').primaryKey(),
  ...place,
  enabled: boolean('enabled').notNull(),
  sampleRate: integer('sample_rate').notNull(),
  retentionDays: integer('retention_days').notNull(),
  classes: jsonb('classes').$type<Readonly<Record<string, InputClass>>>().notNull(),
  viewCategories: jsonb('view_categories').$type<Readonly<Record<string, readonly string[]>>>().notNull(),
  wrappedKey: jsonb('wrapped_key').$type<{ readonly keyId: string; readonly ciphertext: string }>().notNull(),
  ownerId: text('owner_id').notNull(),
  owner: text('owner').notNull(),
  updatedAt: instant('updated_at').notNull().defaultNow(),
});
