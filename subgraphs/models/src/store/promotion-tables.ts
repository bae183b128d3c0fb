import { bigint, integer, jsonb, pgSchema, text, timestamp } from 'drizzle-orm/pg-core';
import type { PromotionState } from '../domain/approval.js';
import type { GateDefinition } from '../domain/gate-set.js';
import type { CardSections } from '../domain/model-card.js';
import type { GateCheck } from '../domain/promotion-checks.js';

const schema = pgSchema('models');
const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });
const ownership = {
  workspaceId: text('workspace_id').notNull(),
  ownerId: text('owner_id').notNull(),
  owner: text('owner').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
};

export const gateSet = schema.table('gate_set', {
  id: text('id').primaryKey(),
  ...ownership,
  modelId: text('model_id'),
  modelName: text('model_name'),
  revision: integer('revision').notNull(),
  definition: jsonb('definition').$type<GateDefinition>().notNull(),
  digest: text('digest').notNull(),
});

export const aliasProtection = schema.table('alias_protection', {
  id: text('id').primaryKey(),
  ...ownership,
  revision: integer('revision').notNull(),
  aliases: text('aliases').array().notNull(),
});

export const modelCard = schema.table('model_card', {
  id: text('id').primaryKey(),
  ...ownership,
  zone: text('zone').notNull(),
  modelVersionId: text('model_version_id').notNull(),
  revision: integer('revision').notNull(),
  sections: jsonb('sections').$type<CardSections>().notNull(),
  digest: text('digest').notNull(),
});

export const promotion = schema.table('promotion', {
  id: text('id').primaryKey(),
  ...ownership,
  zone: text('zone').notNull(),
  modelId: text('model_id').notNull(),
  modelName: text('model_name').notNull(),
  modelVersionId: text('model_version_id').notNull(),
  version: integer('version').notNull(),
  alias: text('alias').notNull(),
  state: text('state').$type<PromotionState>().notNull(),
  reason: text('reason').notNull(),
  gateRevision: integer('gate_revision').notNull(),
  gateDigest: text('gate_digest').notNull(),
  binding: text('binding').notNull(),
  approvals: jsonb('approvals').$type<GateDefinition['approvals']>().notNull(),
  checks: jsonb('checks').$type<GateCheck[]>().notNull(),
  expiresAt: instant('expires_at').notNull(),
  decidedAt: instant('decided_at'),
  outcome: text('outcome'),
});

export const promotionDecision = schema.table('promotion_decision', {
  id: text('id').primaryKey(),
  sequence: bigint('sequence', { mode: 'number' }).generatedAlwaysAsIdentity(),
  workspaceId: text('workspace_id').notNull(),
  zone: text('zone').notNull(),
  promotionId: text('promotion_id').notNull(),
  decision: text('decision').$type<'APPROVED' | 'REJECTED'>().notNull(),
  role: text('role').notNull(),
  reason: text('reason').notNull(),
  binding: text('binding').notNull(),
  byId: text('by_id').notNull(),
  by: text('by').notNull(),
  at: instant('at').notNull().defaultNow(),
});
