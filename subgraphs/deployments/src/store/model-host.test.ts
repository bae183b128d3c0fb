// What a process serves, over a real PostgreSQL and a real vault; the runtime is a fake that knows only what it was given.
import { fileURLToPath } from 'node:url';
import type { ArtifactStoreV1, KeysV1, ServingV1 } from '@falaj/contracts';
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import { createArtifactVault, createCall } from '@falaj/plugin-host';
import { createLogger, type Principal } from '@falaj/runtime';
import type { Platform } from '@falaj/subgraph-kit';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DeployableModel } from '../domain/deployable-model.js';
import { ModelHost } from './model-host.js';
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
let host: ModelHost;
let digests: string[];
beforeAll(async () => {
  test = await createTestDatabase({
    migrations: [{ name: 'deployments', folder: fileURLToPath(new URL('../../migrations', import.meta.url)) }],
  });
  const platform = {
    database: test.database,
    vault,
    log: createLogger('test'),
    plugins: { get: () => serving, call: createCall },
  } as unknown as Platform;
  host = new ModelHost(platform);
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
  await host?.stop();
  await test?.close();
});

const model = (version: number, artifactKey: string, digest = ''): DeployableModel => ({
  id: `mv_${version}`,
  name: 'm',
  version,
  artifactKey,
  digest,
  zone: 'AE',
  categories: [],
  allowedZones: ['AE'],
  servingPlan: {} as never,
});
/** An endpoint whose first revision is live. */
async function deploy(name: string, models: readonly DeployableModel[]): Promise<void> {
  const own = { workspaceId: 'w1', zone: 'AE', ownerId: 'p', owner: 'p' };
  await test.database.asSystem(async (tx) => {
    await tx.insert(endpoint).values({
      ...own,
      id: name,
      name,
      state: 'READY',
      revision: 1,
      modelVersionId: 'mv_1',
      modelName: 'm',
      modelVersion: 1,
      inputs: [],
      outputs: [],
      device: 'cpu',
      compliance: [],
    });
    await tx.insert(endpointRevision).values(
      models.map((revised, place) => ({
        ...own,
        id: `${name}-${place + 1}`,
        endpointId: name,
        revision: place + 1,
        modelVersionId: revised.id,
        modelVersion: revised.version,
        model: revised,
        compliance: [],
      })),
    );
  });
}
async function predict(name: string, value: number): Promise<number> {
  const record = await host.find(principal, name);
  if (!record) throw new Error(`${name} was not found`);
  const served = await host.serve(record);
  const input = { name: 'x', datatype: 'FP32' as const, shape: [1, 1], data: Float32Array.of(value) };
  const [output] = await served.infer([input], [], { principal, signal: undefined, id: undefined });
  return (output?.data as Float32Array | undefined)?.[0] as number;
}

it('never loads bytes that are not the registered model', async () => {
  await expect(predict('forged', 1)).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
  expect([...loaded.keys()].filter((handle) => handle.startsWith('forged'))).toEqual([]);
});

it('starts with what can be served, whatever else cannot', async () => {
  await host.start();
  expect(host.ready).toBe(true);
  expect(await predict('delay', 1)).toBe(11);
});

it('is not found from another workspace or zone', async () => {
  expect(await host.find({ ...principal, workspaceId: 'w2' }, 'delay')).toBeNull();
  expect(await host.find({ ...principal, zones: ['SA'] }, 'delay')).toBeNull();
});

it('swaps revisions under 200 requests without a failed one, and then answers by the new one only', async () => {
  const requests = Array.from({ length: 200 }, async (_, i) => {
    await new Promise((resolve) => setTimeout(resolve, i % 40));
    return predict('delay', i);
  });
  await new Promise((resolve) => setTimeout(resolve, 15));
  await host.trial(principal, 'delay', 'delay', 2, 'AE', model(2, 'm/20', digests[1]), call);
  await test.database.asSystem(async (tx) => {
    await tx
      .update(endpoint)
      .set({ revision: 2, modelVersion: 2, modelVersionId: 'mv_2' })
      .where(eq(endpoint.id, 'delay'));
    await host.announce(tx, 'delay');
  });
  host.forgetNames();
  await host.retire('delay', 1, 500);
  const added = (await Promise.all(requests)).map((answer, i) => answer - i);
  expect(new Set(added)).toEqual(new Set([10, 20]));
  expect(await predict('delay', 0)).toBe(20);
});
