import path from 'node:path';
import { type KeysV1, PluginError, type PluginHost, throwIfCancelled, type WrappedKey } from '@falaj/plugin-sdk';
import { KeyRing, type KeyVersion } from './key-ring.js';
import { masterFromFile, masterFromSecret } from './master-key.js';
import { privateFolder, refuseExposedFiles } from './private-files.js';
import { seal, unseal } from './sealing.js';

/** Opens the keys under the host's folder. Refuses when a file is open to others or the master key is missing or wrong. */
export async function openLocalKeys(master: 'file' | 'secret', host: PluginHost): Promise<KeysV1> {
  const folder = path.join(host.directory, 'keys');
  await privateFolder(host.directory);
  await privateFolder(folder);
  const names = await refuseExposedFiles(folder);
  const hasKeys = names.length > 0;
  const masterKey =
    master === 'file'
      ? await masterFromFile(host.directory, hasKeys)
      : await masterFromSecret(host.directory, host.secret('keys-local-master'), hasKeys);
  const ring = new KeyRing(folder, masterKey, host.clock);
  await ring.verify(names);
  let closed = false;

  const enter = (call: { signal: AbortSignal }): void => {
    throwIfCancelled(call);
    if (closed) throw new PluginError('UNAVAILABLE', 'The keys are closed.', { retryable: false });
  };
  const describe = ({ keyId, createdAt }: KeyVersion) => ({
    keyId,
    createdAt,
    protection: `local file, master in ${master}`,
  });
  const bind = (keyId: string, context: string): string => JSON.stringify([keyId, context]);

  const wrap = async (keyRef: string, key: Uint8Array, context: string): Promise<WrappedKey> => {
    const { keyId, key: kek } = await ring.current(keyRef);
    return { keyId, ciphertext: seal(kek, key, bind(keyId, context)) };
  };
  const unwrap = ({ keyId, key: kek }: KeyVersion, wrapped: WrappedKey, context: string): Uint8Array => {
    const key = unseal(kek, wrapped.ciphertext, bind(keyId, context));
    if (key) return key;
    throw new PluginError('CORRUPT', `The key wrapped by "${keyId}" is damaged or belongs to another context.`);
  };

  return {
    async wrap({ keyRef, key, context }, call) {
      enter(call);
      if (key.length === 0) throw new PluginError('BAD_INPUT', 'There is no key to wrap: 0 bytes given.');
      return wrap(keyRef, key, context);
    },
    async unwrap({ wrapped, context }, call) {
      enter(call);
      return unwrap(await ring.byId(wrapped.keyId), wrapped, context);
    },
    async rewrap({ wrapped, context }, call) {
      enter(call);
      const from = await ring.byId(wrapped.keyId);
      return wrap(from.keyRef, unwrap(from, wrapped, context), context);
    },
    async retire({ keyId }, call) {
      enter(call);
      await ring.retire(keyId);
    },
    async destroy({ keyRef }, call) {
      enter(call);
      await ring.destroy(keyRef);
    },
    async rotate({ keyRef }, call) {
      enter(call);
      return describe(await ring.rotate(keyRef));
    },
    async describe({ keyRef }, call) {
      enter(call);
      return describe(await ring.current(keyRef));
    },
    async health() {
      return closed ? { ok: false, detail: 'closed' } : { ok: true };
    },
    async close() {
      closed = true;
      ring.wipe();
    },
  };
}
