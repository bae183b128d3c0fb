// The states of a pipeline's run and of its stages, and what a run is made of once it begins.
import type { WorkflowError } from '@falaj/runtime';
import { dependenciesOf } from './check-definition.js';
import type { PipelineDefinition, PipelineStage, Values } from './definition.js';
import { stageSpecs } from './stage-types.js';

/** `REFUSED`: a rule or a person said no. `WAITING`: nothing goes on but that a person is asked. */
export type PipelineRunState = 'QUEUED' | 'RUNNING' | 'WAITING' | 'SUCCEEDED' | 'FAILED' | 'REFUSED' | 'CANCELLED';
/** `CACHED`: an earlier result stood for a new one. `SKIPPED`: something before it did not succeed. */
export type StageState =
  | 'PENDING'
  | 'RUNNING'
  | 'WAITING'
  | 'SUCCEEDED'
  | 'CACHED'
  | 'FAILED'
  | 'REFUSED'
  | 'SKIPPED'
  | 'CANCELLED';

export const endedPipelineStates: ReadonlySet<string> = new Set(['SUCCEEDED', 'FAILED', 'REFUSED', 'CANCELLED']);

const refusals: ReadonlySet<string> = new Set([
  'STAGE_REFUSED',
  'FORBIDDEN',
  'UNAUTHENTICATED',
  'RESIDENCY_VIOLATION',
  'COMPLIANCE_FAILED',
  'BUDGET_EXCEEDED',
  'MODEL_REFUSED',
]);
/** Whether a rule said no, rather than that something broke. */
export const stateOfError = (error: Pick<WorkflowError, 'code'>): 'FAILED' | 'REFUSED' =>
  refusals.has(error.code) ? 'REFUSED' : 'FAILED';

/** Why a stage or a run did not succeed, as it is stored and shown. */
export interface StoredError {
  readonly code: string;
  readonly message: string;
  readonly stage?: string;
  readonly details?: { readonly [key: string]: unknown };
}

export interface PlannedStage extends PipelineStage {
  readonly position: number;
  readonly dependencies: readonly string[];
  readonly cached: boolean;
}

/** Everything that a run needs to know of itself; journalled as it begins. */
export interface RunPlan {
  readonly runId: string;
  readonly workspaceId: string;
  readonly zone: string;
  readonly pipeline: string;
  readonly version: number;
  readonly principalId: string;
  readonly parameters: Values;
  readonly stages: readonly PlannedStage[];
}

/** The stages in an order in which every stage comes after what it needs; the graph has no cycle. */
export function plannedStages(definition: PipelineDefinition, caching: boolean): PlannedStage[] {
  const left: PlannedStage[] = definition.stages.map((stage, position) => ({
    ...stage,
    position,
    dependencies: dependenciesOf(stage),
    cached: caching && (stage.cache ?? stageSpecs[stage.type].cached),
  }));
  const order: PlannedStage[] = [];
  const placed = new Set<string>();
  while (left.length > 0) {
    const next = left.findIndex((stage) => stage.dependencies.every((name) => placed.has(name)));
    if (next < 0) throw new Error('The stages wait for each other.');
    const [stage] = left.splice(next, 1) as unknown as [PlannedStage];
    placed.add(stage.name);
    order.push(stage);
  }
  return order;
}

/** Keys of everything that a run journals about a stage: forgotten when the stage is to run anew. */
export const journalKeys = (stage: string): { steps: string[]; signals: string[] } => ({
  steps: ['begin', 'cache', 'run', 'done', 'failed', 'ask'].map((part) => `${part}:${stage}`),
  signals: [decisionSignal(stage)],
});

export const decisionSignal = (stage: string): string => `decision:${stage}`;

/** What a person decided about an APPROVE stage. */
export interface Decision {
  readonly approved: boolean;
  readonly role: string;
  readonly reason: string;
  readonly principalId: string;
}

/** Name of the training that a stage starts: an attempt after a crash finds it by that, and so does a cancellation. */
export const trainingName = (run: { readonly pipeline: string; readonly runId: string }, stage: string): string =>
  `${run.pipeline} ${stage} ${run.runId}`;
