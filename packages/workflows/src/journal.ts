// The fenced journal. Every write names the holder's fence number and locks the run in the same statement: once another
// process has taken the run up, nothing of the old holder is saved any more, however late it wakes.
import { clientOf, type Database, type Tx } from '@falaj/database';
import { isPlatformError, type Json, type WorkflowError, type WorkflowRef } from '@falaj/runtime';
import { notify } from './notices.js';
import type { RunRecord, StepKind, StepRecord } from './run-record.js';

/** Another process holds the run now, or it has ended: nothing was saved. */
export class LeaseLost extends Error {
  constructor() {
    super('The run is held by another process now.');
    this.name = 'LeaseLost';
  }
}

/** The run is to be cancelled: the transaction was refused. */
export class CancelRequested extends Error {
  constructor() {
    super('The run is being cancelled.');
    this.name = 'CancelRequested';
  }
}

/** A run that this process took up, under the number that it then drew. */
export interface Holding extends WorkflowRef {
  readonly zone: string;
  readonly principalId: string;
  readonly fence: number;
}

export interface LogLine {
  readonly mark: string;
  readonly step: string | null;
  readonly message: string;
  readonly facts: Readonly<Record<string, Json | undefined>>;
  readonly at: Date;
}

// A process that is paused within a transaction must not keep its lock for longer than its lease.
export const GIVE_UP_IDLE = `set_config('idle_in_transaction_session_timeout', '8000', true)`;

const HELD = `held as (select zone, ${GIVE_UP_IDLE} from workflows.run
  where workspace_id = $1 and id = $2 and fence = $3 and state = 'RUNNING' for share)`;

const held = ({ workspaceId, id, fence }: Holding): [string, string, number] => [workspaceId, id, fence];

/** Saves again while the database is away for a moment. The same write twice is the same write: only the holder writes. */
async function persistently<T>(write: () => Promise<T>, attempts = 40): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await write();
    } catch (error) {
      const code = isPlatformError(error) ? error.code : undefined;
      // A conflict may be a deadlock or a serialisation failure, or the last word of the effect: few attempts tell.
      const again = code === 'DATABASE_UNAVAILABLE' ? attempt < attempts : code === 'CONFLICT' && attempt < 4;
      if (!again) throw error;
      await new Promise((resolve) => setTimeout(resolve, Math.min(50 * 2 ** attempt, 1_000)));
    }
  }
}

export interface Taken {
  readonly run: RunRecord;
  readonly steps: readonly StepRecord[];
  /** Milliseconds to add to this machine's clock to have the database's. */
  readonly clockOffsetMs: number;
}

const STEP_COLUMNS = 'kind, key, state, output, error, attempts, started_at, ended_at';

/** Takes up the run of a job, or nothing if the job is no longer the run's. From here on every former holder is refused. */
export async function takeUp(
  database: Database,
  ref: WorkflowRef,
  jobId: string,
  holder: string,
): Promise<Taken | null> {
  return database.asSystem(async (tx) => {
    const { rows } = await clientOf(tx).query<RunRecord & { clock: Date }>(
      `update workflows.run r set state = 'RUNNING', fence = fence + 1, holder = $4, waiting_for = '{}',
         fruitless_claims = case when exists (select from workflows.step s where s.workspace_id = r.workspace_id
           and s.run_id = r.id and s.ended_at >= coalesce(r.claimed_at, '-infinity')) then 0 else fruitless_claims + 1 end,
         claimed_at = clock_timestamp(), started_at = coalesce(started_at, clock_timestamp())
       where workspace_id = $1 and id = $2 and job_id = $3 and state in ('QUEUED', 'RUNNING')
       returning *, clock_timestamp() as clock, ${GIVE_UP_IDLE}`,
      [ref.workspaceId, ref.id, jobId, holder],
    );
    const [run] = rows;
    if (!run) return null;
    const clockOffsetMs = run.clock.getTime() - Date.now();
    const steps = await clientOf(tx).query<StepRecord>(
      `select ${STEP_COLUMNS} from workflows.step where workspace_id = $1 and run_id = $2`,
      [ref.workspaceId, ref.id],
    );
    await notify(tx, 'change', ref);
    return { run, steps: steps.rows, clockOffsetMs };
  });
}

export interface Journal {
  /** Counts a start of the step. */
  begin(key: string): Promise<{ attempts: number; failures: number }>;
  succeed(kind: StepKind, key: string, output: string, endedAt?: Date): Promise<void>;
  fail(kind: StepKind, key: string, error: WorkflowError, final: boolean): Promise<void>;
  /** Effect and record in one transaction of the run's workspace and zone. */
  commit(key: string, effect: (tx: Tx) => Promise<string>): Promise<void>;
  /** The signals that have come. */
  signals(): Promise<StepRecord[]>;
  write(lines: readonly LogLine[], progress: string | undefined): Promise<void>;
  /** Lets go of a run that only waits; false where one of the signals has come meanwhile. */
  suspend(signals: readonly string[], wakeAt: Date | undefined): Promise<boolean>;
  /** Lets go of a run for another process to take up at once. */
  release(): Promise<void>;
  end(end: EndOfRun, hook: (tx: Tx, run: RunRecord) => Promise<void>): Promise<void>;
}

export interface EndOfRun {
  readonly state: 'SUCCEEDED' | 'FAILED' | 'CANCELLED';
  readonly output: string;
  readonly error: WorkflowError | null;
}

export function openJournal(database: Database, holding: Holding): Journal {
  const scope = { workspaceId: holding.workspaceId, zones: [holding.zone], principalId: holding.principalId };

  /** One fenced statement; no row says that the run is no longer ours. */
  const save = <Row extends object>(text: string, values: readonly unknown[]): Promise<Row> =>
    persistently(() =>
      database.asSystem(async (tx) => {
        const { rows } = await clientOf(tx).query<Row>(`with ${HELD} ${text}`, [...held(holding), ...values]);
        const [row] = rows;
        if (row === undefined) throw new LeaseLost();
        await notify(tx, 'change', holding);
        return row;
      }),
    ).catch((error: unknown) => {
      // A database away for so long is no failure of the step: the lease has lapsed meanwhile.
      throw isPlatformError(error) && error.code === 'DATABASE_UNAVAILABLE' ? new LeaseLost() : error;
    });

  return {
    begin: (key) =>
      save<{ attempts: number; failures: number }>(
        `insert into workflows.step as s (workspace_id, zone, run_id, kind, key, state)
         select $1, held.zone, $2, 'STEP', $4, 'RUNNING' from held
         on conflict (workspace_id, run_id, kind, key)
         do update set state = 'RUNNING', attempts = s.attempts + 1, ended_at = null
         returning attempts, failures`,
        [key],
      ),
    async succeed(kind, key, output, endedAt) {
      await save(
        `insert into workflows.step as s (workspace_id, zone, run_id, kind, key, state, output, ended_at)
         select $1, held.zone, $2, $4, $5, 'SUCCEEDED', $6::jsonb, coalesce($7, clock_timestamp()) from held
         on conflict (workspace_id, run_id, kind, key)
         do update set state = 'SUCCEEDED', output = excluded.output, error = null, ended_at = excluded.ended_at
         returning key`,
        [kind, key, output, endedAt ?? null],
      );
    },
    async fail(kind, key, error, final) {
      await save(
        `insert into workflows.step as s (workspace_id, zone, run_id, kind, key, state, error, failures, ended_at)
         select $1, held.zone, $2, $7, $4, $5, $6::jsonb, 1, clock_timestamp() from held
         on conflict (workspace_id, run_id, kind, key)
         do update set state = excluded.state, error = excluded.error, failures = s.failures + 1, ended_at = excluded.ended_at
         returning key`,
        [key, final ? 'FAILED' : 'RUNNING', JSON.stringify(error), kind],
      );
    },
    commit: (key, effect) =>
      persistently(
        () =>
          database.inWorkspace(scope, async (tx) => {
            const { rows } = await clientOf(tx).query<{ cancel_reason: string | null; done: boolean }>(
              `select ${GIVE_UP_IDLE}, cancel_reason, exists (select from workflows.step where workspace_id = $1
               and run_id = $2 and kind = 'COMMIT' and key = $4) as done
             from workflows.run where workspace_id = $1 and id = $2 and fence = $3 and state = 'RUNNING' for share`,
              [...held(holding), key],
            );
            const [run] = rows;
            if (!run) throw new LeaseLost();
            // The connection broke after an earlier attempt had been committed.
            if (run.done) return;
            if (run.cancel_reason !== null) throw new CancelRequested();
            const startedAt = new Date();
            const output = await effect(tx);
            await clientOf(tx).query(
              `insert into workflows.step (workspace_id, zone, run_id, kind, key, state, output, started_at, ended_at)
             values ($1, $2, $3, 'COMMIT', $4, 'SUCCEEDED', $5::jsonb, $6, clock_timestamp())`,
              [holding.workspaceId, holding.zone, holding.id, key, output, startedAt],
            );
            await notify(tx, 'change', holding);
          }),
        8,
      ),
    signals: () =>
      database.asSystem(async (tx) => {
        const { rows } = await clientOf(tx).query<StepRecord>(
          `select ${STEP_COLUMNS} from workflows.step where workspace_id = $1 and run_id = $2 and kind = 'SIGNAL'`,
          [holding.workspaceId, holding.id],
        );
        return rows;
      }),
    async write(lines, progress) {
      if (progress !== undefined)
        await save(
          `update workflows.run set progress = $4::jsonb from held where workspace_id = $1 and id = $2 returning run.id`,
          [progress],
        );
      if (lines.length === 0) return;
      await save(
        `, written as (insert into workflows.log (workspace_id, zone, run_id, mark, step, message, facts, at)
           select $1, held.zone, $2, l.mark, l.step, l.message, l.facts, l.at
           from held, jsonb_to_recordset($4::jsonb) as l (mark text, step text, message text, facts jsonb, at timestamptz)
           on conflict (workspace_id, run_id, mark) do nothing)
         select zone from held`,
        [JSON.stringify(lines)],
      );
    },
    suspend: (signals, wakeAt) =>
      persistently(() =>
        database.asSystem(async (tx) => {
          // Signals lock the run as well: each is either seen here or finds the run WAITING.
          const own = await clientOf(tx).query(
            `select ${GIVE_UP_IDLE} from workflows.run
             where workspace_id = $1 and id = $2 and fence = $3 and state = 'RUNNING' for update`,
            held(holding),
          );
          if (own.rowCount === 0) throw new LeaseLost();
          const came = await clientOf(tx).query(
            `select from workflows.step where workspace_id = $1 and run_id = $2 and kind = 'SIGNAL' and key = any($3)`,
            [holding.workspaceId, holding.id, signals],
          );
          if (came.rowCount) return false;
          const { rows } = await clientOf(tx).query<{ cancelled: boolean }>(
            `update workflows.run set state = 'WAITING', waiting_for = $3, wake_at = $4, job_id = null, holder = null
             where workspace_id = $1 and id = $2 returning cancel_reason is not null as cancelled`,
            [holding.workspaceId, holding.id, signals, wakeAt ?? null],
          );
          if (rows[0]?.cancelled) throw new CancelRequested();
          await notify(tx, 'ready', holding);
          return true;
        }),
      ),
    release: () =>
      persistently(() =>
        database.asSystem(async (tx) => {
          const { rowCount } = await clientOf(tx).query(
            `update workflows.run set state = 'QUEUED', wake_at = now(), job_id = null, holder = null, fruitless_claims = 0
             where workspace_id = $1 and id = $2 and fence = $3 and state = 'RUNNING' returning ${GIVE_UP_IDLE}`,
            held(holding),
          );
          if (!rowCount) throw new LeaseLost();
          // An orderly stop costs the step none of its attempts.
          await clientOf(tx).query(
            `update workflows.step set state = 'ABORTED', attempts = attempts - 1
             where workspace_id = $1 and run_id = $2 and state = 'RUNNING'`,
            [holding.workspaceId, holding.id],
          );
          await notify(tx, 'ready', holding);
        }),
      ),
    end: (end, hook) =>
      persistently(() =>
        database.inWorkspace(scope, async (tx) => {
          const { rows } = await clientOf(tx).query<RunRecord>(
            `select *, ${GIVE_UP_IDLE} from workflows.run
             where workspace_id = $1 and id = $2 and fence = $3 and state = 'RUNNING' for update`,
            held(holding),
          );
          const [run] = rows;
          if (!run) throw new LeaseLost();
          await endRun(
            tx,
            run,
            run.cancel_reason === null ? end : { state: 'CANCELLED', output: 'null', error: null },
            hook,
          );
        }),
      ),
  };
}

/** Ends a run that the transaction has locked; the hook commits with it or the end does not happen. */
export async function endRun(
  tx: Tx,
  run: RunRecord,
  end: EndOfRun,
  hook: (tx: Tx, run: RunRecord) => Promise<void>,
): Promise<void> {
  const ref = { workspaceId: run.workspace_id, id: run.id };
  const { rows } = await clientOf(tx).query<RunRecord>(
    `update workflows.run set state = $3, output = $4::jsonb, error = $5::jsonb, ended_at = clock_timestamp(),
       job_id = null, holder = null, wake_at = null, waiting_for = '{}'
     where workspace_id = $1 and id = $2 returning *`,
    [ref.workspaceId, ref.id, end.state, end.output, end.error === null ? null : JSON.stringify(end.error)],
  );
  await clientOf(tx).query(
    `update workflows.step set state = 'ABORTED', ended_at = clock_timestamp()
     where workspace_id = $1 and run_id = $2 and state = 'RUNNING'`,
    [ref.workspaceId, ref.id],
  );
  for (const ended of rows) await hook(tx, ended);
  await notify(tx, 'ready', ref);
}
