// Exposures over a real PostgreSQL: none lost to a fault of the database, and found again by any logged inference.
import { createHmac } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import { createLogger } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Digest } from '../domain/inference-log/record.js';
import { layoutOf } from '../domain/inference-log/redaction.js';
import type { Inference } from '../domain/inference-observer.js';
import { insertEndpoint } from '../testing/endpoint-rows.js';
import type { Route } from './endpoint-routes.js';
import { Exposures } from './exposures.js';
import { InferenceLog } from './inference-record-log.js';
import type { LogSettings } from './inference-record-settings.js';
import { saveOutcomes, studyData } from './outcomes.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase({
    migrations: [{ name: 'deployments', folder: fileURLToPath(new URL('../../migrations', import.meta.url)) }],
  });
  await insertEndpoint(test, 'ep');
});
afterAll(() => test?.close());

const digest: Digest = (column, value) =>
  `hmac:${createHmac('sha256', 'key').update(`${column}\n${value}`).digest('hex')}`;
const study = (key: string) => ({
  current: () => ({ split: { exposureKey: key, variants: [{ name: 'a' }, { name: 'b' }] } }) as unknown as Route,
});
let serial = 0;
const inference = (changes: Partial<Inference> = {}): Inference => ({
  id: `inf_${++serial}`,
  at: Date.now(),
  endpoint: { id: 'ep', name: 'delay', workspaceId: 'w1', zone: 'AE' },
  revision: 1,
  modelVersionId: 'mv',
  modelVersion: 1,
  variant: 'a',
  role: 'ANSWER',
  subject: 'passenger-7',
  principalId: 'p',
  requestId: null,
  traceId: null,
  request: [],
  features: null,
  response: [],
  latencyMs: 1,
  error: null,
  ...changes,
});
const rows = async (key: string) =>
  (
    await test.database.asSystem((tx) =>
      tx.execute<{ variant: string; inference_id: string }>(
        sql`select variant, inference_id from deployments.exposure where study_id = ${key} order by variant, inference_id`,
      ),
    )
  ).rows;
const endpoint = { id: 'ep', workspaceId: 'w1', zone: 'AE' };
const scope = { workspaceId: 'w1', zones: ['AE'], principalId: 'p' };

it('writes what waited over a fault of the database, once', async () => {
  let down = true;
  const shaky = {
    asSystem: (work: never) => (down ? Promise.reject(new Error('gone')) : test.database.asSystem(work)),
  };
  const exposures = new Exposures(shaky as never, study('shaky'));
  const first = inference();
  for (const one of [first, inference(), inference({ subject: 'other', variant: 'b' }), inference({ role: 'SHADOW' })])
    exposures.observe(one);
  exposures.observe(inference({ variant: 'version-1', subject: 'chose' }));
  await expect(exposures.flush()).rejects.toThrow('gone');
  down = false;
  await exposures.flush();
  await exposures.flush();
  expect(await rows('shaky')).toEqual([
    { variant: 'a', inference_id: first.id },
    { variant: 'b', inference_id: expect.any(String) },
  ]);
});

it('of a process that still answers by an older state is seen as a second exposure', async () => {
  const [here, there] = [new Exposures(test.database, study('moved')), new Exposures(test.database, study('moved'))];
  here.observe(inference());
  there.observe(inference({ variant: 'b' }));
  await Promise.all([here.flush(), there.flush()]);
  const found = await test.database.asSystem((tx) => studyData(tx, 'ep', 'moved', new Set()));
  expect(found).toEqual({ severalArms: 1, variants: [] });
});

it('is found by any inference of its subject that the log holds, of its endpoint and workspace only', async () => {
  const exposures = new Exposures(test.database, study('logged'), async () => digest);
  const settings = {
    endpointId: 'ep',
    workspaceId: 'w1',
    zone: 'AE',
    enabled: true,
    sampleRate: 10_000,
  } as LogSettings;
  const layout = layoutOf({ servingPlan: {} as never, categories: [] }, { classes: {}, viewCategories: {} });
  const log = new InferenceLog(
    test.database,
    {
      active: () => settings,
      digestFor: async () => digest,
      readKeys: async () => undefined,
      layout: async () => layout,
    },
    createLogger('test'),
    'process',
  );
  const [first, later, stranger] = [inference(), inference(), inference({ subject: 'not in the test' })];
  for (const one of [first, later]) exposures.observe(one);
  for (const one of [later, stranger]) log.observe(one);
  await Promise.all([exposures.flush(), log.flush()]);
  const told = [first, later, stranger].map(({ id }, place) => ({
    inferenceId: id,
    metric: 'spent',
    value: 10 ** place,
    key: id,
  }));
  const saved = await test.database.inWorkspace(scope, (tx) => saveOutcomes(tx, endpoint, told));
  expect(saved).toEqual({ recorded: 2, repeated: 0, unmatched: 1 });
  const { variants } = await test.database.asSystem((tx) => studyData(tx, 'ep', 'logged', new Set()));
  expect(variants).toEqual([{ name: 'a', subjects: 1, outcomes: { spent: { n: 1, sum: 11, sumOfSquares: 121 } } }]);
  const elsewhere = await test.database.inWorkspace({ ...scope, workspaceId: 'w2' }, (tx) =>
    saveOutcomes(tx, { ...endpoint, workspaceId: 'w2' }, told),
  );
  expect(elsewhere).toEqual({ recorded: 0, repeated: 0, unmatched: 3 });
});
