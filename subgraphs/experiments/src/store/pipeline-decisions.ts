// What people decide about runs: approvals, rejections, resumptions.
import type { Tx } from '@falaj/database';
import { principalsOfPersons } from '@falaj/identity';
import { requireIndependent } from '@falaj/policy';
import { canonicalJson, PlatformError, type Principal, refused, type WorkflowEngine } from '@falaj/runtime';
import { newId } from '@falaj/subgraph-kit';
import { and, eq, notInArray, sql } from 'drizzle-orm';
import type { PipelineStage } from '../domain/pipeline/definition.js';
import { type Decision, decisionSignal, journalKeys, plannedStages } from '../domain/pipeline/pipeline-run.js';
import { pipeline, pipelineDecision, pipelineRun, pipelineStage } from './pipeline-tables.js';
import { insertStages, notifyPipeline, pipelineNamed } from './pipeline-writes.js';

export interface DecisionRequest {
  readonly runId: string;
  readonly stage: string;
  readonly role: string;
  readonly reason: string;
}

const notWaiting = (stage: string, found: string): PlatformError =>
  refused(
    {
      rule: 'DECIDE_WHAT_WAITS',
      found: `stage ${stage}: ${found}`,
      limit: 'a stage that is WAITING',
      whatToDo: 'look at the run: pipelineRun { stages { name state } }',
    },
    'PRECONDITION_FAILED',
    { stage, state: found },
  );

/** Records the decision and wakes the run. Throws PRECONDITION_FAILED and FORBIDDEN with the rule. */
export async function decideStage(
  tx: Tx,
  engine: WorkflowEngine<Tx>,
  principal: Principal,
  request: DecisionRequest,
  approved: boolean,
): Promise<void> {
  const { runId, stage, role, reason } = request;
  const run = await lockedRun(tx, runId);
  const [asked] = await tx
    .select()
    .from(pipelineStage)
    .where(and(eq(pipelineStage.runId, runId), eq(pipelineStage.name, stage)));
  if (!asked)
    throw new PlatformError('NOT_FOUND', `The run has no stage "${stage}".`, { details: { type: 'PipelineStage' } });
  if (asked.state !== 'WAITING') throw notWaiting(stage, asked.state);
  requireIndependent(principal, {
    role,
    accepted: [asked.approverRole ?? ''],
    involved: await principalsOfPersons(tx, run.requesterIds),
    involvedAs: 'somebody who asked for this run',
    askedBy: 'the stage',
  });
  const decision: Decision = { approved, role, reason, principalId: principal.id };
  const { delivered } = await engine.signal(
    { workspaceId: run.workspaceId, id: runId },
    decisionSignal(stage),
    { ...decision },
    tx,
  );
  if (!delivered) throw notWaiting(stage, 'decided already');
  await tx.insert(pipelineDecision).values({
    id: newId('pld'),
    workspaceId: run.workspaceId,
    zone: run.zone,
    stageId: asked.id,
    approved,
    role,
    reason,
    ownerId: principal.id,
    owner: principal.name,
  });
  await notifyPipeline(tx, runId);
}

async function lockedRun(tx: Tx, runId: string) {
  const [run] = await tx.select().from(pipelineRun).where(eq(pipelineRun.id, runId)).for('update');
  if (!run) throw new PlatformError('NOT_FOUND', 'Pipeline run not found.', { details: { type: 'PipelineRun' } });
  return run;
}

const DONE = ['SUCCEEDED', 'CACHED'] as const;

/** Goes on with a run that ended without success; who resumes it has asked for it too. */
export async function resumeRun(
  tx: Tx,
  engine: WorkflowEngine<Tx>,
  principal: Principal,
  { runId, version }: { readonly runId: string; readonly version?: number | null | undefined },
): Promise<void> {
  const run = await lockedRun(tx, runId);
  const stages = await tx.select().from(pipelineStage).where(eq(pipelineStage.runId, runId));
  const done = stages.filter(({ state }) => DONE.includes(state as 'SUCCEEDED')).map(({ name }) => name);
  const [current] = await tx.select().from(pipeline).where(eq(pipeline.id, run.pipelineId));
  const wanted = version == null ? current : await pipelineNamed(tx, run.pipelineName, version);
  if (!current || !wanted)
    throw new PlatformError('NOT_FOUND', 'Pipeline not found.', { details: { type: 'Pipeline' } });
  requireSameDone(current.definition.stages, wanted.definition.stages, done);

  const again = [
    ...new Set([...stages.map(({ name }) => name), ...wanted.definition.stages.map(({ name }) => name)]),
  ].filter((name) => !done.includes(name));
  const keys = again.map(journalKeys);
  await engine.retry({ workspaceId: run.workspaceId, id: runId }, tx, {
    steps: ['plan', ...keys.flatMap(({ steps }) => steps)],
    signals: keys.flatMap(({ signals }) => signals),
  });
  await tx.delete(pipelineStage).where(and(eq(pipelineStage.runId, runId), notInArray(pipelineStage.state, [...DONE])));
  const owner = { runId, workspaceId: run.workspaceId, zone: run.zone };
  const planned = plannedStages(wanted.definition, run.caching);
  await insertStages(
    tx,
    owner,
    planned.filter(({ name }) => !done.includes(name)),
  );
  for (const { name, position } of planned.filter((stage) => done.includes(stage.name)))
    await tx
      .update(pipelineStage)
      .set({ position })
      .where(and(eq(pipelineStage.runId, runId), eq(pipelineStage.name, name)));
  await tx
    .update(pipelineRun)
    .set({
      state: 'QUEUED',
      pipelineId: wanted.id,
      pipelineVersion: wanted.version,
      error: null,
      cancelReason: null,
      finishedAt: null,
      requesterIds: [...new Set([...run.requesterIds, principal.id])],
    })
    .where(eq(pipelineRun.id, runId));
  await notifyPipeline(tx, runId);
}

/** A result counts as that of a stage only while the stage is the same. */
function requireSameDone(
  before: readonly PipelineStage[],
  after: readonly PipelineStage[],
  done: readonly string[],
): void {
  const meaning = (stages: readonly PipelineStage[], name: string) => {
    const stage = stages.find((one) => one.name === name);
    return stage && canonicalJson([stage.type, stage.needs, stage.parameters]);
  };
  const changed = done.filter((name) => meaning(before, name) !== meaning(after, name));
  if (changed.length === 0) return;
  throw refused(
    {
      rule: 'RESUME_KEEPS_WHAT_IS_DONE',
      found: `finished stages that differ in that version: ${changed.join(', ')}`,
      limit: 'a version in which they are the same',
      whatToDo: 'start a new run; the cache keeps what is the same',
    },
    'PRECONDITION_FAILED',
    { stages: changed },
  );
}

/** Asks the run to end. Throws PRECONDITION_FAILED where it has ended. */
export async function cancelRun(tx: Tx, engine: WorkflowEngine<Tx>, runId: string, reason: string): Promise<void> {
  const run = await lockedRun(tx, runId);
  const { cancelled } = await engine.cancel({ workspaceId: run.workspaceId, id: runId }, reason, tx);
  if (!cancelled)
    throw refused(
      {
        rule: 'CANCEL_WHAT_RUNS',
        found: `a run that is ${run.state}`,
        limit: 'one that has not ended',
        whatToDo: 'leave it; what it made is undone by the mutations of its parts',
      },
      'PRECONDITION_FAILED',
      { state: run.state },
    );
  await tx
    .update(pipelineRun)
    .set({ cancelReason: sql`coalesce(${pipelineRun.cancelReason}, ${reason})` })
    .where(eq(pipelineRun.id, runId));
  await notifyPipeline(tx, runId);
}
