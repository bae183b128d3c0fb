// The worker of one process: dispatches what is ready, takes up as many runs as it has places for, keeps their leases.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { clientOf, type Database, type Tx } from '@falaj/database';
import { counter, type Logger, PlatformError, withSpan } from '@falaj/runtime';
import { dispatch, queueOf } from './dispatch.js';
import { type AnyWorkflow, type HeldRun, holdRun, type Outcome } from './held-run.js';
import { type Job, LEASE_SECONDS, openJobQueue } from './job-queue.js';
import { type EndOfRun, GIVE_UP_IDLE, type Journal, LeaseLost, openJournal, type Taken, takeUp } from './journal.js';
import type { Notices } from './notices.js';
import { startPump } from './pump.js';
import { keyOf, type RunRecord, toWorkflowError } from './run-record.js';
import { fireDue } from './schedules.js';

const HEARTBEAT_MS = 3_000;
/** A notice may be lost; the tables are looked at anyway so often. */
const POLL_MS = 1_000;
const MOST_FRUITLESS_CLAIMS = 20;

const outcomes = counter('falaj_workflow_claims_total', 'Claims of workflow runs by how they ended.', [
  'workflow',
  'outcome',
] as const);

/** Hands the end of a run to its definition. */
export const hookOf =
  (definition: AnyWorkflow) =>
  async (tx: Tx, run: RunRecord): Promise<void> => {
    await definition.onEnd?.(tx, {
      workspaceId: run.workspace_id,
      id: run.id,
      zone: run.zone,
      principalId: run.principal_id,
      input: run.input as never,
      state: run.state as 'SUCCEEDED' | 'FAILED' | 'CANCELLED',
      ...(run.state === 'SUCCEEDED' ? { output: run.output } : {}),
      ...(run.error === null ? {} : { error: run.error }),
      ...(run.state === 'CANCELLED' && run.cancel_reason !== null ? { reason: run.cancel_reason } : {}),
    });
  };

interface Holder {
  readonly job: Job;
  readonly held: HeldRun;
  readonly taken: Taken;
  readonly done: Promise<void>;
}

export interface Workers {
  stop(): Promise<void>;
}

export async function startWorkers(parts: {
  database: Database;
  notices: Notices;
  log: Logger;
  workflows: readonly AnyWorkflow[];
  concurrency: number;
}): Promise<Workers> {
  const { database, notices, log, workflows, concurrency } = parts;
  const me = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;
  const byQueue = new Map(workflows.map((workflow) => [queueOf(workflow), workflow]));
  const holders = new Map<string, Holder>();
  const queue = await openJobQueue(database.url, log);
  for (const name of byQueue.keys()) await queue.ensure(name);
  let stopping = false;
  let round = 0;
  let confirmedAt = performance.now();

  const stumbled = (what: string) => (error: unknown) => log.warn(`${what} stumbled`, { reason: String(error) });

  const dispatching = startPump(
    async () => {
      const once = async (tx: Tx) => {
        await clientOf(tx).query(`select ${GIVE_UP_IDLE}`);
        await fireDue(tx);
        return dispatch(tx, queue, workflows);
      };
      while (await database.asSystem(once)) fetching.kick();
      fetching.kick();
    },
    POLL_MS,
    stumbled('the dispatcher of workflow runs'),
  );
  const fetching = startPump(
    async () => {
      // Each round begins with another workflow, so that a backlog of one does not keep the others waiting.
      const queues = [...byQueue];
      queues.push(...queues.splice(0, round++ % queues.length));
      for (const [name, definition] of queues) {
        const free = concurrency - holders.size;
        if (stopping || free <= 0) return;
        // One that cannot be taken up now comes again when its heartbeat lapses; the others need not wait for it.
        for (const job of await queue.fetch(name, free))
          await take(job, definition).catch(stumbled('the claim of a workflow run'));
      }
    },
    POLL_MS,
    stumbled('the claim of workflow runs'),
  );

  async function take(job: Job, definition: AnyWorkflow): Promise<void> {
    const key = keyOf(job.ref);
    // Its lease lapsed and it came back to this very process.
    holders.get(key)?.held.interrupt('LOST');
    const taken = await takeUp(database, job.ref, job.id, me);
    if (!taken) return queue.complete(job);
    const { run } = taken;
    const journal = openJournal(database, {
      workspaceId: run.workspace_id,
      id: run.id,
      zone: run.zone,
      principalId: run.principal_id,
      fence: run.fence,
    });
    const held =
      run.cancel_reason === null && run.fruitless_claims <= MOST_FRUITLESS_CLAIMS
        ? holdRun(definition, taken, journal, log)
        : refused(run);
    const holder: Holder = {
      job,
      held,
      taken,
      done: withSpan('workflow.run', { 'workflow.name': definition.name, 'workflow.run': run.id }, async () =>
        finish(definition, journal, await held.outcome),
      )
        .catch((error: unknown) => {
          if (!(error instanceof LeaseLost)) stumbled(`run ${run.id}`)(error);
          return 'LOST' as const;
        })
        .then(async (how) => {
          outcomes.inc({ workflow: definition.name, outcome: how });
          if (holders.get(key) === holder) holders.delete(key);
          // A lost run's job is another's, or becomes it when its heartbeat lapses.
          if (how !== 'LOST') await queue.complete(job).catch(stumbled('the completion of a job'));
          fetching.kick();
        }),
    };
    if (holders.size === 0) confirmedAt = performance.now();
    holders.set(key, holder);
  }

  async function finish(definition: AnyWorkflow, journal: Journal, outcome: Outcome): Promise<string> {
    if (outcome === 'LOST' || outcome === 'SUSPENDED') return outcome;
    if (outcome === 'STOPPING') {
      await journal.release();
      return outcome;
    }
    try {
      await journal.end(outcome, hookOf(definition));
      return outcome.state;
    } catch (error) {
      if (error instanceof LeaseLost) throw error;
      return endWithoutSuccess(definition, journal, outcome, error);
    }
  }

  /** The hook refused: the run fails by it, and if it refuses that as well, without it. */
  async function endWithoutSuccess(
    definition: AnyWorkflow,
    journal: Journal,
    outcome: EndOfRun,
    error: unknown,
  ): Promise<string> {
    log.error('the end of a workflow run was refused by its hook', {
      workflow: definition.name,
      reason: String(error),
    });
    const failed: EndOfRun = { state: 'FAILED', output: 'null', error: outcome.error ?? toWorkflowError(error) };
    await journal.end(failed, hookOf(definition)).catch((again: unknown) => {
      if (again instanceof LeaseLost) throw again;
      return journal.end(failed, async () => undefined);
    });
    return failed.state;
  }

  const heartbeat = startPump(
    async () => {
      if (holders.size === 0) return;
      const current = [...holders.values()];
      const asked = performance.now();
      await queue.touch(current.map(({ job }) => job));
      const rows = await database.asSystem(async (tx) => {
        const found = await clientOf(tx).query<RunRecord>(
          `select r.workspace_id, r.id, r.fence, r.state, r.cancel_reason from workflows.run r
           join unnest($1::text[], $2::text[]) as h (workspace_id, id) using (workspace_id, id)`,
          [current.map(({ job }) => job.ref.workspaceId), current.map(({ job }) => job.ref.id)],
        );
        return new Map(found.rows.map((row) => [keyOf({ workspaceId: row.workspace_id, id: row.id }), row]));
      });
      confirmedAt = asked;
      for (const { job, held, taken } of current) {
        const row = rows.get(keyOf(job.ref));
        if (row?.fence !== taken.run.fence || row.state !== 'RUNNING') held.interrupt('LOST');
        else if (row.cancel_reason !== null) held.interrupt('CANCELLED');
        else held.look();
      }
    },
    HEARTBEAT_MS,
    stumbled('the heartbeat of workflow runs'),
  );

  // Not confirmed for as long as the lease lasts, by a pause or a database away: another may hold the runs by now. What
  // was begun is stopped, and nothing saved.
  const watch = setInterval(() => {
    if (holders.size === 0 || performance.now() - confirmedAt < LEASE_SECONDS * 1_000) return;
    for (const { held } of holders.values()) held.interrupt('LOST');
  }, 1_000);

  const deaf = notices.onNotice((notice) => {
    if (notice === undefined || notice.kind === 'ready') dispatching.kick();
    if (notice === undefined || (notice.kind === 'wake' && holders.has(keyOf(notice)))) heartbeat.kick();
  });

  return {
    async stop() {
      stopping = true;
      deaf();
      await dispatching.stop();
      await fetching.stop();
      for (const { held } of holders.values()) held.interrupt('STOPPING');
      await Promise.allSettled([...holders.values()].map(({ done }) => done));
      await heartbeat.stop();
      clearInterval(watch);
      await queue.close();
    },
  };
}

/** Not run at all: cancelled before it was taken up, or passed on too often without anything being recorded. */
function refused(run: RunRecord): HeldRun {
  const error = new PlatformError(
    'PRECONDITION_FAILED',
    `The run was taken up ${run.fruitless_claims} times and nothing was recorded: its workflow seems to stop its process. Mend it and retry the run.`,
  );
  const end: EndOfRun =
    run.cancel_reason === null
      ? { state: 'FAILED', output: 'null', error: toWorkflowError(error) }
      : { state: 'CANCELLED', output: 'null', error: null };
  return { outcome: Promise.resolve(end), interrupt: () => undefined, look: () => undefined };
}
