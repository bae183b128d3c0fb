// Small plugins that keep their contract, for the kit's own test: each must pass whole, and fail once it is broken.
// What outlives a restart is kept per host folder in this module's memory.
import { createHmac, randomBytes } from 'node:crypto';
import {
  type ArtifactStoreV1,
  type CheckResult,
  type ComplianceV1,
  definePlugin,
  type KeysV1,
  type Kind,
  type Kinds,
  type OnlineRow,
  type OnlineStoreV1,
  type Plugin,
  PluginError,
  type PluginHost,
  type ServingV1,
  type StandardSchemaV1,
  type Tensor,
  throwIfCancelled,
  type WrappedKey,
} from '@falaj/plugin-sdk';
import { tinyModel } from '../tiny-model.js';

const anything: StandardSchemaV1<unknown> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) },
};

/** A plugin of what `create` makes, changed by a mutation. */
export function reference<K extends Kind>(
  kind: K,
  create: (host: PluginHost) => Kinds[K],
  mutate: (instance: Kinds[K], host: PluginHost) => Partial<Kinds[K]> = () => ({}),
): Plugin<K> {
  return definePlugin({
    kind,
    name: 'reference',
    contract: 1,
    config: anything,
    create: (_config, host) => {
      const instance = create(host);
      return { ...instance, ...mutate(instance, host) };
    },
  });
}

const base = { health: async () => ({ ok: true }), close: async () => {} };
const folders = new Map<string, unknown>();
function kept<T>(host: PluginHost, make: () => T): T {
  const found = folders.get(host.directory) ?? make();
  folders.set(host.directory, found);
  return found as T;
}

export function memoryArtifacts(host: PluginHost): ArtifactStoreV1 {
  const objects = kept(host, () => new Map<string, Uint8Array>());
  const check = (key: string) => {
    if (!/^[A-Za-z0-9._/-]{1,512}$/.test(key) || key.includes('..') || key.startsWith('/')) {
      throw new PluginError('BAD_INPUT', 'bad key');
    }
  };
  return {
    ...base,
    async put({ key, data }, call) {
      throwIfCancelled(call);
      check(key);
      objects.set(key, data.slice());
      return { key, bytes: data.length, storedAt: host.clock() };
    },
    async get({ key }, call) {
      throwIfCancelled(call);
      check(key);
      return objects.get(key)?.slice() ?? null;
    },
    async remove({ key }) {
      objects.delete(key);
    },
    async list({ prefix, after, limit }) {
      const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && (after === null || key > after));
      return keys
        .toSorted()
        .slice(0, limit)
        .map((key) => ({ key, bytes: objects.get(key)?.length ?? 0, storedAt: 0 }));
    },
  };
}

export function memoryKeys(host: PluginHost): KeysV1 {
  const versions = kept(host, () => new Map<string, (Buffer | undefined)[]>());
  const of = (keyRef: string) => {
    const found = versions.get(keyRef) ?? [randomBytes(32)];
    versions.set(keyRef, found);
    return found;
  };
  const mask = (kek: Buffer, salt: Uint8Array) => createHmac('sha256', kek).update('mask').update(salt).digest();
  const tag = (kek: Buffer, id: string, context: string, body: Uint8Array) =>
    createHmac('sha256', kek)
      .update(JSON.stringify([id, context]))
      .update(body)
      .digest();
  const xor = (data: Uint8Array, pad: Uint8Array) => data.map((byte, index) => byte ^ (pad[index % 32] as number));
  const describe = (keyRef: string) => ({
    keyId: `${keyRef}#${of(keyRef).length}`,
    createdAt: 0,
    protection: 'memory',
  });
  return {
    ...base,
    async wrap({ keyRef, key, context }, call) {
      throwIfCancelled(call);
      const kek = of(keyRef).at(-1) as Buffer;
      const { keyId } = describe(keyRef);
      const salt = randomBytes(16);
      const body = Buffer.concat([salt, xor(key, mask(kek, salt))]);
      return { keyId, ciphertext: new Uint8Array(Buffer.concat([body, tag(kek, keyId, context, body)])) };
    },
    async unwrap({ wrapped, context }, call) {
      throwIfCancelled(call);
      const [keyRef = '', version] = wrapped.keyId.split('#');
      const kek = versions.get(keyRef)?.[Number(version) - 1];
      if (!kek) throw new PluginError('NOT_FOUND', 'no such key');
      const body = wrapped.ciphertext.slice(0, -32);
      const good = tag(kek, wrapped.keyId, context, body).equals(wrapped.ciphertext.slice(-32));
      if (!good || body.length < 16) throw new PluginError('CORRUPT', 'does not unwrap');
      return xor(body.slice(16), mask(kek, body.slice(0, 16)));
    },
    async rewrap({ wrapped, context }, call): Promise<WrappedKey> {
      const key = await this.unwrap({ wrapped, context }, call);
      return this.wrap({ keyRef: wrapped.keyId.split('#')[0] ?? '', key, context }, call);
    },
    async rotate({ keyRef }) {
      of(keyRef).push(randomBytes(32));
      return describe(keyRef);
    },
    async retire({ keyId }) {
      const [keyRef = '', version] = keyId.split('#');
      const held = versions.get(keyRef);
      if (!held?.[Number(version) - 1]) throw new PluginError('NOT_FOUND', 'no such key');
      for (let index = 0; index < Number(version) - 1; index++) held[index] = undefined;
    },
    async destroy({ keyRef }) {
      versions.delete(keyRef);
    },
    async describe({ keyRef }, call) {
      throwIfCancelled(call);
      return describe(keyRef);
    },
  };
}

export function memoryOnline(host: PluginHost): OnlineStoreV1 {
  const views = kept(host, () => new Map<string, Map<string, OnlineRow>>());
  const rowsOf = (workspace: string, view: string, version: number) => {
    const id = JSON.stringify([workspace, view, version]);
    const rows = views.get(id) ?? new Map<string, OnlineRow>();
    views.set(id, rows);
    return rows;
  };
  return {
    ...base,
    async write({ view, rows }, call) {
      throwIfCancelled(call);
      const into = rowsOf(call.workspace, view.view, view.version);
      let stale = 0;
      for (const row of rows) {
        if ((into.get(row.key)?.eventTime ?? Number.NEGATIVE_INFINITY) > row.eventTime) stale += 1;
        else into.set(row.key, row);
      }
      return { written: rows.length - stale, stale };
    },
    async read({ requests }, call) {
      throwIfCancelled(call);
      return requests.map(({ view, keys }) => {
        const rows = rowsOf(call.workspace, view.view, view.version);
        return keys.map((key) => rows.get(key) ?? null);
      });
    },
    async remove({ view, version, keys }, call) {
      const rows = rowsOf(call.workspace, view, version);
      const gone = (keys ?? [...rows.keys()]).filter((key) => rows.delete(key));
      return { removed: gone.length };
    },
    async removeByKeyPart({ view, version, part, value }, call) {
      const rows = rowsOf(call.workspace, view, version);
      const gone = [...rows.keys()].filter((key) => JSON.parse(key)[part] === value).filter((key) => rows.delete(key));
      return { removed: gone.length };
    },
  };
}

const CHECK = { id: 'KIT-001', version: 1, subject: 'deployment', gate: 'BLOCK_DEPLOYMENT' } as const;

export function oneCheck(): ComplianceV1 {
  return {
    ...base,
    async list() {
      return [{ ...CHECK, title: 'Zone is known', references: [{ framework: 'KIT', reference: '1' }] }];
    },
    async evaluate({ subject, snapshot }, call) {
      throwIfCancelled(call);
      if (subject !== CHECK.subject) return [];
      const known = typeof snapshot.zone === 'string';
      const verdict: CheckResult = {
        checkId: CHECK.id,
        version: CHECK.version,
        status: known ? 'PASS' : 'FAIL',
        reason: known ? 'The zone is known.' : 'No zone is given.',
        evidence: [],
      };
      return [verdict];
    },
  };
}

/** Serves the kit's own model and no other. */
export function tinyServing(): ServingV1 {
  const loaded = new Set<string>();
  const bad = (why: string) => new PluginError('BAD_INPUT', why);
  const specOf = (name: string, width: number) => ({ name, datatype: 'FP32' as const, shape: [-1, width] });
  return {
    ...base,
    async load({ handle, model }, call) {
      throwIfCancelled(call);
      if (Buffer.compare(model, tinyModel()) !== 0) throw bad('not the model');
      loaded.add(handle);
      const outputs = [specOf('y', 1), specOf('raw', 1)];
      return { handle, inputs: [specOf('features', 2)], outputs, platform: 'kit_tiny', device: 'cpu' };
    },
    async infer({ handle, inputs, outputs = ['y', 'raw'] }) {
      if (!loaded.has(handle)) throw new PluginError('NOT_FOUND', 'unknown handle');
      const [input] = inputs;
      const data = input?.data;
      const rows = input?.shape[0] ?? -1;
      const fits =
        inputs.length === 1 && input?.name === 'features' && input.shape.length === 2 && input.shape[1] === 2;
      if (!fits || rows < 0 || !(data instanceof Float32Array) || data.length !== rows * 2) throw bad('input');
      return outputs.map((name): Tensor => {
        if (name !== 'y' && name !== 'raw') throw bad('output');
        const bias = name === 'y' ? 1 : 0;
        const values = Float32Array.from({ length: rows }, (_, row) => {
          return 2 * (data[row * 2] as number) + 3 * (data[row * 2 + 1] as number) + bias;
        });
        return { name, datatype: 'FP32', shape: [rows, 1], data: values };
      });
    },
    async unload({ handle }) {
      loaded.delete(handle);
    },
  };
}
