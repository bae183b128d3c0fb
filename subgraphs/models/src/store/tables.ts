import { bigint, integer, jsonb, pgSchema, text, timestamp } from 'drizzle-orm/pg-core';
import type { IntakeReport } from '../domain/model-intake.js';
import type { Parity } from '../domain/promotion-checks.js';
import type { FeatureViewVersion, Lineage, Signature } from '../domain/registration.js';

const schema = pgSchema('models');
const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });
const ownership = {
  workspaceId: text('workspace_id').notNull(),
  ownerId: text('owner_id').notNull(),
  owner: text('owner').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
};

export const model = schema.table('model', {
  id: text('id').primaryKey(),
  ...ownership,
  name: text('name').notNull(),
  description: text('description').notNull(),
  lastVersion: integer('last_version').notNull().default(0),
});

export const modelVersion = schema.table('model_version', {
  id: text('id').primaryKey(),
  ...ownership,
  zone: text('zone').notNull(),
  modelId: text('model_id').notNull(),
  modelName: text('model_name').notNull(),
  version: integer('version').notNull(),
  state: text('state').$type<'READY'>().notNull().default('READY'),
  origin: text('origin').$type<'RUN' | 'EXTERNAL'>().notNull().default('RUN'),
  runId: text('run_id'),
  trainingSetId: text('training_set_id'),
  trainingSetDigest: text('training_set_digest'),
  featureViewVersions: jsonb('feature_view_versions').$type<FeatureViewVersion[]>().notNull(),
  signature: jsonb('signature').$type<Signature>().notNull(),
  servingPlan: jsonb('serving_plan').$type<Lineage['servingPlan']>().notNull(),
  artifactKey: text('artifact_key').notNull(),
  digest: text('digest').notNull(),
  format: text('format').notNull(),
  evaluation: jsonb('evaluation').$type<Lineage['evaluation']>(),
  parity: jsonb('parity').$type<Parity>(),
  intake: jsonb('intake').$type<IntakeReport>(),
  trainedById: text('trained_by_id'),
  codeReference: text('code_reference').notNull(),
  environment: jsonb('environment').$type<Lineage['environment']>().notNull(),
  categories: text('categories').array().notNull(),
  allowedZones: text('allowed_zones').array().notNull(),
});

export const modelAlias = schema.table('model_alias', {
  id: text('id').primaryKey(),
  workspaceId: text('workspace_id').notNull(),
  modelId: text('model_id').notNull(),
  modelName: text('model_name').notNull(),
  alias: text('alias').notNull(),
  modelVersionId: text('model_version_id').notNull(),
  setAt: instant('set_at').notNull(),
  setById: text('set_by_id').notNull(),
  setBy: text('set_by').notNull(),
});

/** How it came that an alias moved. */
export type AliasCause = 'DIRECT' | 'PROMOTION' | 'ROLLBACK' | 'BREAK_GLASS';

export const aliasChange = schema.table('alias_change', {
  id: text('id').primaryKey(),
  sequence: bigint('sequence', { mode: 'number' }).generatedAlwaysAsIdentity(),
  workspaceId: text('workspace_id').notNull(),
  modelId: text('model_id').notNull(),
  modelName: text('model_name').notNull(),
  alias: text('alias').notNull(),
  action: text('action').$type<'SET' | 'REMOVED'>().notNull(),
  modelVersionId: text('model_version_id').notNull(),
  cause: text('cause').$type<AliasCause>().notNull().default('DIRECT'),
  reason: text('reason'),
  promotionId: text('promotion_id'),
  at: instant('at').notNull(),
  byId: text('by_id').notNull(),
  by: text('by').notNull(),
});
