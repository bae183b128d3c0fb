// What is logged with a run. Each row bears the workspace and zone of its run, for row-level security.
import { sql } from 'drizzle-orm';
import { bigint, doublePrecision, integer, pgSchema, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';

const schema = pgSchema('experiments');
const ofRun = {
  workspaceId: text('workspace_id').notNull(),
  zone: text('zone').notNull(),
  runId: text('run_id').notNull(),
};

/** The point of the highest step of each metric; `sortable` is null for NaN, which has no order. */
export const latestMetric = schema.table(
  'latest_metric',
  {
    ...ofRun,
    key: text('key').notNull(),
    step: integer('step').notNull(),
    value: doublePrecision('value').notNull(),
    sortable: doublePrecision('sortable').generatedAlwaysAs(sql`nullif(value, 'NaN')`),
    loggedAt: timestamp('logged_at', { withTimezone: true, mode: 'date' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.key] })],
);

/** `number` is the value where its text is a number; `valueStart` its first 100 characters, which an index can hold. */
export const runParameter = schema.table(
  'run_parameter',
  {
    ...ofRun,
    key: text('key').notNull(),
    value: text('value').notNull(),
    valueStart: text('value_start').generatedAlwaysAs(sql`left(value, 100)`),
    number: doublePrecision('number'),
  },
  (table) => [primaryKey({ columns: [table.runId, table.key] })],
);

export const runTag = schema.table(
  'run_tag',
  {
    ...ofRun,
    key: text('key').notNull(),
    value: text('value').notNull(),
    valueStart: text('value_start').generatedAlwaysAs(sql`left(value, 100)`),
  },
  (table) => [primaryKey({ columns: [table.runId, table.key] })],
);

/** Training sets that a run read, with the digest that each had then. */
export const runInput = schema.table(
  'run_input',
  { ...ofRun, trainingSetId: text('training_set_id').notNull(), digest: text('digest').notNull() },
  (table) => [primaryKey({ columns: [table.runId, table.trainingSetId] })],
);

export const runArtifact = schema.table(
  'run_artifact',
  {
    ...ofRun,
    path: text('path').notNull(),
    artifactKey: text('artifact_key').notNull(),
    digest: text('digest').notNull(),
    bytes: bigint('bytes', { mode: 'number' }).notNull(),
    contentType: text('content_type').notNull(),
    loggedAt: timestamp('logged_at', { withTimezone: true, mode: 'date' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.path] })],
);
