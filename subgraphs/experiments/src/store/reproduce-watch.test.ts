// Closing reproductions over a real PostgreSQL: once each, with their audit record, whoever closes them.
import { auditMigrations } from '@falaj/audit';
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Making } from '../domain/reproduce.js';
import { experimentsSubgraph } from '../main.js';
import { settleReproductions } from './reproduce-watch.js';
import { reproduction } from './reproduction-tables.js';
import { experiment, run } from './tables.js';

let test: TestDatabase;
const settle = () => settleReproductions({ database: test.database, policyVersion: async () => 1 });
const own = { workspaceId: 'w1', ownerId: 'p', owner: 'p' };
const expected: Making = {
  trainingSetDigest: 'sha256:set',
  modelDigest: 'sha256:model',
  codeReference: 'trainer@1',
  scores: { auc: 0.7 },
};

beforeAll(async () => {
  test = await createTestDatabase({ migrations: [auditMigrations, experimentsSubgraph.migrations] });
  await test.database.asSystem((tx) => tx.insert(experiment).values({ id: 'e', ...own, name: 'e', description: '' }));
});
afterAll(() => test?.close());

async function reproduce(id: string, ended: Partial<typeof run.$inferInsert>): Promise<void> {
  await test.database.asSystem(async (tx) => {
    await tx.insert(run).values({
      id: `run-${id}`,
      ...own,
      zone: 'AE',
      experimentId: 'e',
      name: id,
      state: 'SUCCEEDED',
      trainer: 'gbdt',
      request: {} as never,
      trainingSetId: 'ts',
      trainingSet: {} as never,
      trainingSetDigest: 'sha256:set',
      modelDigest: 'sha256:model',
      codeReference: 'trainer@1',
      evaluation: { rows: 1, trainedRows: 1, baseRate: 0, scores: { auc: 0.7 }, baselines: [] },
      allowedZones: ['AE'],
      categories: ['none'],
      seed: 1,
      ...ended,
    });
    await tx.insert(reproduction).values({
      id,
      ...own,
      zone: 'AE',
      modelVersionId: 'mv',
      state: 'RUNNING',
      originalRunId: `run-${id}`,
      runId: `run-${id}`,
      trainingSetId: 'ts',
      rebuiltTrainingSetId: 'ts2',
      expected,
      comparisons: [],
    });
  });
}
const found = async (id: string) =>
  (await test.database.asSystem((tx) => tx.select().from(reproduction).where(eq(reproduction.id, id))))[0];

describe('closing reproductions', () => {
  it('keeps each comparison, and tells the same, the different and the failed apart', async () => {
    await reproduce('same', {});
    await reproduce('other', {
      evaluation: { rows: 1, trainedRows: 1, baseRate: 0, scores: { auc: 0.71 }, baselines: [] },
      modelDigest: 'sha256:x',
    });
    await reproduce('failed', { state: 'FAILED', error: 'no memory', evaluation: null });
    await reproduce('waiting', { state: 'RUNNING' });
    // Several processes notice the same end.
    const closed = await Promise.all(Array.from({ length: 6 }, settle));
    expect(closed.reduce((sum, each) => sum + each, 0)).toBe(3);
    expect(await found('same')).toMatchObject({ state: 'REPRODUCED', error: null, finishedAt: expect.any(Date) });
    const other = await found('other');
    expect(other?.state).toBe('DIFFERS');
    expect(other?.comparisons.filter(({ same }) => !same)).toEqual([
      { subject: 'score:auc', expected: '0.7', found: '0.71', same: false },
      { subject: 'modelDigest', expected: 'sha256:model', found: 'sha256:x', same: false },
    ]);
    expect(await found('failed')).toMatchObject({ state: 'FAILED', error: 'no memory' });
    expect(await found('waiting')).toMatchObject({ state: 'RUNNING', finishedAt: null });
    const records = await test.database.asSystem(
      async (tx) =>
        (
          await tx.execute<{ request_id: string; outcome: string }>(
            sql`select request_id, outcome from audit.record where action = 'finishReproduction' order by request_id`,
          )
        ).rows,
    );
    expect(records).toEqual([
      { request_id: 'failed', outcome: 'FAILED' },
      { request_id: 'other', outcome: 'SUCCEEDED' },
      { request_id: 'same', outcome: 'SUCCEEDED' },
    ]);
  });
});
