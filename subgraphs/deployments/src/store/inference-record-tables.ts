import { bigint, boolean, doublePrecision, integer, jsonb, pgSchema, text, timestamp } from 'drizzle-orm/pg-core';
import type { Cell, InferenceRecord } from '../domain/inference-log/record.js';
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

export const inferenceLogCount = schema.table('inference_log_count', {
  endpointId: text('endpoint_id').notNull(),
  process: text('process').notNull(),
  ...place,
  written: bigint('written', { mode: 'number' }).notNull(),
  dropped: bigint('dropped', { mode: 'number' }).notNull(),
  sampledOut: bigint('sampled_out', { mode: 'number' }).notNull(),
});

/** Partitioned by day of `at`, in UTC. */
export const inferenceRecord = schema.table('inference_record', {
  id: text('id').notNull(),
  ...place,
  endpointId: text('endpoint_id').notNull(),
  revision: integer('revision').notNull(),
  modelVersionId: text('model_version_id').notNull(),
  modelVersion: integer('model_version').notNull(),
  variant: text('variant').notNull(),
  subject: text('subject'),
  principalId: text('principal_id').notNull(),
  requestId: text('request_id'),
  traceId: text('trace_id'),
  at: instant('at').notNull(),
  latencyMs: doublePrecision('latency_ms').notNull(),
  rowCount: integer('row_count').notNull(),
  inputs: jsonb('inputs').$type<InferenceRecord['inputs']>().notNull(),
  features: jsonb('features').$type<readonly Readonly<Record<string, Cell>>[]>().notNull(),
  outputs: jsonb('outputs').$type<InferenceRecord['outputs']>(),
  scores: doublePrecision('scores').array().notNull(),
  redacted: text('redacted').array().notNull(),
  errorCode: text('error_code'),
  errorMessage: text('error_message'),
});
