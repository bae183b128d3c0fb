// Kind `keys` over the Transit engine. A reference is one Transit key of type aes256-gcm96 with derivation: the context goes
// through the key derivation (HKDF-SHA256), so that it is bound, and rewrap works in the server, which it does not with
// associated data. The data key leaves the server only when it is unwrapped.
import {
  type Call,
  type KeysV1,
  PluginError,
  type PluginHost,
  throwIfCancelled,
  type WrappedKey,
} from '@falaj/plugin-sdk';
import type { TransitConfig } from './transit-config.js';
import { type VaultReply, type VaultRequest, VaultRequests } from './vault-requests.js';
import { VaultSession } from './vault-session.js';

const KEY_REF = /^[A-Za-z0-9._:/-]{1,200}$/;
const KEY_ID = /^(.+)#([1-9][0-9]{0,8})$/;
const CIPHERTEXT = /^vault:v([1-9][0-9]{0,8}):([A-Za-z0-9+/=]+)$/;

const base64 = (data: string | Uint8Array): string => Buffer.from(data as Uint8Array).toString('base64');

/** Names of Transit keys hold letters, digits, `_`, `-` and `.` only, and end with no `-` or `.`. Injective. */
export function transitName(prefix: string, keyRef: string): string {
  if (!KEY_REF.test(keyRef)) {
    throw new PluginError('BAD_INPUT', `"${keyRef}" is no key reference: 1 to 200 of letters, digits and . _ : / -`);
  }
  const safe = keyRef
    .replaceAll(/[^A-Za-z0-9-]/g, (sign) => `_${sign.charCodeAt(0).toString(16)}`)
    .replace(/-$/, '_2d');
  return `${prefix}${safe}`;
}

function partsOf(keyId: string): { readonly keyRef: string; readonly version: number } {
  const [, keyRef, version] = KEY_ID.exec(keyId) ?? [];
  if (!keyRef || !version) throw new PluginError('BAD_INPUT', `"${keyId}" is no key id like "workspace/zone#1".`);
  return { keyRef, version: Number(version) };
}

/** Opens the keys; the server must answer and know the plugin. */
export async function openTransitKeys(config: TransitConfig, host: PluginHost): Promise<KeysV1> {
  const requests = new VaultRequests(config, host.log);
  const session = new VaultSession(requests, config.auth, host);
  /** Names that exist, as far as this process knows. */
  const known = new Set<string>();
  let closed = false;

  const ask = async (
    call: Pick<Call, 'signal'>,
    request: Omit<VaultRequest, 'signal' | 'token'>,
  ): Promise<VaultReply> => {
    throwIfCancelled(call);
    if (closed) throw new PluginError('UNAVAILABLE', 'The keys are closed.', { retryable: false });
    return session.send({ ...request, path: `${config.mount}/${request.path}`, signal: call.signal });
  };
  const nameOf = (keyRef: string): string => transitName(config.prefix, keyRef);

  /** Null when there is no such key. */
  async function read(keyRef: string, call: Call) {
    const { status, data, problem } = await ask(call, { method: 'GET', path: `keys/${nameOf(keyRef)}` });
    if (status === 404 && problem === 'no reason given') return null;
    if (status !== 200) throw unexpected(`the key of "${keyRef}"`, status, problem);
    const [latest, oldest] = [Number(data.latest_version), Number(data.min_decryption_version)];
    if (data.type !== 'aes256-gcm96' || data.derived !== true || data.exportable !== false) {
      throw new PluginError(
        'UNAVAILABLE',
        `The key of "${keyRef}" is ${data.type}${data.derived === true ? '' : ' without derivation'}${data.exportable === false ? '' : ', exportable'}; it must be aes256-gcm96 with derivation, not exportable: another program made it.`,
        { retryable: false },
      );
    }
    const seconds = Number((data.keys as Record<string, unknown> | undefined)?.[latest] ?? 0);
    return { keyId: `${keyRef}#${latest}`, latest, oldest, createdAt: seconds * 1000 };
  }

  async function ensure(keyRef: string, call: Call): Promise<void> {
    if (known.has(keyRef)) return;
    const { status, problem } = await ask(call, {
      method: 'POST',
      path: `keys/${nameOf(keyRef)}`,
      body: { type: 'aes256-gcm96', derived: true, exportable: false, allow_plaintext_backup: false },
    });
    if (status !== 200 && status !== 204) throw unexpected(`making the key of "${keyRef}"`, status, problem);
    if (!(await read(keyRef, call))) throw unexpected(`making the key of "${keyRef}"`, status, 'it is not there');
    known.add(keyRef);
  }

  async function current(keyRef: string, call: Call) {
    for (let attempt = 1; ; attempt++) {
      await ensure(keyRef, call);
      const found = await read(keyRef, call);
      if (found) return { ...found, protection: `transit at ${config.url}` };
      known.delete(keyRef);
      if (attempt === 3) throw new PluginError('CONFLICT', `The key of "${keyRef}" is destroyed again and again.`);
    }
  }

  async function wrap(keyRef: string, key: Uint8Array, context: string, call: Call): Promise<WrappedKey> {
    const fresh = !known.has(keyRef);
    await ensure(keyRef, call);
    const { status, data, problem } = await ask(call, {
      method: 'POST',
      path: `encrypt/${nameOf(keyRef)}`,
      body: { plaintext: base64(key), context: base64(context) },
    }).catch((error: unknown) => {
      // A policy without `create` refuses a key that was destroyed meanwhile.
      if (!fresh) known.delete(keyRef);
      throw error;
    });
    if (status === 200) return wrappedOf(keyRef, data.ciphertext);
    known.delete(keyRef);
    if (!fresh && /not found/.test(problem)) return wrap(keyRef, key, context, call);
    throw unexpected(`wrapping under "${keyRef}"`, status, problem);
  }

  async function open(operation: 'decrypt' | 'rewrap', wrapped: WrappedKey, context: string, call: Call) {
    const { keyRef, version } = partsOf(wrapped.keyId);
    if (wrapped.ciphertext.length === 0) throw damaged(wrapped.keyId);
    const { status, data, problem } = await ask(call, {
      method: 'POST',
      path: `${operation}/${nameOf(keyRef)}`,
      body: { ciphertext: `vault:v${version}:${base64(wrapped.ciphertext)}`, context: base64(context) },
    });
    if (status === 200) return data;
    if (/key not found|too old/.test(problem)) {
      throw new PluginError('NOT_FOUND', `There is no key "${wrapped.keyId}".`, { details: { keyId: wrapped.keyId } });
    }
    if (status === 400) throw damaged(wrapped.keyId);
    throw unexpected(`opening with "${wrapped.keyId}"`, status, problem);
  }

  const configure = (keyRef: string, body: Readonly<Record<string, unknown>>, call: Call): Promise<VaultReply> =>
    ask(call, { method: 'POST', path: `keys/${nameOf(keyRef)}/config`, body });

  return {
    async wrap({ keyRef, key, context }, call) {
      if (key.length === 0) throw new PluginError('BAD_INPUT', 'There is no key to wrap: 0 bytes given.');
      return wrap(keyRef, key, context, call);
    },
    async unwrap({ wrapped, context }, call) {
      const { plaintext } = await open('decrypt', wrapped, context, call);
      return Uint8Array.from(Buffer.from(String(plaintext), 'base64'));
    },
    async rewrap({ wrapped, context }, call) {
      const { ciphertext } = await open('rewrap', wrapped, context, call);
      return wrappedOf(partsOf(wrapped.keyId).keyRef, ciphertext);
    },
    async rotate({ keyRef }, call) {
      await ensure(keyRef, call);
      const { status, problem } = await ask(call, {
        method: 'POST',
        path: `keys/${nameOf(keyRef)}/rotate`,
        body: {},
        once: true,
      });
      if (status !== 200 && status !== 204) throw unexpected(`rotating "${keyRef}"`, status, problem);
      return current(keyRef, call);
    },
    describe: ({ keyRef }, call) => current(keyRef, call),
    async retire({ keyId }, call) {
      const { keyRef, version } = partsOf(keyId);
      const found = await read(keyRef, call);
      if (!found || version > found.latest) throw new PluginError('NOT_FOUND', `There is no key "${keyId}".`);
      if (found.oldest >= version) return;
      const { status, problem } = await configure(keyRef, { min_decryption_version: version }, call);
      if (status !== 200 && status !== 204) throw unexpected(`retiring before "${keyId}"`, status, problem);
    },
    async destroy({ keyRef }, call) {
      known.delete(keyRef);
      if (!(await read(keyRef, call))) return;
      await configure(keyRef, { deletion_allowed: true }, call);
      const { status, problem } = await ask(call, { method: 'DELETE', path: `keys/${nameOf(keyRef)}` });
      // Another process may have been first: what counts is that it is gone.
      if ((await read(keyRef, call)) !== null) throw unexpected(`destroying "${keyRef}"`, status, problem);
    },
    async health(call) {
      if (closed) return { ok: false, detail: 'closed' };
      // Asks for a key that never is: proves server, mount, token and policy at once, and makes nothing.
      return read('health', call).then(
        () => ({ ok: true }),
        (error: unknown) => ({ ok: false, detail: error instanceof Error ? error.message : String(error) }),
      );
    },
    async close() {
      closed = true;
      requests.close();
    },
  };
}

function wrappedOf(keyRef: string, ciphertext: unknown): WrappedKey {
  const [, version, text] = CIPHERTEXT.exec(String(ciphertext)) ?? [];
  if (!version || !text) throw new PluginError('FAILED', 'The key service answered no ciphertext of the known form.');
  return { keyId: `${keyRef}#${version}`, ciphertext: Uint8Array.from(Buffer.from(text, 'base64')) };
}

const damaged = (keyId: string): PluginError =>
  new PluginError('CORRUPT', `The key wrapped by "${keyId}" is damaged or belongs to another context.`);

const unexpected = (what: string, status: number, problem: string): PluginError =>
  new PluginError('UNAVAILABLE', `The key service: ${what}: status ${status}, ${problem}.`, { retryable: false });
