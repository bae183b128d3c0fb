// The kit's own test: it accepts plugins that keep the contract and rejects each mutant by the case that names its fault.
import type { Kind, Kinds, Plugin, PluginHost } from '@falaj/plugin-sdk';
import { expect, test } from 'vitest';
import { conformance, tinyModel } from './index.js';
import {
  memoryArtifacts,
  memoryKeys,
  memoryOnline,
  oneCheck,
  reference,
  tinyServing,
} from './testing/reference-plugins.js';

async function failing(plugin: Plugin): Promise<string[]> {
  const failed: string[] = [];
  for (const each of conformance(plugin)) {
    if (each.skip === false) await each.run().catch(() => failed.push(each.id));
  }
  return failed;
}

interface Mutant {
  readonly fault: string;
  /** The case that must fail. */
  readonly by: string;
  readonly plugin: Plugin;
}

function mutants<K extends Kind>(
  kind: K,
  create: (host: PluginHost) => Kinds[K],
  faults: Readonly<Record<string, (instance: Kinds[K], host: PluginHost) => Partial<Kinds[K]>>>,
): Mutant[] {
  return Object.entries(faults).map(([name, mutate]) => ({
    fault: `${kind}: ${name.slice(6)}`,
    by: name.slice(0, 5),
    plugin: reference(kind, create, mutate) as Plugin,
  }));
}

const artifactMutants = mutants('artifact-store', memoryArtifacts, {
  'AR-01 unhealthy': () => ({ health: async () => ({ ok: false }) }),
  'AR-02 ignores a cancelled call': () => ({ get: async () => null }),
  'AR-03 drops the last byte': (store) => ({
    put: (args, call) => store.put({ ...args, data: args.data.slice(0, -1) }, call),
  }),
  'AR-04 throws for a missing key': (store) => ({
    get: async (args, call) => (await store.get(args, call)) ?? Promise.reject(new Error('missing')),
  }),
  'AR-05 keeps the first version': (store) => ({
    put: async (args, call) =>
      (await store.get(args, call)) ? { key: args.key, bytes: args.data.length, storedAt: 0 } : store.put(args, call),
  }),
  'AR-06 remove does nothing': () => ({ remove: async () => {} }),
  'AR-07 page includes its start': (store) => ({
    list: async (args, call) =>
      (await store.list({ ...args, after: null, limit: 1000 }, call))
        .filter((object) => args.after === null || object.key >= args.after)
        .slice(0, args.limit),
  }),
  'AR-08 accepts traversal': (store) => ({
    put: (args, call) => store.put({ ...args, key: args.key.replaceAll('..', 'up') }, call),
  }),
  'AR-09 normalises keys': (store) => ({
    put: (args, call) => store.put({ ...args, key: args.key.replaceAll('//', '/') }, call),
    get: (args, call) => store.get({ key: args.key.replaceAll('//', '/') }, call),
  }),
  'AR-10 forgets at close': (store, host) => ({
    close: async () => {
      for (const { key } of await memoryArtifacts(host).list(
        { prefix: '', after: null, limit: 1e6 },
        undefined as never,
      )) {
        await store.remove({ key }, undefined as never);
      }
    },
  }),
  'AR-11 takes an empty object for none': (store) => ({
    get: async (args, call) => {
      const found = await store.get(args, call);
      return found?.length ? found : null;
    },
  }),
  'AR-12 keeps the caller buffer': () => {
    const held = new Map<string, Uint8Array>();
    return {
      put: async ({ key, data }) => {
        held.set(key, data);
        return { key, bytes: data.length, storedAt: 0 };
      },
      get: async ({ key }) => held.get(key) ?? null,
    };
  },
});

const keyMutants = mutants('keys', memoryKeys, {
  'KE-03 answers zeros': () => ({ unwrap: async () => new Uint8Array(32) }),
  'KE-04 ignores the context': (keys) => ({
    wrap: (args, call) => keys.wrap({ ...args, context: '' }, call),
    unwrap: (args, call) => keys.unwrap({ ...args, context: '' }, call),
  }),
  'KE-05 checks no tag': () => ({
    wrap: async ({ keyRef, key }) => ({ keyId: `${keyRef}#1`, ciphertext: key.map((byte) => byte ^ 90) }),
    unwrap: async ({ wrapped }) => wrapped.ciphertext.map((byte) => byte ^ 90),
  }),
  'KE-06 rotation changes nothing': (keys) => ({ rotate: (args, call) => keys.describe(args, call) }),
  'KE-09 shows the key': () => ({
    wrap: async ({ keyRef, key }) => ({ keyId: `${keyRef}#1`, ciphertext: key.slice() }),
    unwrap: async ({ wrapped }) => wrapped.ciphertext,
  }),
  'KE-13 rewrap keeps the old version': () => ({ rewrap: async ({ wrapped }) => wrapped }),
  'KE-14 retires nothing': () => ({ retire: async () => {} }),
  'KE-15 destroys nothing': () => ({ destroy: async () => {} }),
  'KE-12 logs the key': (keys, host) => ({
    wrap: (args, call) => {
      host.log.debug('wrapping', { key: Buffer.from(args.key).toString('hex') });
      return keys.wrap(args, call);
    },
  }),
});

const onlineMutants = mutants('online-store', memoryOnline, {
  'ON-03 drops missing rows': (store) => ({
    read: async (args, call) => (await store.read(args, call)).map((rows) => rows.filter((row) => row !== null)),
  }),
  'ON-04 the last write wins': (store) => ({
    write: async ({ view, rows }, call) => {
      await store.remove({ view: view.view, version: view.version, keys: rows.map((row) => row.key) }, call);
      return store.write({ view, rows }, call);
    },
  }),
  'ON-14 takes the first part for any': (store) => ({
    removeByKeyPart: (args, call) => store.removeByKeyPart({ ...args, part: 0 }, call),
  }),
  'ON-05 refuses an equal time': (store) => ({
    write: async ({ view, rows }, call) => {
      const [old = []] = await store.read({ requests: [{ view, keys: rows.map((row) => row.key) }] }, call);
      return store.write({ view, rows: rows.filter((row, index) => old[index]?.eventTime !== row.eventTime) }, call);
    },
  }),
  'ON-06 rounds numbers': (store) => ({
    write: ({ view, rows }, call) =>
      store.write(
        {
          view,
          rows: rows.map((row) => ({
            ...row,
            values: row.values.map((value) => (typeof value === 'number' ? Math.fround(value) : value)),
          })),
        },
        call,
      ),
  }),
  'ON-07 knows no workspace': (store) => ({
    write: (args, call) => store.write(args, { ...call, workspace: 'one' }),
    read: (args, call) => store.read(args, { ...call, workspace: 'one' }),
  }),
  'ON-08 knows no version': (store) => ({
    write: ({ view, rows }, call) => store.write({ view: { ...view, version: 1 }, rows }, call),
    read: ({ requests }, call) =>
      store.read({ requests: requests.map((each) => ({ ...each, view: { ...each.view, version: 1 } })) }, call),
  }),
  'ON-09 takes no keys for all keys': (store) => ({
    remove: ({ keys, ...args }, call) => store.remove(keys?.length ? { ...args, keys } : args, call),
  }),
  'ON-10 sorts the views': (store) => ({
    read: (args, call) =>
      store.read({ requests: args.requests.toSorted((a, b) => a.view.version - b.view.version) }, call),
  }),
  'ON-11 the last row of a batch wins': (store) => ({
    write: async ({ view, rows }, call) => {
      const last = [...new Map(rows.map((row) => [row.key, row])).values()];
      return store.write({ view, rows: last }, call);
    },
  }),
  'ON-13 ignores case': (store) => ({
    write: ({ view, rows }, call) =>
      store.write({ view, rows: rows.map((row) => ({ ...row, key: row.key.toLowerCase() })) }, call),
  }),
});

const complianceMutants = mutants('compliance', oneCheck, {
  'CO-03 repeats an id': (checks) => ({
    list: async (args, call) => {
      const found = await checks.list(args, call);
      return [...found, ...found];
    },
  }),
  'CO-04 passes without data': (checks) => ({
    evaluate: async (args, call) =>
      (await checks.evaluate(args, call)).map((result) => ({ ...result, status: 'PASS' })),
  }),
  'CO-05 skips a check': () => ({ evaluate: async () => [] }),
  'CO-06 looks at the clock': (checks, host) => ({
    evaluate: async (args, call) =>
      (await checks.evaluate(args, call)).map((result) => ({ ...result, reason: `At ${host.clock()}.` })),
  }),
  'CO-07 tidies the snapshot': (checks) => ({
    evaluate: (args, call) => {
      delete (args.snapshot as Record<string, unknown>).data;
      return checks.evaluate(args, call);
    },
  }),
});

const servingMutants = mutants('serving', tinyServing, {
  'SV-03 hides the batch dimension': (serving) => ({
    load: async (args, call) => ({
      ...(await serving.load(args, call)),
      inputs: [{ name: 'features', datatype: 'FP32', shape: [1, 2] }],
    }),
  }),
  'SV-04 answers the first row only': (serving) => ({
    infer: async (args, call) =>
      (await serving.infer(args, call)).map((tensor) => ({
        ...tensor,
        shape: [1, 1],
        data: tensor.data.slice(0, 1) as Float32Array,
      })),
  }),
  'SV-06 unload keeps the model': () => ({ unload: async () => {} }),
  'SV-07 ignores surplus inputs': (serving) => ({
    infer: (args, call) => serving.infer({ ...args, inputs: args.inputs.slice(0, 1) }, call),
  }),
  'SV-08 accepts any bytes': (serving) => ({
    load: (args, call) => serving.load({ ...args, model: tinyModel() }, call),
  }),
  'SV-09 answers in its own order': (serving) => ({
    infer: async ({ outputs, ...args }, call) => {
      const all = await serving.infer(args, call);
      return outputs ? all.filter((tensor) => outputs.includes(tensor.name)) : all;
    },
  }),
  'SV-10 mixes concurrent calls': (serving) => {
    let latest: Parameters<typeof serving.infer>[0];
    return {
      infer: async (args, call) => {
        latest = args;
        await new Promise((resolve) => setTimeout(resolve, 1));
        return serving.infer({ ...args, inputs: latest.inputs }, call);
      },
    };
  },
});

test.each([
  reference('artifact-store', memoryArtifacts),
  reference('keys', memoryKeys),
  reference('online-store', memoryOnline),
  reference('compliance', oneCheck),
  reference('serving', tinyServing),
] as Plugin[])('a $kind that keeps its contract passes whole', async (plugin) => {
  expect(await failing(plugin)).toEqual([]);
});

test.each([...artifactMutants, ...keyMutants, ...onlineMutants, ...complianceMutants, ...servingMutants])(
  '$by catches $fault',
  async ({ by, plugin }) => {
    expect(await failing(plugin)).toContain(by);
  },
);

test('case ids are unique, and a capability that is not claimed is skipped visibly', () => {
  const ids = (
    ['artifact-store', 'keys', 'online-store', 'compliance', 'serving', 'trainer', 'offline-store', 'drift'] as const
  )
    .flatMap((kind) => conformance({ ...(reference('keys', memoryKeys) as Plugin), kind }))
    .map((each) => each.id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.every((id) => /^[A-Z]{2}-\d{2}$/.test(id))).toBe(true);
});
