// pg-boss behind the five things that are asked of it: which process may take up which run, in order of priority, with a
// heartbeat that moves a dead process's runs to another. It keeps its tables in a schema of its own, made and migrated by
// itself as the user of the URL; the system role may write jobs, so that a run and its job commit together.
import { clientOf, type Tx, translateDatabaseError } from '@falaj/database';
import { type Logger, PlatformError, type WorkflowRef } from '@falaj/runtime';
import { PgBoss } from 'pg-boss';

const SCHEMA = 'falaj_jobs';
const LOCK = 7_270_013;

/** The least that pg-boss allows: a dead process's runs move within about 12 s. */
export const LEASE_SECONDS = 10;

export interface Job {
  readonly id: string;
  readonly queue: string;
  readonly ref: WorkflowRef;
  /** Tells this claim of the job from a later one. */
  readonly retryCount: number;
}

export interface JobQueue {
  ensure(queue: string): Promise<void>;
  /** In the caller's transaction, under the ids given. */
  send(tx: Tx, queue: string, jobs: readonly { id: string; ref: WorkflowRef; priority: number }[]): Promise<void>;
  fetch(queue: string, atMost: number): Promise<Job[]>;
  /** Keeps the claims alive. */
  touch(jobs: readonly Job[]): Promise<void>;
  complete(job: Job): Promise<void>;
  close(): Promise<void>;
}

export async function openJobQueue(url: string, log: Logger): Promise<JobQueue> {
  const boss = new PgBoss({
    connectionString: url,
    schema: SCHEMA,
    application_name: 'falaj workflows',
    max: 4,
    // With the defaults, a minute each, a dead process would be noticed after two.
    superviseIntervalSeconds: 1,
    monitorIntervalSeconds: 1,
    schedule: false,
    registerInstance: false,
    openTelemetry: { enabled: false },
  });
  boss.on('error', (error) => log.warn('the job queue reports a fault', { reason: error.message }));
  try {
    await boss.start();
    await boss.getDb().executeSql(
      `begin; select pg_advisory_xact_lock(${LOCK});
       grant usage on schema ${SCHEMA} to falaj_system;
       grant select, insert, update, delete on all tables in schema ${SCHEMA} to falaj_system; commit`,
    );
  } catch (error) {
    await boss.stop({ graceful: false, close: true }).catch(() => undefined);
    throw refusal(error);
  }

  return {
    async ensure(queue) {
      await boss.createQueue(queue, {
        heartbeatSeconds: LEASE_SECONDS,
        // The longest that pg-boss allows one process to hold a job.
        expireInSeconds: 24 * 3600,
        retryLimit: 1_000_000,
        retentionSeconds: 10 * 365 * 24 * 3600,
        deleteAfterSeconds: 3600,
      });
    },
    async send(tx, queue, jobs) {
      const db = { executeSql: (text: string, values?: unknown[]) => clientOf(tx).query(text, values) };
      await boss.insert(
        queue,
        jobs.map(({ id, ref, priority }) => ({ id, priority, data: { workspaceId: ref.workspaceId, id: ref.id } })),
        { db },
      );
    },
    async fetch(queue, atMost) {
      const jobs = await boss.fetch<WorkflowRef>(queue, { batchSize: atMost });
      return jobs.map(({ id, data, retryCount }) => ({ id, queue, ref: data, retryCount }));
    },
    async touch(jobs) {
      for (const [queue, own] of Map.groupBy(jobs, (job) => job.queue)) await boss.touch(queue, own.map(attemptOf));
    },
    async complete(job) {
      await boss.complete(job.queue, attemptOf(job));
    },
    async close() {
      await boss.stop({ graceful: false, close: true });
    },
  };
}

const attemptOf = ({ id, retryCount }: Job) => ({ id, retryCount });

/** pg-boss makes its own tables: the one right beyond those of the migrations. */
function refusal(error: unknown): unknown {
  if ((error as { code?: string }).code !== '42501') return translateDatabaseError(error);
  return new PlatformError(
    'CONFIG_INVALID',
    `The job queue may not set up its schema ${SCHEMA}: ${(error as Error).message}. Grant CREATE on the database to the user of the database URL.`,
    { cause: error },
  );
}
