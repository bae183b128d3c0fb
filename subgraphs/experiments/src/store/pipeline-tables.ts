import { sql } from 'drizzle-orm';
import { boolean, integer, jsonb, pgSchema, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import type { PipelineDefinition, StageType, Values } from '../domain/pipeline/definition.js';
import type { PipelineRunState, StageState, StoredError } from '../domain/pipeline/pipeline-run.js';

const schema = pgSchema('experiments');
const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });
const createdAt = instant('created_at').notNull().default(sql`clock_timestamp()`);
const ownership = {
  workspaceId: text('workspace_id').notNull(),
  ownerId: text('owner_id').notNull(),
  owner: text('owner').notNull(),
  createdAt,
};

export const pipeline = schema.table('pipeline', {
  id: text('id').primaryKey(),
  ...ownership,
  name: text('name').notNull(),
  version: integer('version').notNull(),
  description: text('description').notNull(),
  definition: jsonb('definition').$type<PipelineDefinition>().notNull(),
  digest: text('digest').notNull(),
  concurrency: integer('concurrency').notNull(),
  priority: integer('priority').notNull(),
});

export const pipelineRun = schema.table('pipeline_run', {
  id: text('id').primaryKey(),
  ...ownership,
  zone: text('zone').notNull(),
  pipelineId: text('pipeline_id').notNull(),
  pipelineName: text('pipeline_name').notNull(),
  pipelineVersion: integer('pipeline_version').notNull(),
  idempotencyKey: text('idempotency_key').notNull(),
  parameters: jsonb('parameters').$type<Values>().notNull(),
  caching: boolean('caching').notNull(),
  priority: integer('priority').notNull(),
  triggerKind: text('trigger_kind').$type<'REQUEST' | 'SCHEDULE' | 'EVENT'>().notNull(),
  triggerId: text('trigger_id'),
  event: jsonb('event').$type<Values>(),
  requesterIds: text('requester_ids').array().notNull(),
  state: text('state').$type<PipelineRunState>().notNull(),
  error: jsonb('error').$type<StoredError>(),
  cancelReason: text('cancel_reason'),
  startedAt: instant('started_at'),
  finishedAt: instant('finished_at'),
});

export const pipelineStage = schema.table('pipeline_stage', {
  id: text('id').primaryKey(),
  workspaceId: text('workspace_id').notNull(),
  zone: text('zone').notNull(),
  runId: text('run_id').notNull(),
  position: integer('position').notNull(),
  name: text('name').notNull(),
  type: text('type').$type<StageType>().notNull(),
  needs: text('needs').array().notNull(),
  state: text('state').$type<StageState>().notNull(),
  attempts: integer('attempts').notNull().default(0),
  inputs: jsonb('inputs').$type<Values>(),
  outputs: jsonb('outputs').$type<Values>(),
  error: jsonb('error').$type<StoredError>(),
  logTail: text('log_tail').notNull().default(''),
  cacheKey: text('cache_key'),
  cachedFrom: text('cached_from'),
  trainingRunId: text('training_run_id'),
  approverRole: text('approver_role'),
  question: text('question'),
  startedAt: instant('started_at'),
  finishedAt: instant('finished_at'),
  createdAt,
});

export const pipelineDecision = schema.table('pipeline_decision', {
  id: text('id').primaryKey(),
  ...ownership,
  zone: text('zone').notNull(),
  stageId: text('stage_id').notNull(),
  approved: boolean('approved').notNull(),
  role: text('role').notNull(),
  reason: text('reason').notNull(),
});

export const pipelineCache = schema.table(
  'pipeline_cache',
  {
    workspaceId: text('workspace_id').notNull(),
    zone: text('zone').notNull(),
    key: text('key').notNull(),
    stageId: text('stage_id').notNull(),
    outputs: jsonb('outputs').$type<Values>().notNull(),
    createdAt,
  },
  (table) => [primaryKey({ columns: [table.workspaceId, table.zone, table.key] })],
);

export const pipelineTrigger = schema.table('pipeline_trigger', {
  id: text('id').primaryKey(),
  ...ownership,
  zone: text('zone').notNull(),
  name: text('name').notNull(),
  pipelineName: text('pipeline_name').notNull(),
  cron: text('cron'),
  timeZone: text('time_zone'),
  event: text('event'),
  eventMatch: jsonb('event_match').$type<Values>().notNull().default({}),
  parameters: jsonb('parameters').$type<Values>().notNull(),
  active: boolean('active').notNull().default(true),
  lastFiredAt: instant('last_fired_at'),
  lastError: jsonb('last_error').$type<StoredError>(),
});
