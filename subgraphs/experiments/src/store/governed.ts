import { type GovernedTable, governedTable } from '@falaj/subgraph-kit';
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
  fields: {
    id: experiment.id,
    name: experiment.name,
    description: experiment.description,
    ownerId: experiment.ownerId,
    owner: experiment.owner,
    createdAt: experiment.createdAt,
  },
  attributes: { workspaceId: experiment.workspaceId, name: experiment.name, ownerId: experiment.ownerId },
});

export const runs: GovernedTable<RunRow> = governedTable({
  noun: 'Run',
  table: run,
  id: run.id,
  createdAt: run.createdAt,
  fields: {
    id: run.id,
    experimentId: run.experimentId,
    name: run.name,
    state: run.state,
    trainer: run.trainer,
    request: run.request,
    trainingSetId: run.trainingSetId,
    trainingSet: run.trainingSet,
    trainingSetDigest: run.trainingSetDigest,
    allowedZones: run.allowedZones,
    categories: run.categories,
    seed: run.seed,
    step: run.step,
    totalSteps: run.totalSteps,
    result: run.result,
    evaluation: run.evaluation,
    parity: run.parity,
    environment: run.environment,
    codeReference: run.codeReference,
    modelArtifactKey: run.modelArtifactKey,
    modelDigest: run.modelDigest,
    error: run.error,
    startedAt: run.startedAt,
    finishedAt: run.finishedAt,
    zone: run.zone,
    ownerId: run.ownerId,
    owner: run.owner,
    createdAt: run.createdAt,
  },
  attributes: {
    workspaceId: run.workspaceId,
    zone: run.zone,
    experimentId: run.experimentId,
    state: run.state,
    trainer: run.trainer,
    ownerId: run.ownerId,
  },
});
