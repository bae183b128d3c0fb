// What a process serves, over a real PostgreSQL and a real vault; the runtime is a fake that knows only what it was given.
import { fileURLToPath } from 'node:url';
import type { ArtifactStoreV1, KeysV1, ServingV1 } from '@falaj/contracts';
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import { createArtifactVault, createCall } from '@falaj/plugin-host';
import { createLogger, type Principal } from '@falaj/runtime';
import type { Platform } from '@falaj/subgraph-kit';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeployableModel } from '../domain/deployable-model.js';
import type { Inference } from '../domain/inference-observer.js';
import { bucketOf, type Variant } from '../domain/rollout/assignment.js';
import { insertEndpoint, testModel } from '../testing/endpoint-rows.js';
import { EndpointRoutes } from './endpoint-routes.js';
import { ModelHost } from './model-host.js';
import { trafficSplit } from './rollout-tables.js';
import { endpoint, endpointRevision } from './tables.js';

const principal: Principal = {
  id: 'p',
  kind: 'USER',
  name: 'p',
  workspaceId: 'w1',
  roles: [],
  zone: 'AE',
  zones: ['AE'],
};
const call = createCall({ id: 'p' }, { workspaceId: 'w1', zone: 'AE' });
const objects = new Map<string, Uint8Array>();
const vault = createArtifactVault({
  keys: {
    wrap: async ({ key }: { key: Uint8Array }) => ({ keyId: 'k#1', ciphertext: Uint8Array.from(key) }),
    unwrap: async ({ wrapped }: { wrapped: { ciphertext: Uint8Array } }) => Uint8Array.from(wrapped.ciphertext),
  } as unknown as KeysV1,
  store: {
    async put({ key, data }: { key: string; data: Uint8Array }) {
      objects.set(key, Uint8Array.from(data));
      return { key, bytes: data.length, storedAt: 0 };
    },
    get: async ({ key }: { key: string }) => objects.get(key) ?? null,
  } as unknown as ArtifactStoreV1,
});

/** Its models add their first byte. */
const loaded = new Map<string, number>();
const serving = {
  async load({ handle, model }: { handle: string; model: Uint8Array }) {
    loaded.set(handle, model[0] as number);
    const tensor = (name: string) => ({ name, datatype: 'FP32', shape: [-1, 1] });
    return { handle, platform: 'fake', device: 'cpu', inputs: [tensor('x')], outputs: [tensor('y')] };
  },
  async infer({ handle, inputs }: { handle: string; inputs: { data: Float32Array; shape: number[] }[] }) {
    const added = loaded.get(handle);
    if (added === undefined) throw new Error(`${handle} is not loaded`);
    await new Promise((resolve) => setTimeout(resolve, 1));
    const { data, shape } = inputs[0] as { data: Float32Array; shape: number[] };
    return [{ name: 'y', datatype: 'FP32', shape, data: data.map((value) => value + added) }];
  },
  async unload({ handle }: { handle: string }) {
    loaded.delete(handle);
  },
} as unknown as ServingV1;

let test: TestDatabase;
let platform: Platform;
let host: ModelHost;
let routes: EndpointRoutes;
const seen: Inference[] = [];
let digests: string[];
beforeAll(async () => {
  test = await createTestDatabase({
    migrations: [{ name: 'deployments', folder: fileURLToPath(new URL('../../migrations', import.meta.url)) }],
  });
  platform = {
    database: test.database,
    vault,
    log: createLogger('test'),
    plugins: { get: () => serving, call: createCall },
  } as unknown as Platform;
  host = new ModelHost(platform);
  routes = new EndpointRoutes(platform, host, { observe: (inference) => seen.push(inference) });
  digests = [];
  for (const first of [10, 20]) {
    const sealed = await vault.put(
      {
        key: `m/${first}`,
        workspaceId: 'w1',
        zone: 'AE',
        data: Uint8Array.of(first),
        contentType: 'application/onnx',
      },
      call,
    );
    digests.push(sealed.digest);
  }
  await deploy('delay', [model(1, 'm/10', digests[0]), model(2, 'm/20', digests[1])]);
  await deploy('forged', [model(1, 'm/20', digests[0])]);
});
afterAll(async () => {
  await routes?.stop();
  await test?.close();
});

const model = testModel;
const deploy = (name: string, models: readonly DeployableModel[]) => insertEndpoint(test, name, models);
async function predict(name: string, value: number, subject = 's'): Promise<number> {
  const route = await routes.find(principal, name);
  if (!route) throw new Error(`${name} was not found`);
  const endpointModel = await route.serve();
  const served = endpointModel.choose?.(subject) ?? endpointModel;
  const input = { name: 'x', datatype: 'FP32' as const, shape: [1, 1], data: Float32Array.of(value) };
  const context = { principal, signal: undefined, id: undefined, subject, inferenceId: 'inf_1' };
  const [output] = await served.infer([input], [], context);
  return (output?.data as Float32Array | undefined)?.[0] as number;
}

it('never loads bytes that are not the registered model', async () => {
  await expect(predict('forged', 1)).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
  expect([...loaded.keys()].filter((handle) => handle.startsWith('forged/'))).toEqual([]);
});

it('begins to serve nothing whose transfer instrument has ended', async () => {
  const permit = (validTo: string) => ({ instruments: ['ins_1'], validTo });
  const permitted = (validTo: string) => ({ ...model(1, 'm/10', digests[0]), permit: permit(validTo) });
  await deploy('permitted', [permitted('2999-01-01T00:00:00Z')]);
  await deploy('ended', [permitted('2026-01-01T00:00:00Z')]);
  expect(await predict('permitted', 1)).toBe(11);
  await expect(predict('ended', 1)).rejects.toMatchObject({
    code: 'RESIDENCY_VIOLATION',
    details: { rule: 'INSTRUMENT_ENDED' },
  });
});

it('a revoked placement answers where it is loaded, nowhere else; a drained one nowhere', async () => {
  const permit = { instruments: ['ins_1'], validTo: '2999-01-01T00:00:00Z' };
  await deploy('revoked', [{ ...model(1, 'm/10', digests[0]), permit }]);
  expect(await predict('revoked', 1)).toBe(11);
  const set = (values: Partial<typeof endpointRevision.$inferInsert>) =>
    test.database.asSystem((tx) =>
      tx.update(endpointRevision).set(values).where(eq(endpointRevision.endpointId, 'revoked')),
    );
  await set({ permitEnd: 'REVOKED', permitEndedAt: new Date() });
  await routes.refresh('revoked');
  expect(await predict('revoked', 1)).toBe(11);
  const ended = { code: 'RESIDENCY_VIOLATION', details: { rule: 'INSTRUMENT_ENDED', instruments: ['ins_1'] } };
  const started = new EndpointRoutes(platform, new ModelHost(platform), { observe: () => undefined });
  await expect((await started.find(principal, 'revoked'))?.serve()).rejects.toMatchObject(ended);
  await set({ drainedAt: new Date() });
  await routes.refresh('revoked');
  await expect(predict('revoked', 1)).rejects.toMatchObject(ended);
  const route = await routes.find(principal, 'revoked');
  await expect(route && routes.version(route, '1')).rejects.toMatchObject(ended);
});

it('starts with what can be served, whatever else cannot', async () => {
  await routes.start();
  expect(routes.ready).toBe(true);
  expect(await predict('delay', 1)).toBe(11);
});

it('is not found from another workspace or zone', async () => {
  expect(await routes.find({ ...principal, workspaceId: 'w2' }, 'delay')).toBeNull();
  expect(await routes.find({ ...principal, zones: ['SA'] }, 'delay')).toBeNull();
});

it('swaps revisions under 200 requests without a failed one, and then answers by the new one only', async () => {
  const swapped = Promise.withResolvers<void>();
  // The last ones come after the swap, however long it takes.
  const requests = Array.from({ length: 200 }, async (_, i) => {
    await new Promise((resolve) => setTimeout(resolve, i % 40));
    if (i >= 180) await swapped.promise;
    return predict('delay', i);
  });
  await new Promise((resolve) => setTimeout(resolve, 15));
  await test.database.asSystem(async (tx) => {
    await tx
      .update(endpoint)
      .set({ revision: 2, modelVersion: 2, modelVersionId: 'mv_2' })
      .where(eq(endpoint.id, 'delay'));
    await routes.announce(tx, 'delay');
  });
  await routes.refresh('delay');
  host.keepOnly('delay', new Set([2]), 500);
  swapped.resolve();
  const added = (await Promise.all(requests)).map((answer, i) => answer - i);
  expect(new Set(added)).toEqual(new Set([10, 20]));
  expect(await predict('delay', 0)).toBe(20);
});

it('passes every inference to the observer, also one that failed', async () => {
  seen.length = 0;
  await predict('delay', 4, 'passenger-7');
  expect(seen).toMatchObject([
    {
      id: 'inf_1',
      endpoint: { id: 'delay', workspaceId: 'w1', zone: 'AE' },
      revision: 2,
      modelVersionId: 'mv_2',
      variant: 'live',
      role: 'ANSWER',
      subject: 'passenger-7',
      principalId: 'p',
      response: [{ name: 'y', data: Float32Array.of(24) }],
      error: null,
    },
  ]);
  loaded.clear();
  await expect(predict('delay', 4)).rejects.toThrow();
  expect(seen[1]).toMatchObject({ response: null, error: { code: 'INTERNAL' } });
});

describe('a split', () => {
  const split = (variants: Variant[]) =>
    test.database.asSystem(async (tx) => {
      await tx.delete(trafficSplit).where(eq(trafficSplit.endpointId, 'parted'));
      await tx.insert(trafficSplit).values({
        id: 'split',
        workspaceId: 'w1',
        zone: 'AE',
        ownerId: 'p',
        owner: 'p',
        endpointId: 'parted',
        kind: 'MANUAL',
        salt: 'salt',
        variants,
      });
      await routes.announce(tx, 'parted');
    });
  const variantsOf = async (subjects: readonly string[]) => {
    seen.length = 0;
    await Promise.all(subjects.map((subject) => predict('parted', 0, subject)));
    return new Map(seen.map(({ subject, variant }) => [subject, variant]));
  };
  const subjects = Array.from({ length: 400 }, (_, i) => `s${i}`);

  it('answers each subject by its bucket, here and in another process, before and after a restart', async () => {
    await deploy('parted', [model(1, 'm/10', digests[0]), model(2, 'm/20', digests[1])]);
    await split([
      { name: 'canary', revision: 2, weight: 2500 },
      { name: 'baseline', revision: 1, weight: 7500 },
    ]);
    await routes.refresh('parted');
    const found = await variantsOf(subjects);
    for (const subject of subjects)
      expect(found.get(subject)).toBe(bucketOf('salt', subject) < 2500 ? 'canary' : 'baseline');
    const other = new EndpointRoutes(platform, new ModelHost(platform), { observe: (one) => seen.push(one) });
    const mine = routes;
    routes = other;
    expect(await variantsOf(subjects)).toEqual(found);
    routes = mine;
  });

  it('follows a notice in every process, keeping who was with the canary', async () => {
    const before = await variantsOf(subjects);
    await split([
      { name: 'canary', revision: 2, weight: 5000 },
      { name: 'baseline', revision: 1, weight: 5000 },
    ]);
    await expect
      .poll(async () => [...(await variantsOf(subjects)).values()].filter((v) => v === 'canary').length)
      .toBeGreaterThan(150);
    const after = await variantsOf(subjects);
    for (const subject of subjects) if (before.get(subject) === 'canary') expect(after.get(subject)).toBe('canary');
  });
});
