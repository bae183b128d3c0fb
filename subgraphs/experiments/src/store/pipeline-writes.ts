// Rows of pipelines and their runs. What belongs to a running stage is written in the transaction of the journal's
// record, so a process that lost its run can save nothing.
import { publishEvent, type Tx } from '@falaj/database';
import { type Json, PlatformError, type WorkflowEnd } from '@falaj/runtime';
import { and, desc, eq, inArray, sql } from 'drizzle-orm';
import type { PipelineDefinition, Values } from '../domain/pipeline/definition.js';
import type { PipelineInput } from '../domain/pipeline/execute-pipeline.js';
import {
  type PlannedStage,
  plannedStages,
  type RunPlan,
  type StoredError,
  stateOfError,
  trainingName,
} from '../domain/pipeline/pipeline-run.js';
import { pipeline, pipelineCache, pipelineRun, pipelineStage } from './pipeline-tables.js';
import { notify } from './run-queue.js';
import { run } from './tables.js';

export const PIPELINE_CHANNEL = 'experiments_pipeline';

export const stageId = (runId: string, stage: string): string => `${runId}.${stage}`;

export async function notifyPipeline(tx: Tx, runId: string): Promise<void> {
  await tx.execute(sql`select pg_notify(${PIPELINE_CHANNEL}, ${runId})`);
}

/** The newest version of each name, or the one that is asked for. */
export async function pipelineNamed(tx: Tx, name: string, version?: number | null) {
  const [found] = await tx
    .select()
    .from(pipeline)
    .where(and(eq(pipeline.name, name), version == null ? undefined : eq(pipeline.version, version)))
    .orderBy(desc(pipeline.version))
    .limit(1);
  if (!found)
    throw new PlatformError('NOT_FOUND', `No pipeline "${name}"${version == null ? '' : ` in version ${version}`}.`, {
      details: { type: 'Pipeline' },
    });
  return found;
}

export async function insertStages(
  tx: Tx,
  owner: { readonly runId: string; readonly workspaceId: string; readonly zone: string },
  stages: readonly PlannedStage[],
): Promise<void> {
  if (stages.length === 0) return;
  await tx.insert(pipelineStage).values(
    stages.map((stage) => ({
      ...owner,
      id: stageId(owner.runId, stage.name),
      position: stage.position,
      name: stage.name,
      type: stage.type,
      needs: [...stage.dependencies],
      state: 'PENDING' as const,
    })),
  );
}

/** Marks the run as begun and reads all that it is made of. */
export async function beginRun(tx: Tx, runId: string): Promise<RunPlan> {
  const [begun] = await tx
    .update(pipelineRun)
    .set({ state: 'RUNNING', startedAt: sql`coalesce(${pipelineRun.startedAt}, clock_timestamp())` })
    .where(eq(pipelineRun.id, runId))
    .returning();
  if (!begun) throw new PlatformError('NOT_FOUND', 'Pipeline run not found.', { details: { type: 'PipelineRun' } });
  const [made] = await tx.select().from(pipeline).where(eq(pipeline.id, begun.pipelineId));
  await notifyPipeline(tx, runId);
  return {
    runId,
    workspaceId: begun.workspaceId,
    zone: begun.zone,
    pipeline: begun.pipelineName,
    version: begun.pipelineVersion,
    principalId: begun.ownerId,
    parameters: begun.parameters,
    stages: plannedStages(made?.definition as PipelineDefinition, begun.caching),
  };
}

type StageChange = Partial<typeof pipelineStage.$inferInsert>;

/** Saves the stage, and with it whether the run does anything but wait for a person. */
async function changeStage(tx: Tx, runId: string, stage: string, change: StageChange): Promise<void> {
  await tx
    .update(pipelineStage)
    .set(change)
    .where(and(eq(pipelineStage.runId, runId), eq(pipelineStage.name, stage)));
  await tx
    .update(pipelineRun)
    .set({
      state: sql`case when exists (select from ${pipelineStage} s where s.run_id = ${runId} and s.state = 'WAITING')
        and not exists (select from ${pipelineStage} s where s.run_id = ${runId} and s.state = 'RUNNING')
        then 'WAITING' else 'RUNNING' end`,
    })
    .where(eq(pipelineRun.id, runId));
  await notifyPipeline(tx, runId);
}

const now = () => sql`clock_timestamp()` as unknown as Date;

export const beginStage = (tx: Tx, { runId }: RunPlan, stage: string, inputs: Values): Promise<void> =>
  changeStage(tx, runId, stage, { state: 'RUNNING', inputs, startedAt: now() });

export const askForDecision = (tx: Tx, { runId }: RunPlan, stage: string, inputs: Values): Promise<void> =>
  changeStage(tx, runId, stage, {
    state: 'WAITING',
    inputs,
    attempts: 1,
    approverRole: inputs.role as string,
    question: (inputs.question as string | undefined) ?? '',
    startedAt: now(),
  });

export async function finishStage(
  tx: Tx,
  { runId, workspaceId, zone }: RunPlan,
  stage: string,
  result: { readonly outputs: Values; readonly cacheKey: string | null; readonly cachedFrom: string | null },
): Promise<void> {
  const { outputs, cacheKey, cachedFrom } = result;
  await changeStage(tx, runId, stage, {
    state: cachedFrom === null ? 'SUCCEEDED' : 'CACHED',
    outputs,
    cacheKey,
    cachedFrom,
    finishedAt: now(),
    ...(cachedFrom === null ? {} : { startedAt: now() }),
  });
  if (cacheKey === null || cachedFrom !== null) return;
  const entry = { workspaceId, zone, key: cacheKey, stageId: stageId(runId, stage), outputs };
  await tx
    .insert(pipelineCache)
    .values(entry)
    .onConflictDoUpdate({
      target: [pipelineCache.workspaceId, pipelineCache.zone, pipelineCache.key],
      set: { stageId: entry.stageId, outputs, createdAt: now() },
    });
}

export const failStage = (tx: Tx, { runId }: RunPlan, stage: string, error: StoredError): Promise<void> =>
  changeStage(tx, runId, stage, { state: stateOfError(error), error, finishedAt: now() });

export const RUN_ENDED_TOPIC = 'experiments.pipeline-run-ended';

/** Mirrors the end of the workflow; a training that nobody waits for any more is asked to stop. */
export async function endRun(tx: Tx, end: WorkflowEnd<PipelineInput, Json>): Promise<void> {
  const { runId } = end.input;
  const open = await tx.select().from(pipelineStage).where(eq(pipelineStage.runId, runId));
  const failed = open.filter(({ error }) => error !== null).sort((a, b) => a.position - b.position)[0];
  const error: StoredError | null =
    failed?.error ?? (end.error ? { code: end.error.code, message: 'The run failed.' } : null);
  const state = end.state === 'FAILED' ? (error ? stateOfError(error) : 'FAILED') : end.state;
  const [ended] = await tx
    .update(pipelineRun)
    .set({
      state,
      error: end.state === 'SUCCEEDED' ? null : error,
      cancelReason: end.reason ?? null,
      finishedAt: now(),
    })
    .where(eq(pipelineRun.id, runId))
    .returning({ pipeline: pipelineRun.pipelineName });
  const change = (from: ('PENDING' | 'RUNNING' | 'WAITING')[], to: 'SKIPPED' | 'CANCELLED', more: StageChange = {}) =>
    tx
      .update(pipelineStage)
      .set({ state: to, ...more })
      .where(and(eq(pipelineStage.runId, runId), inArray(pipelineStage.state, from)));
  await change(['PENDING'], 'SKIPPED');
  await change(['RUNNING', 'WAITING'], 'CANCELLED', { finishedAt: now() });
  const trainings = open
    .filter(({ type }) => type === 'TRAIN')
    .map(({ name }) => trainingName({ pipeline: ended?.pipeline ?? '', runId }, name));
  if (end.state !== 'SUCCEEDED' && trainings.length > 0) {
    const asked = await tx
      .update(run)
      .set({ cancelRequested: true })
      .where(and(inArray(run.name, trainings), inArray(run.state, ['QUEUED', 'RUNNING'])))
      .returning({ id: run.id });
    for (const { id } of asked) await notify(tx, id);
  }
  await publishEvent(tx, {
    topic: RUN_ENDED_TOPIC,
    key: runId,
    payload: { runId, state, pipeline: ended?.pipeline ?? '' },
  });
  await notifyPipeline(tx, runId);
}
