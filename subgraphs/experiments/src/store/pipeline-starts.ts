// The beginning of a run: its rows and its workflow in one transaction, once for each idempotency key.
import type { Tx } from '@falaj/database';
import { canonicalJson, PlatformError, type Principal, type WorkflowEngine } from '@falaj/runtime';
import { newId } from '@falaj/subgraph-kit';
import { eq, type InferSelectModel, sql } from 'drizzle-orm';
import type { Values } from '../domain/pipeline/definition.js';
import { PIPELINE_WORKFLOW } from '../domain/pipeline/execute-pipeline.js';
import { plannedStages } from '../domain/pipeline/pipeline-run.js';
import { runParameters } from '../domain/pipeline/run-parameters.js';
import type { pipeline } from './pipeline-tables.js';
import { pipelineRun } from './pipeline-tables.js';
import { insertStages, notifyPipeline } from './pipeline-writes.js';

export type PipelineRecord = InferSelectModel<typeof pipeline>;

export interface RunRequest {
  readonly idempotencyKey: string;
  readonly parameters: Values;
  readonly caching: boolean;
  readonly priority?: number | undefined;
  readonly zone: string;
  readonly trigger?: {
    readonly id: string;
    readonly kind: 'SCHEDULE' | 'EVENT';
    readonly event: Values | null;
    /** Who told of the event: asked for the run as much as the owner of the trigger did. */
    readonly toldBy: string | null;
  };
}

/** The new run's id, or that of the run that the key stands for. Throws CONFLICT where that one is another work. */
export async function startRun(
  tx: Tx,
  engine: WorkflowEngine<Tx>,
  principal: Principal,
  made: PipelineRecord,
  request: RunRequest,
): Promise<{ readonly id: string; readonly started: boolean }> {
  const parameters = runParameters(made.definition.parameters, request.parameters);
  const { idempotencyKey, caching, zone, trigger } = request;
  const id = newId('plr');
  const priority = request.priority ?? made.priority;
  const inserted = await tx
    .insert(pipelineRun)
    .values({
      id,
      workspaceId: principal.workspaceId,
      ownerId: principal.id,
      owner: principal.name,
      createdAt: sql`clock_timestamp()` as unknown as Date,
      zone,
      pipelineId: made.id,
      pipelineName: made.name,
      pipelineVersion: made.version,
      idempotencyKey,
      parameters,
      caching,
      priority,
      triggerKind: trigger?.kind ?? 'REQUEST',
      triggerId: trigger?.id ?? null,
      event: trigger?.event ?? null,
      requesterIds: [...new Set([principal.id, ...(trigger?.toldBy ? [trigger.toldBy] : [])])],
      state: 'QUEUED',
    })
    .onConflictDoNothing()
    .returning({ id: pipelineRun.id });
  if (inserted.length === 0) return { id: await sameRun(tx, made, request, parameters), started: false };
  const owner = { runId: id, workspaceId: principal.workspaceId, zone };
  await insertStages(tx, owner, plannedStages(made.definition, caching));
  await engine.start({
    workspaceId: principal.workspaceId,
    id,
    workflow: PIPELINE_WORKFLOW,
    input: { runId: id },
    zone,
    principalId: principal.id,
    priority,
    concurrencyKey: `pipeline ${made.name}`,
    concurrencyLimit: made.concurrency,
    transaction: tx,
  });
  await notifyPipeline(tx, id);
  return { id, started: true };
}

async function sameRun(tx: Tx, made: PipelineRecord, request: RunRequest, parameters: Values): Promise<string> {
  const [found] = await tx.select().from(pipelineRun).where(eq(pipelineRun.idempotencyKey, request.idempotencyKey));
  if (found?.pipelineName === made.name && canonicalJson(found.parameters) === canonicalJson(parameters))
    return found.id;
  throw new PlatformError(
    'CONFLICT',
    'idempotencyKey: another pipeline or other parameters were started under it; choose a new key for new work.',
    { details: { field: 'idempotencyKey' } },
  );
}
