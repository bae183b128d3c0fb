import { type GovernedTable, governedTable, shownColumns } from '@falaj/subgraph-kit';
import type { InferSelectModel } from 'drizzle-orm';
import { jsonb, pgSchema, text, timestamp } from 'drizzle-orm/pg-core';
import type { Comparison, Making } from '../domain/reproduce.js';

const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

export type ReproductionState = 'RUNNING' | 'REPRODUCED' | 'DIFFERS' | 'FAILED';

export const reproduction = pgSchema('experiments').table('reproduction', {
  id: text('id').primaryKey(),
  workspaceId: text('workspace_id').notNull(),
  zone: text('zone').notNull(),
  modelVersionId: text('model_version_id').notNull(),
  state: text('state').$type<ReproductionState>().notNull(),
  originalRunId: text('original_run_id').notNull(),
  runId: text('run_id').notNull(),
  trainingSetId: text('training_set_id').notNull(),
  rebuiltTrainingSetId: text('rebuilt_training_set_id').notNull(),
  expected: jsonb('expected').$type<Making>().notNull(),
  comparisons: jsonb('comparisons').$type<Comparison[]>().notNull(),
  error: text('error'),
  finishedAt: instant('finished_at'),
  ownerId: text('owner_id').notNull(),
  owner: text('owner').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
});

export type ReproductionRow = Omit<InferSelectModel<typeof reproduction>, 'workspaceId' | 'ownerId'>;

export const reproductions: GovernedTable<ReproductionRow> = governedTable({
  noun: 'Reproduction',
  table: reproduction,
  id: reproduction.id,
  createdAt: reproduction.createdAt,
  fields: shownColumns(reproduction, ['workspaceId', 'ownerId']),
  attributes: {
    workspaceId: reproduction.workspaceId,
    zone: reproduction.zone,
    state: reproduction.state,
    ownerId: reproduction.ownerId,
  },
});
