// What callers do to runs, in whichever transaction they are in.
import { clientOf, type Tx } from '@falaj/database';
import {
  type Json,
  PlatformError,
  refused,
  type StartWorkflow,
  type WorkflowLogLine,
  type WorkflowRef,
  type WorkflowStatus,
  type WorkflowStep,
} from '@falaj/runtime';
import { endRun } from './journal.js';
import { notify } from './notices.js';
import { type RunRecord, type StepRecord, toJson } from './run-record.js';

const ENDED = new Set(['SUCCEEDED', 'FAILED', 'CANCELLED']);

const refuse = (message: string): never => {
  throw new PlatformError('BAD_USER_INPUT', message);
};

/** True where the run is new; false where it was there. CONFLICT where the id is another workflow's, or cannot be seen. */
export async function insertRun<Input>(tx: Tx, request: StartWorkflow<Input, Tx>): Promise<boolean> {
  const { workspaceId, id, workflow, priority = 0, concurrencyLimit = 1 } = request;
  if (id === '' || id.length > 200) refuse(`A run's id has 1 to 200 characters; found ${id.length}.`);
  if (!Number.isInteger(priority) || Math.abs(priority) > 1000)
    refuse(`A priority is a whole number from -1000 to 1000; found ${priority}.`);
  if (!Number.isInteger(concurrencyLimit) || concurrencyLimit < 1)
    refuse(`A concurrency limit is a whole number of 1 or more; found ${concurrencyLimit}.`);
  const inserted = await clientOf(tx).query(
    `insert into workflows.run (workspace_id, zone, id, workflow, version, principal_id, input, priority, concurrency_key,
       concurrency_limit, wake_at)
     values ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9, $10, coalesce($11, now()))
     on conflict (workspace_id, id) do nothing`,
    [
      workspaceId,
      request.zone,
      id,
      workflow.name,
      workflow.version,
      request.principalId,
      toJson(request.input, 'The input of a run'),
      priority,
      request.concurrencyKey ?? null,
      concurrencyLimit,
      request.startAt ?? null,
    ],
  );
  if (inserted.rowCount) {
    await notify(tx, 'ready', request);
    return true;
  }
  const { rows } = await clientOf(tx).query<{ workflow: string }>(
    'select workflow from workflows.run where workspace_id = $1 and id = $2',
    [workspaceId, id],
  );
  if (rows[0]?.workflow !== workflow.name)
    throw new PlatformError('CONFLICT', `The id "${id}" is taken by a run of another workflow; choose another.`);
  return false;
}

/** The run, locked until the transaction ends. NOT_FOUND. */
async function lockRun(tx: Tx, ref: WorkflowRef): Promise<RunRecord> {
  const { rows } = await clientOf(tx).query<RunRecord>(
    'select * from workflows.run where workspace_id = $1 and id = $2 for update',
    [ref.workspaceId, ref.id],
  );
  return rows[0] ?? missing(ref);
}

const missing = ({ id }: WorkflowRef): never => {
  throw new PlatformError('NOT_FOUND', `No workflow run has the id "${id}".`);
};

export async function saveSignal(tx: Tx, ref: WorkflowRef, name: string, payload: Json): Promise<boolean> {
  const run = await lockRun(tx, ref);
  if (ENDED.has(run.state)) return false;
  const saved = await clientOf(tx).query(
    `insert into workflows.step (workspace_id, zone, run_id, kind, key, state, output, ended_at)
     values ($1, $2, $3, 'SIGNAL', $4, 'SUCCEEDED', $5::jsonb, clock_timestamp()) on conflict do nothing`,
    [ref.workspaceId, run.zone, ref.id, name, toJson(payload, `The payload of signal "${name}"`)],
  );
  if (!saved.rowCount) return false;
  if (run.state === 'WAITING' && run.waiting_for.includes(name)) await makeReady(tx, ref);
  // A dispatcher that looked meanwhile has passed the locked run over.
  else await notify(tx, run.state === 'RUNNING' ? 'wake' : 'ready', ref);
  return true;
}

async function makeReady(tx: Tx, ref: WorkflowRef): Promise<void> {
  await clientOf(tx).query(
    `update workflows.run set state = 'QUEUED', wake_at = now(), waiting_for = '{}' where workspace_id = $1 and id = $2`,
    [ref.workspaceId, ref.id],
  );
  await notify(tx, 'ready', ref);
}

/** Ends at once what no process holds, if the hook is known here; else asks the holder, or the next one, to end it. */
export async function requestCancel(
  tx: Tx,
  ref: WorkflowRef,
  reason: string,
  hookOf: (run: RunRecord) => ((tx: Tx, run: RunRecord) => Promise<void>) | undefined,
): Promise<boolean> {
  const run = await lockRun(tx, ref);
  if (ENDED.has(run.state)) return false;
  await clientOf(tx).query(
    'update workflows.run set cancel_reason = coalesce(cancel_reason, $3) where workspace_id = $1 and id = $2',
    [ref.workspaceId, ref.id, reason],
  );
  const hook = hookOf(run);
  if (run.state === 'RUNNING') await notify(tx, 'wake', ref);
  else if (hook) await endRun(tx, run, { state: 'CANCELLED', output: 'null', error: null }, hook);
  else await makeReady(tx, ref);
  return true;
}

export async function reopen(
  tx: Tx,
  ref: WorkflowRef,
  forget: { readonly steps?: readonly string[]; readonly signals?: readonly string[] } = {},
): Promise<void> {
  const run = await lockRun(tx, ref);
  if (run.state !== 'FAILED' && run.state !== 'CANCELLED')
    throw refused({
      rule: 'RESUME_WHAT_HAS_FAILED',
      found: `run ${ref.id}, which is ${run.state}`,
      limit: 'FAILED or CANCELLED',
      whatToDo: run.state === 'SUCCEEDED' ? 'start another run' : 'wait for its end, or cancel it first',
    });
  await clientOf(tx).query(
    `delete from workflows.step where workspace_id = $1 and run_id = $2 and (state in ('FAILED', 'ABORTED')
       or (kind <> 'SIGNAL' and key = any($3)) or (kind = 'SIGNAL' and key = any($4)))`,
    [ref.workspaceId, ref.id, forget.steps ?? [], forget.signals ?? []],
  );
  await clientOf(tx).query(
    `update workflows.run set cancel_reason = null, error = null, output = null, ended_at = null, fruitless_claims = 0
     where workspace_id = $1 and id = $2`,
    [ref.workspaceId, ref.id],
  );
  await makeReady(tx, ref);
}

export async function readStatus(tx: Tx, ref: WorkflowRef): Promise<WorkflowStatus> {
  const runs = await clientOf(tx).query<RunRecord>('select * from workflows.run where workspace_id = $1 and id = $2', [
    ref.workspaceId,
    ref.id,
  ]);
  const run = runs.rows[0] ?? missing(ref);
  const steps = await clientOf(tx).query<StepRecord>(
    'select * from workflows.step where workspace_id = $1 and run_id = $2 order by position',
    [ref.workspaceId, ref.id],
  );
  return {
    workspaceId: run.workspace_id,
    id: run.id,
    workflow: run.workflow,
    version: run.version,
    zone: run.zone,
    principalId: run.principal_id,
    state: run.state,
    input: run.input,
    output: run.output,
    error: run.error,
    progress: run.progress,
    priority: run.priority,
    cancelReason: run.cancel_reason,
    waitingFor: run.waiting_for,
    claims: run.fence,
    holder: run.holder,
    createdAt: run.created_at,
    startedAt: run.started_at,
    endedAt: run.ended_at,
    steps: steps.rows.map(toStep),
  };
}

function toStep(row: StepRecord): WorkflowStep {
  const asleep = row.kind === 'SLEEP' && row.ended_at !== null && row.ended_at.getTime() > Date.now();
  return {
    key: row.key,
    kind: row.kind,
    state: asleep ? 'RUNNING' : row.state,
    attempts: row.attempts,
    startedAt: row.started_at,
    endedAt: row.state === 'RUNNING' || asleep ? null : row.ended_at,
    output: row.output,
    error: row.error,
  };
}

export async function readLogs(
  tx: Tx,
  ref: WorkflowRef,
  { after = 0, limit = 1000 }: { after?: number; limit?: number } = {},
): Promise<WorkflowLogLine[]> {
  const { rows } = await clientOf(tx).query<WorkflowLogLine>(
    `select at, step, message, facts, position from workflows.log
     where workspace_id = $1 and run_id = $2 and position > $3 order by position limit $4`,
    [ref.workspaceId, ref.id, after, Math.min(Math.max(1, limit), 10_000)],
  );
  return rows;
}
