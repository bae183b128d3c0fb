import { type GovernedTable, governedTable, shownColumns } from '@falaj/subgraph-kit';
import type { InferSelectModel } from 'drizzle-orm';
import { experiment, run } from './tables.js';

export type ExperimentRow = Omit<InferSelectModel<typeof experiment>, 'workspaceId'>;
export type RunRow = Omit<
  InferSelectModel<typeof run>,
  'workspaceId' | 'leaseOwner' | 'leaseUntil' | 'attempt' | 'cancelRequested'
>;

export const experiments: GovernedTable<ExperimentRow> = governedTable({
  noun: 'Experiment',
  table: experiment,
  id: experiment.id,
  createdAt: experiment.createdAt,
  fields: shownColumns(experiment, ['workspaceId']),
  attributes: { workspaceId: experiment.workspaceId, name: experiment.name, ownerId: experiment.ownerId },
  relations: {
    runs: {
      to: () => runs,
      on: [
        [experiment.workspaceId, run.workspaceId],
        [experiment.id, run.experimentId],
      ],
    },
  },
});

export const runs: GovernedTable<RunRow> = governedTable({
  noun: 'Run',
  table: run,
  id: run.id,
  createdAt: run.createdAt,
  fields: shownColumns(run, ['workspaceId', 'leaseOwner', 'leaseUntil', 'attempt', 'cancelRequested']),
  attributes: {
    id: run.id,
    workspaceId: run.workspaceId,
    zone: run.zone,
    experimentId: run.experimentId,
    state: run.state,
    trainer: run.trainer,
    ownerId: run.ownerId,
  },
  relations: {
    experiment: {
      to: () => experiments,
      on: [
        [run.workspaceId, experiment.workspaceId],
        [run.experimentId, experiment.id],
      ],
    },
  },
});
