// The queue of training runs is the run table itself: claims under a lease, every later write fenced by it. A process
// that dies loses its lease and another takes the run over; one that wakes too late can save nothing.
import type { Database, Tx } from '@falaj/database';
import { PlatformError } from '@falaj/runtime';
import { and, eq, type InferSelectModel, inArray, sql } from 'drizzle-orm';
import { metricPoint, run } from './tables.js';

export type RunRecord = InferSelectModel<typeof run>;

export const RUN_CHANNEL = 'experiments_run';
/** Seconds that a silent process keeps its run. */
export const LEASE_SECONDS = 15;
const MAX_ATTEMPTS = 3;

/** Takes the oldest run that waits or whose holder is gone; null when there is none. */
export async function claimRun(database: Database, owner: string): Promise<RunRecord | null> {
  return database.asSystem(async (tx) => {
    const [open] = await tx
      .select()
      .from(run)
      .where(
        and(
          inArray(run.state, ['QUEUED', 'RUNNING']),
          sql`(${run.state} = 'QUEUED' or ${run.leaseUntil} < clock_timestamp())`,
        ),
      )
      .orderBy(run.createdAt)
      .limit(1)
      .for('update', { skipLocked: true });
    if (!open) return null;
    if (open.cancelRequested || open.attempt >= MAX_ATTEMPTS) {
      const state = open.cancelRequested ? ('CANCELLED' as const) : ('FAILED' as const);
      const error = open.cancelRequested
        ? null
        : `Its process died ${MAX_ATTEMPTS} times; start it again when the cause is mended.`;
      await tx.update(run).set({ state, error, finishedAt: new Date(), leaseOwner: null }).where(eq(run.id, open.id));
      await notify(tx, open.id);
      return null;
    }
    // A run that is taken over starts anew: the same seed gives the same model, and metrics are not counted twice.
    await tx.delete(metricPoint).where(eq(metricPoint.runId, open.id));
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
    return claimed ?? null;
  });
}

/** Keeps the lease; answers whether the run is still ours and whether somebody asked to cancel it. */
export async function renewLease(
  database: Database,
  id: string,
  owner: string,
): Promise<{ held: boolean; cancelRequested: boolean }> {
  return database.asSystem(async (tx) => {
    const [row] = await tx
      .update(run)
      .set({ leaseUntil: sql`clock_timestamp() + make_interval(secs => ${LEASE_SECONDS})` })
      .where(held(id, owner))
      .returning({ cancelRequested: run.cancelRequested });
    return { held: row !== undefined, cancelRequested: row?.cancelRequested ?? false };
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
    if (batch.points.length > 0) {
      await tx
        .insert(metricPoint)
        .values(batch.points.map((point) => ({ workspaceId: record.workspaceId, runId: record.id, ...point })))
        .onConflictDoNothing();
    }
    await notify(tx, record.id);
  });
}

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

/** Gives a run back, for an orderly stop: it waits for the next process. */
export async function releaseRun(database: Database, id: string, owner: string): Promise<void> {
  await database.asSystem(async (tx) => {
    await tx
      .update(run)
      .set({ state: 'QUEUED', attempt: sql`greatest(${run.attempt} - 1, 0)`, leaseOwner: null, leaseUntil: null })
      .where(held(id, owner));
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
