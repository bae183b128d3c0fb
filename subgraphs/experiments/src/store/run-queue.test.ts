// The queue over a real PostgreSQL: one holder per run, nothing saved by who lost it.
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { experimentsSubgraph } from '../main.js';
import {
  claimRun,
  type DeadEnd,
  finishRun,
  LEASE_SECONDS,
  type RunRecord,
  releaseRun,
  renewLease,
  saveProgress,
} from './run-queue.js';
import { experiment, metricPoint, run } from './tables.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase({ migrations: [experimentsSubgraph.migrations] });
  await test.database.asSystem((tx) =>
    tx.insert(experiment).values({ id: 'e', workspaceId: 'w1', ownerId: 'p', owner: 'p', name: 'e', description: '' }),
  );
});
afterAll(() => test?.close());
beforeEach(async () => {
  await test.database.asSystem((tx) => tx.delete(run));
});

async function queue(...ids: string[]): Promise<void> {
  for (const [place, id] of ids.entries()) {
    await test.database.asSystem((tx) =>
      tx.insert(run).values({
        id,
        workspaceId: 'w1',
        ownerId: 'p',
        owner: 'p',
        createdAt: new Date(Date.UTC(2026, 0, 1, 0, 0, place)),
        zone: 'AE',
        experimentId: 'e',
        name: id,
        state: 'QUEUED',
        trainer: 'gbdt',
        request: {} as never,
        trainingSetId: 'ts',
        trainingSet: {} as never,
        trainingSetDigest: 'd',
        allowedZones: ['AE'],
        categories: ['none'],
        seed: 1,
      }),
    );
  }
}
const found = async (id: string): Promise<RunRecord> =>
  (await test.database.asSystem((tx) => tx.select().from(run).where(eq(run.id, id))))[0] as RunRecord;
/** The holder falls silent: its lease runs out. */
const silence = (id: string) =>
  test.database.asSystem((tx) =>
    tx.update(run).set({ leaseUntil: sql`clock_timestamp() - interval '1 second'` }).where(eq(run.id, id)),
  );
const askToCancel = (id: string) =>
  test.database.asSystem((tx) => tx.update(run).set({ cancelRequested: true }).where(eq(run.id, id)));
const claimed = async (owner: string): Promise<RunRecord> => {
  const record = await claimRun(test.database, owner, noteEnd);
  if (!record) throw new Error('expected a run');
  return record;
};
const batch = (step: number, ...steps: number[]) => ({
  step,
  totalSteps: 10,
  points: steps.map((own) => ({ key: 'loss', step: own, value: 1 / own, loggedAt: new Date(0) })),
});
const points = () => test.database.asSystem((tx) => tx.select().from(metricPoint).orderBy(metricPoint.step));
const unaudited = async () => {};
const ends: string[] = [];
async function noteEnd(_tx: unknown, ended: RunRecord, { state }: DeadEnd): Promise<void> {
  ends.push(`${ended.id} ${state}`);
}
const lost = { code: 'CONFLICT' };

describe('claims', () => {
  it('give each run to one of many workers, and none twice', async () => {
    const ids = Array.from({ length: 12 }, (_, i) => `r-${i}`);
    await queue(...ids);
    const got = await Promise.all(
      Array.from({ length: 40 }, (_, i) => claimRun(test.database, `worker-${i}`, noteEnd)),
    );
    const taken = got.flatMap((record) => (record ? [record.id] : []));
    expect(new Set(taken).size).toBe(taken.length);
    // Who came while others held the lock may have gone away empty; the rest waits for the next look.
    for (
      let record = await claimRun(test.database, 'late', noteEnd);
      record;
      record = await claimRun(test.database, 'late', noteEnd)
    )
      taken.push(record.id);
    expect(taken.sort()).toEqual([...ids].sort());
  });

  it('take the oldest first, mark it and leave a held one alone', async () => {
    await queue('first', 'second');
    expect(await claimed('a')).toMatchObject({ id: 'first', state: 'RUNNING', attempt: 1, leaseOwner: 'a' });
    expect((await claimed('b')).id).toBe('second');
    expect(await claimRun(test.database, 'c', noteEnd)).toBeNull();
    const { leaseUntil, startedAt } = await found('first');
    expect(startedAt).toBeInstanceOf(Date);
    expect(Number(leaseUntil)).toBeGreaterThan(Date.now());
    expect(Number(leaseUntil)).toBeLessThanOrEqual(Date.now() + LEASE_SECONDS * 1000);
  });
});

describe('a run whose holder fell silent', () => {
  it('is taken over from its beginning; nothing more is saved for the first holder, no metric is counted twice', async () => {
    await queue('r');
    const first = await claimed('a');
    await saveProgress(test.database, first, 'a', batch(3, 1, 2, 3));
    await silence('r');
    const second = await claimed('b');
    expect(second).toMatchObject({ id: 'r', attempt: 2, step: 0, leaseOwner: 'b', startedAt: first.startedAt });
    expect(await points()).toEqual([]);

    await saveProgress(test.database, second, 'b', batch(2, 1, 2));
    await expect(saveProgress(test.database, first, 'a', batch(9, 8, 9))).rejects.toMatchObject(lost);
    await expect(finishRun(test.database, first, 'a', { state: 'SUCCEEDED' }, unaudited)).rejects.toMatchObject(lost);
    expect(await renewLease(test.database, 'r', 'a', unaudited)).toEqual({ held: false, cancelRequested: false });
    await releaseRun(test.database, 'r', 'a', unaudited);
    expect(await found('r')).toMatchObject({ state: 'RUNNING', leaseOwner: 'b', step: 2, attempt: 2 });
    expect((await points()).map((point) => point.step)).toEqual([1, 2]);
  });

  it('keeps each point once when a batch is sent again', async () => {
    await queue('r');
    const record = await claimed('a');
    await saveProgress(test.database, record, 'a', batch(2, 1, 2));
    await saveProgress(test.database, record, 'a', batch(3, 1, 2, 3));
    expect((await points()).map((point) => point.step)).toEqual([1, 2, 3]);
  });

  it('stays with a holder that renews', async () => {
    await queue('r');
    await claimed('a');
    await silence('r');
    expect(await renewLease(test.database, 'r', 'a', unaudited)).toEqual({ held: true, cancelRequested: false });
    expect(await claimRun(test.database, 'b', noteEnd)).toBeNull();
  });

  it('fails after three deaths, with the reason', async () => {
    await queue('r');
    for (const owner of ['a', 'b', 'c']) {
      await claimed(owner);
      await silence('r');
    }
    expect(await claimRun(test.database, 'd', noteEnd)).toBeNull();
    const record = await found('r');
    expect(record).toMatchObject({ state: 'FAILED', leaseOwner: null, finishedAt: expect.any(Date) });
    expect(record.error).toContain('3 times');
    expect(await claimRun(test.database, 'd', noteEnd)).toBeNull();
  });
});

describe('cancelling', () => {
  it('ends a queued run at the next claim, unstarted', async () => {
    await queue('r');
    await askToCancel('r');
    ends.length = 0;
    expect(await claimRun(test.database, 'a', noteEnd)).toBeNull();
    expect(await found('r')).toMatchObject({ state: 'CANCELLED', error: null, startedAt: null, attempt: 0 });
    expect(ends).toEqual(['r CANCELLED']);
  });

  it('does not hold up the run behind it', async () => {
    await queue('gone', 'next');
    await askToCancel('gone');
    expect((await claimed('a')).id).toBe('next');
    expect((await found('gone')).state).toBe('CANCELLED');
  });

  it('ends nothing when its record cannot be written', async () => {
    await queue('r');
    await askToCancel('r');
    const broken = async () => {
      throw new Error('no record');
    };
    await expect(claimRun(test.database, 'a', broken)).rejects.toThrow('no record');
    expect((await found('r')).state).toBe('QUEUED');
  });

  it('reaches the holder of a running one with its lease', async () => {
    await queue('r');
    const record = await claimed('a');
    await askToCancel('r');
    expect(await renewLease(test.database, 'r', 'a', unaudited)).toEqual({ held: true, cancelRequested: true });
    await finishRun(test.database, record, 'a', { state: 'CANCELLED' }, unaudited);
    expect(await found('r')).toMatchObject({ state: 'CANCELLED', leaseOwner: null, leaseUntil: null });
    expect(await claimRun(test.database, 'b', noteEnd)).toBeNull();
  });

  it('of a run whose holder fell silent does not start it again', async () => {
    await queue('r');
    await claimed('a');
    await askToCancel('r');
    await silence('r');
    expect(await claimRun(test.database, 'b', noteEnd)).toBeNull();
    expect((await found('r')).state).toBe('CANCELLED');
  });
});

it('gives a run back at an orderly stop, which costs it no attempt', async () => {
  await queue('r');
  for (let stop = 0; stop < 5; stop++) {
    expect((await claimed('a')).attempt).toBe(1);
    await releaseRun(test.database, 'r', 'a', unaudited);
    expect(await found('r')).toMatchObject({ state: 'QUEUED', attempt: 0, leaseOwner: null });
  }
});

it('finishes nothing when its audit record fails', async () => {
  await queue('r');
  const record = await claimed('a');
  await expect(
    finishRun(test.database, record, 'a', { state: 'SUCCEEDED', modelDigest: 'd' }, async () => {
      throw new Error('no record');
    }),
  ).rejects.toThrow('no record');
  expect(await found('r')).toMatchObject({ state: 'RUNNING', modelDigest: null, leaseOwner: 'a' });
});
