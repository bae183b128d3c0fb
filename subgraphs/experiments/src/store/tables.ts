import type { Principal } from '@falaj/runtime';
import {
  bigint,
  boolean,
  doublePrecision,
  integer,
  jsonb,
  pgSchema,
  primaryKey,
  text,
  timestamp,
} from 'drizzle-orm/pg-core';
import type { Evaluation } from '../domain/evaluation.js';
import type { RunResult } from '../domain/run.js';
import type { ParityEvidence, TrainingRunRequest, TrainingSetFacts } from '../domain/training-run.js';

const schema = pgSchema('experiments');
const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });
const ownership = {
  workspaceId: text('workspace_id').notNull(),
  ownerId: text('owner_id').notNull(),
  owner: text('owner').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
};

export type RunState = 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED';

/** TRAINING: the platform's own, with trainer, request and training set; LOGGED: a user's, who has none of them. */
export type RunKind = 'TRAINING' | 'LOGGED';

export const experiment = schema.table('experiment', {
  id: text('id').primaryKey(),
  ...ownership,
  name: text('name').notNull(),
  description: text('description').notNull(),
});

export const run = schema.table('run', {
  id: text('id').primaryKey(),
  ...ownership,
  zone: text('zone').notNull(),
  experimentId: text('experiment_id').notNull(),
  kind: text('kind').$type<RunKind>().notNull().default('TRAINING'),
  name: text('name').notNull(),
  state: text('state').$type<RunState>().notNull(),
  trainer: text('trainer'),
  request: jsonb('request').$type<TrainingRunRequest & { readonly principal: Principal }>(),
  trainingSetId: text('training_set_id'),
  trainingSet: jsonb('training_set').$type<TrainingSetFacts>(),
  trainingSetDigest: text('training_set_digest'),
  allowedZones: text('allowed_zones').array().notNull(),
  categories: text('categories').array().notNull(),
  seed: integer('seed'),
  step: integer('step').notNull().default(0),
  totalSteps: integer('total_steps').notNull().default(0),
  result: jsonb('result').$type<RunResult>(),
  evaluation: jsonb('evaluation').$type<Evaluation>(),
  parity: jsonb('parity').$type<ParityEvidence>(),
  environment: jsonb('environment').$type<Record<string, unknown>>(),
  codeReference: text('code_reference'),
  modelArtifactKey: text('model_artifact_key'),
  modelDigest: text('model_digest'),
  error: text('error'),
  startedAt: instant('started_at'),
  finishedAt: instant('finished_at'),
  archivedAt: instant('archived_at'),
  /** Counts what was logged, so that followers see a change. */
  revision: bigint('revision', { mode: 'number' }).notNull().default(0),
  attempt: integer('attempt').notNull().default(0),
  cancelRequested: boolean('cancel_requested').notNull().default(false),
  leaseOwner: text('lease_owner'),
  leaseUntil: instant('lease_until'),
  transferInstruments: text('transfer_instruments').array().notNull().default([]),
  permittedUntil: instant('permitted_until'),
});

export const metricPoint = schema.table(
  'metric_point',
  {
    workspaceId: text('workspace_id').notNull(),
    runId: text('run_id').notNull(),
    key: text('key').notNull(),
    step: integer('step').notNull(),
    value: doublePrecision('value').notNull(),
    loggedAt: instant('logged_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.key, table.step] })],
);
