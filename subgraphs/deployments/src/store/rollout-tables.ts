import { bigint, boolean, doublePrecision, integer, jsonb, pgSchema, text, timestamp } from 'drizzle-orm/pg-core';
import type { AbTestDesign } from '../domain/ab-test/design.js';
import type { AbTestResult } from '../domain/ab-test/result.js';
import type { Variant } from '../domain/rollout/assignment.js';
import type { CanaryEvidence, CanaryPlan } from '../domain/rollout/canary.js';
import type { Sketch } from '../domain/rollout/sketch.js';

const schema = pgSchema('deployments');
const moment = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });
const place = {
  workspaceId: text('workspace_id').notNull(),
  zone: text('zone').notNull(),
};
const ownership = {
  ...place,
  ownerId: text('owner_id').notNull(),
  owner: text('owner').notNull(),
  createdAt: moment('created_at').notNull().defaultNow(),
};

export type ActivationCause = 'DEPLOYED' | 'ROLLED_BACK' | 'PROMOTED';

export const revisionActivation = schema.table('revision_activation', {
  id: text('id').primaryKey(),
  position: bigint('position', { mode: 'number' }).generatedAlwaysAsIdentity(),
  ...place,
  endpointId: text('endpoint_id').notNull(),
  revision: integer('revision').notNull(),
  cause: text('cause').$type<ActivationCause>().notNull(),
  actorId: text('actor_id').notNull(),
  at: moment('at').notNull().defaultNow(),
});

export type SplitKind = 'MANUAL' | 'ROLLOUT' | 'AB_TEST';

export const trafficSplit = schema.table('traffic_split', {
  id: text('id').primaryKey(),
  ...ownership,
  endpointId: text('endpoint_id').notNull(),
  kind: text('kind').$type<SplitKind>().notNull(),
  studyId: text('study_id'),
  salt: text('salt').notNull(),
  variants: jsonb('variants').$type<Variant[]>().notNull(),
  exposureKey: text('exposure_key'),
});

export type RolloutState = 'RUNNING' | 'PROMOTED' | 'ROLLED_BACK';

export const rollout = schema.table('rollout', {
  id: text('id').primaryKey(),
  ...ownership,
  endpointId: text('endpoint_id').notNull(),
  candidateRevision: integer('candidate_revision').notNull(),
  baselineRevision: integer('baseline_revision').notNull(),
  state: text('state').$type<RolloutState>().notNull(),
  plan: jsonb('plan').$type<CanaryPlan>().notNull(),
  step: integer('step').notNull().default(0),
  stepStartedAt: moment('step_started_at').notNull().defaultNow(),
  reason: text('reason').notNull(),
  evidence: jsonb('evidence').$type<CanaryEvidence[]>().notNull().default([]),
  decidedAt: moment('decided_at'),
  /** Rolled back by the platform itself, which opens an incident. */
  incidentDue: boolean('incident_due').notNull().default(false),
  incidentId: text('incident_id'),
  leaseOwner: text('lease_owner'),
  leaseUntil: moment('lease_until'),
});

export const inferenceWindow = schema.table('inference_window', {
  ...place,
  endpointId: text('endpoint_id').notNull(),
  revision: integer('revision').notNull(),
  beganAt: moment('began_at').notNull(),
  process: text('process').notNull(),
  requests: integer('requests').notNull(),
  errors: integer('errors').notNull(),
  latency: jsonb('latency').$type<Sketch>().notNull(),
  scores: jsonb('scores').$type<Sketch>().notNull(),
});

export const shadow = schema.table('shadow', {
  id: text('id').primaryKey(),
  ...ownership,
  endpointId: text('endpoint_id').notNull(),
  revision: integer('revision').notNull(),
  sampleRate: integer('sample_rate').notNull(),
  threshold: doublePrecision('threshold').notNull(),
  state: text('state').$type<'ACTIVE' | 'STOPPED'>().notNull(),
  stoppedAt: moment('stopped_at'),
});

export const shadowWindow = schema.table('shadow_window', {
  ...place,
  shadowId: text('shadow_id').notNull(),
  beganAt: moment('began_at').notNull(),
  process: text('process').notNull(),
  compared: integer('compared').notNull(),
  failed: integer('failed').notNull(),
  dropped: integer('dropped').notNull(),
  comparedRows: integer('compared_rows').notNull(),
  disagreed: integer('disagreed').notNull(),
  deltas: jsonb('deltas').$type<Sketch>().notNull(),
  answerLatency: jsonb('answer_latency').$type<Sketch>().notNull(),
  shadowLatency: jsonb('shadow_latency').$type<Sketch>().notNull(),
  deltaSum: doublePrecision('delta_sum').notNull(),
  answerLatencySum: doublePrecision('answer_latency_sum').notNull(),
  shadowLatencySum: doublePrecision('shadow_latency_sum').notNull(),
});

export const abTest = schema.table('ab_test', {
  id: text('id').primaryKey(),
  ...ownership,
  endpointId: text('endpoint_id').notNull(),
  name: text('name').notNull(),
  state: text('state').$type<'RUNNING' | 'STOPPED'>().notNull(),
  design: jsonb('design').$type<AbTestDesign>().notNull(),
  decision: text('decision'),
  stopReason: text('stop_reason'),
  result: jsonb('result').$type<AbTestResult>(),
  stoppedAt: moment('stopped_at'),
});
