// The queue of training runs is the run table itself: claims under a lease, every later write fenced by it. A process
// that dies loses its lease and another takes the run over; one that wakes too late can save nothing.
import type { Database, Tx } from '@falaj/database';
import { PlatformError } from '@falaj/runtime';
import { and, eq, type InferSelectModel, inArray, sql } from 'drizzle-orm';
import type { Evaluation } from '../domain/evaluation.js';
import { columnsOf } from '../domain/run-log.js';
import { savePoints } from './run-log.js';
import { latestMetric, runArtifact } from './run-tables.js';
import { metricPoint, run } from './tables.js';

type Stored = InferSelectModel<typeof run>;
type OfTraining = 'trainer' | 'request' | 'trainingSetId' | 'trainingSet' | 'trainingSetDigest' | 'seed';
/** A run of kind TRAINING: a check of the table says that these columns are there. */
export type RunRecord = Stored & { readonly [K in OfTraining]: NonNullable<Stored[K]> };

export const RUN_CHANNEL = 'experiments_run';
/** Seconds that a silent process keeps its run. */
export const LEASE_SECONDS = 15;
const MAX_ATTEMPTS = 3;

/** How a run that nobody will start again came to its end. */
export interface DeadEnd {
  readonly state: 'FAILED' | 'CANCELLED';
  readonly error: string | null;
}

/**
 * Takes the oldest run that waits or whose holder is gone; null when there is none. Cancelled runs and those that died
 * too often are ended on the way, each with its audit record in the same transaction.
 */
export async function claimRun(
  database: Database,
  owner: string,
  audit: (tx: Tx, ended: RunRecord, end: DeadEnd) => Promise<void>,
): Promise<RunRecord | null> {
  for (;;) {
    const claimed = await database.asSystem((tx) => claimOldest(tx, owner, audit));
    if (claimed !== 'ENDED') return claimed;
  }
}

async function claimOldest(
  tx: Tx,
  owner: string,
  audit: (tx: Tx, ended: RunRecord, end: DeadEnd) => Promise<void>,
): Promise<RunRecord | 'ENDED' | null> {
  const [open] = (await tx
    .select()
    .from(run)
    .where(
      and(
        eq(run.kind, 'TRAINING'),
        inArray(run.state, ['QUEUED', 'RUNNING']),
        sql`(${run.state} = 'QUEUED' or ${run.leaseUntil} < clock_timestamp())`,
      ),
    )
    .orderBy(run.createdAt)
    .limit(1)
    .for('update', { skipLocked: true })) as RunRecord[];
  if (!open) return null;
  if (open.cancelRequested || open.attempt >= MAX_ATTEMPTS) {
    const end: DeadEnd = open.cancelRequested
      ? { state: 'CANCELLED', error: null }
      : { state: 'FAILED', error: `Its process died ${MAX_ATTEMPTS} times; start it again when the cause is mended.` };
    await tx
      .update(run)
      .set({ ...end, finishedAt: new Date(), leaseOwner: null, leaseUntil: null })
      .where(eq(run.id, open.id));
    await audit(tx, open, end);
    await notify(tx, open.id);
    return 'ENDED';
  }
  // A run that is taken over starts anew: the same seed gives the same model, and what it logs is not there twice.
  await tx.delete(metricPoint).where(eq(metricPoint.runId, open.id));
  await tx.delete(latestMetric).where(eq(latestMetric.runId, open.id));
  await tx.delete(runArtifact).where(eq(runArtifact.runId, open.id));
  const [claimed] = await tx
    .update(run)
    .set({
      state: 'RUNNING',
      attempt: open.attempt + 1,
      step: 0,
      startedAt: open.startedAt ?? new Date(),
      leaseOwner: owner,
      leaseUntil: sql`clock_timestamp() + make_interval(secs => ${LEASE_SECONDS})`,
    })
    .where(eq(run.id, open.id))
    .returning();
  await notify(tx, open.id);
  return (claimed as RunRecord | undefined) ?? null;
}

/**
 * Keeps the lease; answers whether the run is still ours and whether somebody asked to cancel it. What lives as long as
 * the lease is renewed by `also`, in the same transaction and only where the lease is held.
 */
export async function renewLease<T>(
  database: Database,
  id: string,
  owner: string,
  also: (tx: Tx) => Promise<T>,
): Promise<{ held: boolean; cancelRequested: boolean; also: T | undefined }> {
  return database.asSystem(async (tx) => {
    const [row] = await tx
      .update(run)
      .set({ leaseUntil: sql`clock_timestamp() + make_interval(secs => ${LEASE_SECONDS})` })
      .where(held(id, owner))
      .returning({ cancelRequested: run.cancelRequested });
    return {
      held: row !== undefined,
      cancelRequested: row?.cancelRequested ?? false,
      also: row && (await also(tx)),
    };
  });
}

export interface MetricBatch {
  readonly step: number;
  readonly totalSteps: number;
  readonly points: readonly {
    readonly key: string;
    readonly step: number;
    readonly value: number;
    readonly loggedAt: Date;
  }[];
}

export async function saveProgress(
  database: Database,
  record: RunRecord,
  owner: string,
  batch: MetricBatch,
): Promise<void> {
  await database.asSystem(async (tx) => {
    await fenced(tx, record.id, owner, { step: batch.step, totalSteps: batch.totalSteps });
    await savePoints(tx, record, trainerColumns(batch.points));
    await notify(tx, record.id);
  });
}

/** A trainer's points as series of one point each, in the order of their report; the last value of a step counts. */
const trainerColumns = (points: MetricBatch['points']) =>
  columnsOf(
    points.map(({ key, step, value, loggedAt }) => ({ key, steps: [step], values: [value], times: [loggedAt] })),
    new Date(),
    Number.POSITIVE_INFINITY,
  );

/** The last write of a run, with its audit record in the same transaction. */
export async function finishRun(
  database: Database,
  record: RunRecord,
  owner: string,
  change: Partial<RunRecord> & { state: 'SUCCEEDED' | 'FAILED' | 'CANCELLED' },
  audit: (tx: Tx) => Promise<void>,
): Promise<void> {
  await database.asSystem(async (tx) => {
    await fenced(tx, record.id, owner, { ...change, finishedAt: new Date(), leaseOwner: null, leaseUntil: null });
    await audit(tx);
    await notify(tx, record.id);
  });
}

/**
 * Scores on held-out rows as metrics of the last step, so that a search finds them beside what users log. A score that
 * is null, for there was nothing to score, is left out.
 */
export async function saveScores(tx: Tx, record: RunRecord, { scores }: Evaluation): Promise<void> {
  const [row] = await tx.select({ step: run.step }).from(run).where(eq(run.id, record.id));
  const loggedAt = new Date();
  const points = Object.entries(scores).flatMap(([key, value]) =>
    value === null ? [] : [{ key, step: row?.step ?? 0, value, loggedAt }],
  );
  await savePoints(tx, record, trainerColumns(points));
}

/** Gives a run back, for an orderly stop: it waits for the next process. `also` ends what lived with the lease. */
export async function releaseRun(
  database: Database,
  id: string,
  owner: string,
  also: (tx: Tx) => Promise<void>,
): Promise<void> {
  await database.asSystem(async (tx) => {
    await tx
      .update(run)
      .set({ state: 'QUEUED', attempt: sql`greatest(${run.attempt} - 1, 0)`, leaseOwner: null, leaseUntil: null })
      .where(held(id, owner));
    await also(tx);
    await notify(tx, id);
  });
}

export async function notify(tx: Tx, id: string): Promise<void> {
  await tx.execute(sql`select pg_notify(${RUN_CHANNEL}, ${id})`);
}

const held = (id: string, owner: string) => and(eq(run.id, id), eq(run.leaseOwner, owner), eq(run.state, 'RUNNING'));

async function fenced(tx: Tx, id: string, owner: string, change: Partial<typeof run.$inferInsert>): Promise<void> {
  const saved = await tx.update(run).set(change).where(held(id, owner)).returning({ id: run.id });
  if (saved.length === 0)
    throw new PlatformError('CONFLICT', 'The run was taken over by another process or cancelled; nothing was saved.');
}
