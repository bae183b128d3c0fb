import { fileURLToPath } from 'node:url';
import type { Database } from '@falaj/database';
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Inference } from '../domain/inference-observer.js';
import { inferenceWindow } from './rollout-tables.js';
import { endpoint } from './tables.js';
import { VariantMetrics } from './variant-metrics.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase({
    migrations: [{ name: 'deployments', folder: fileURLToPath(new URL('../../migrations', import.meta.url)) }],
  });
  await test.database.asSystem((tx) =>
    tx.insert(endpoint).values({
      id: 'ep',
      workspaceId: 'w1',
      zone: 'AE',
      ownerId: 'p',
      owner: 'p',
      name: 'delay',
      state: 'READY',
      revision: 1,
      modelVersionId: 'mv_1',
      modelName: 'm',
      modelVersion: 1,
      inputs: [],
      outputs: [],
      device: 'cpu',
      compliance: [],
    }),
  );
});
afterAll(() => test?.close());

const split = { kind: 'ROLLOUT', variants: [{ name: 'baseline' }, { name: 'candidate' }] };
const inference = (variant: string, revision: number, error: Inference['error'] = null) =>
  ({
    endpoint: { id: 'ep', name: 'delay', workspaceId: 'w1', zone: 'AE' },
    revision,
    variant,
    role: 'ANSWER',
    at: Date.now(),
    latencyMs: 2,
    response: error ? null : [{ name: 'y', datatype: 'FP32', shape: [1, 1], data: Float32Array.of(0.5) }],
    error,
  }) as unknown as Inference;

it('counts each variant once, whatever the database does meanwhile, and nobody who named a version', async () => {
  let down = true;
  const database = {
    ...test.database,
    asSystem: ((work: never) =>
      down ? Promise.reject(new Error('the database is away')) : test.database.asSystem(work)) as Database['asSystem'],
  };
  const metrics = new VariantMetrics(database, { current: () => ({ split }) as never }, 'process-1');
  for (let n = 0; n < 5; n++) metrics.observe(inference('baseline', 1));
  metrics.observe(inference('candidate', 2, { code: 'PLUGIN_FAILED', message: 'no' }));
  metrics.observe(inference('version-2', 2));
  await expect(metrics.flush()).rejects.toThrow('away');
  metrics.observe(inference('candidate', 2));
  await expect(metrics.flush()).rejects.toThrow('away');
  down = false;
  await metrics.flush();
  await metrics.flush();
  const rows = await test.database.asSystem((tx) => tx.select().from(inferenceWindow));
  const sums = (revision: number) =>
    rows
      .filter((row) => row.revision === revision)
      .reduce((sum, row) => ({ requests: sum.requests + row.requests, errors: sum.errors + row.errors }), {
        requests: 0,
        errors: 0,
      });
  expect(sums(1)).toEqual({ requests: 5, errors: 0 });
  expect(sums(2)).toEqual({ requests: 2, errors: 1 });
});
