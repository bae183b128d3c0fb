// What a shadow runner writes, over a real PostgreSQL; its models are numbers.
import { fileURLToPath } from 'node:url';
import type { Tensor } from '@falaj/contracts';
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import { createLogger } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Inference } from '../domain/inference-observer.js';
import { insertEndpoint } from '../testing/endpoint-rows.js';
import type { Route } from './endpoint-routes.js';
import type { LoadedModel } from './model-host.js';
import { shadowReport } from './shadow-report.js';
import { ShadowRunner } from './shadow-runner.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase({
    migrations: [{ name: 'deployments', folder: fileURLToPath(new URL('../../migrations', import.meta.url)) }],
  });
  await insertEndpoint(test, 'ep');
  await test.database.asSystem((tx) =>
    tx.execute(sql`
      insert into deployments.shadow (id, workspace_id, zone, endpoint_id, revision, sample_rate, threshold, state,
        owner_id, owner)
      select n, 'w1', 'AE', 'ep', 2, 10000, 0.5, case n when 'faulty' then 'ACTIVE' else 'STOPPED' end, 'p', 'p'
      from unnest(array['faulty', 'wide', 'odd']) n`),
  );
});
afterAll(() => test?.close());

const scores = (values: number[]): Tensor => ({
  name: 'y',
  datatype: 'FP64',
  shape: [values.length, 1],
  data: Float64Array.from(values),
});
const inference = (answer: number[], cells = 1): Inference => ({
  id: 'inf',
  at: Date.now(),
  endpoint: { id: 'ep', name: 'delay', workspaceId: 'w1', zone: 'AE' },
  revision: 1,
  modelVersionId: 'mv',
  modelVersion: 1,
  variant: 'live',
  role: 'ANSWER',
  subject: null,
  principalId: 'p',
  requestId: null,
  traceId: null,
  request: [{ name: 'x', datatype: 'FP32', shape: [1, cells], data: new Float32Array(cells) }],
  features: null,
  response: [scores(answer)],
  latencyMs: 2,
  error: null,
});

function open(id: string, answer: () => Promise<number[]>) {
  const shadow = { id, workspaceId: 'w1', zone: 'AE', revision: 2, sampleRate: 10_000, threshold: 0.5 };
  const clock = { now: Date.UTC(2026, 5, 15, 12, 59) };
  const state = { down: false };
  const database = {
    asSystem: (work: never) => (state.down ? Promise.reject(new Error('gone')) : test.database.asSystem(work)),
  };
  const loaded = { model: { id: 'mv', version: 2 }, served: { infer: async () => [scores(await answer())] } };
  const runner = new ShadowRunner({
    database: database as never,
    log: createLogger('test'),
    host: { load: async () => loaded as unknown as LoadedModel },
    routes: { current: () => ({ record: { id: 'ep' }, split: null, shadow }) as unknown as Route },
    process: 'process',
    observer: { observe: () => undefined },
    clock: () => clock.now,
  });
  return { runner, clock, state, report: () => test.database.asSystem((tx) => shadowReport(tx, id)) };
}
const turns = async () => {
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
};

it('keeps its counts over a fault of the database, in one row an hour', async () => {
  const { runner, clock, state, report } = open('faulty', async () => [0.75]);
  const see = async (answers: number[]) => {
    for (const answer of answers) runner.observe(inference([answer]));
    await turns();
  };
  await see([0.25, 0.5]);
  await runner.flush();
  state.down = true;
  await see([0.5]);
  await expect(runner.flush()).rejects.toThrow('gone');
  clock.now += 120_000;
  await see([0.25]);
  await expect(runner.flush()).rejects.toThrow('gone');
  state.down = false;
  await runner.flush();
  await runner.flush();
  expect(await report()).toMatchObject({ compared: 4, rows: 4, disagreement: 0.5, answerLatency: { mean: 2 } });
  expect((await report()).scoreDelta.mean).toBeCloseTo((0.5 + 0.25 + 0.25 + 0.5) / 4, 12);
  const { rows } = await test.database.asSystem((tx) =>
    tx.execute<{ compared: number }>(
      sql`select compared from deployments.shadow_window where shadow_id = 'faulty' order by began_at`,
    ),
  );
  expect(rows).toEqual([{ compared: 3 }, { compared: 1 }]);
});

it('holds no more values than it may, however few requests they are', async () => {
  const held: (() => void)[] = [];
  const { runner, report } = open('wide', () => new Promise((resolve) => held.push(() => resolve([0.5]))));
  // 4 run; of those that wait two fit.
  for (let i = 0; i < 9; i++) {
    runner.observe(inference([0.5], 900_000));
    await turns();
  }
  for (let i = 0; i < 3; i++) {
    for (const go of held.splice(0)) go();
    await turns();
  }
  await runner.flush();
  expect(await report()).toMatchObject({ compared: 6, dropped: 3 });
});

it('takes a score that is no number for another decision, and leaves it out of the deltas', async () => {
  const { runner, report } = open('odd', async () => [Number.NaN, 0.2]);
  runner.observe(inference([0.1, 0.1]));
  await turns();
  await runner.flush();
  expect(await report()).toMatchObject({ compared: 1, rows: 2, disagreement: 0.5 });
  expect((await report()).scoreDelta.mean).toBeCloseTo(0.1, 12);
});
