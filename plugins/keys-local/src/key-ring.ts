// Key-encryption keys, one file per reference and version, each sealed by the master key. One file each, created by
// exclusive link: processes that share the folder can neither overwrite nor lose each other's keys.
import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { PluginError } from '@falaj/plugin-sdk';
import { createPrivate, markOf, readPrivate, shredPrivate } from './private-files.js';
import { seal, unseal } from './sealing.js';

export interface KeyVersion {
  readonly keyRef: string;
  readonly keyId: string;
  readonly version: number;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly key: Uint8Array;
}

interface KeyFile {
  readonly keyRef: string;
  readonly version: number;
  readonly createdAt: number;
  /** Base64. */
  readonly sealed: string;
}

const KEY_REF = /^[A-Za-z0-9._:/-]{1,200}$/;
const KEY_ID = /^(.+)#([1-9][0-9]{0,8})$/;

export class KeyRing {
  readonly #folder: string;
  readonly #master: Uint8Array;
  readonly #clock: () => number;
  readonly #known = new Map<string, KeyVersion & { readonly mark: string }>();
  /** The highest version seen; another process may have gone further. */
  readonly #latest = new Map<string, number>();

  constructor(folder: string, master: Uint8Array, clock: () => number) {
    this.#folder = folder;
    this.#master = master;
    this.#clock = clock;
  }

  /** The newest version, the first one being created when there is none. */
  async current(keyRef: string): Promise<KeyVersion> {
    for (;;) {
      const newest = await this.#newest(keyRef);
      if (newest) return newest;
      await this.#create(keyRef, 1);
    }
  }

  async rotate(keyRef: string): Promise<KeyVersion> {
    const { version } = await this.current(keyRef);
    for (let next = version + 1; ; next++) {
      if (await this.#create(keyRef, next)) return this.byId(`${keyRef}#${next}`);
    }
  }

  /** Throws BAD_INPUT for what is no key id, NOT_FOUND for an unknown one. */
  async byId(keyId: string): Promise<KeyVersion> {
    const [, keyRef, version] = KEY_ID.exec(keyId) ?? [];
    if (!keyRef || !version) throw new PluginError('BAD_INPUT', `"${keyId}" is no key id like "workspace/zone#1".`);
    const found = await this.#read(keyRef, Number(version));
    if (!found) throw new PluginError('NOT_FOUND', `There is no key "${keyId}".`, { details: { keyId } });
    return found;
  }

  /** Removes the versions before this one. Throws like `byId`. */
  async retire(keyId: string): Promise<void> {
    const { keyRef, version } = await this.byId(keyId);
    for (const each of await this.#versions(keyRef)) if (each < version) await this.#remove(keyRef, each);
  }

  /** Removes every version. */
  async destroy(keyRef: string): Promise<void> {
    this.#file(keyRef, 1);
    for (const version of await this.#versions(keyRef)) await this.#remove(keyRef, version);
  }

  /** Opens one of these files, so that a wrong master key shows at start and not at the first decryption. */
  async verify(names: readonly string[]): Promise<void> {
    const [name] = names;
    if (!name) return;
    const file = path.join(this.#folder, name);
    const bytes = await readPrivate(file);
    if (bytes) this.#unseal(file, bytes);
  }

  /** Forgets all key material. */
  wipe(): void {
    for (const { key } of this.#known.values()) key.fill(0);
    this.#known.clear();
    this.#latest.clear();
    this.#master.fill(0);
  }

  async #newest(keyRef: string): Promise<KeyVersion | null> {
    let newest = await this.#read(keyRef, this.#latest.get(keyRef) ?? 1);
    // Unknown, retired or destroyed by another process: only the folder tells which versions there are.
    if (!newest) {
      const version = (await this.#versions(keyRef)).at(-1);
      newest = version === undefined ? null : await this.#read(keyRef, version);
    }
    for (let next = newest; next; next = await this.#read(keyRef, next.version + 1)) newest = next;
    if (newest) this.#latest.set(keyRef, newest.version);
    else this.#latest.delete(keyRef);
    return newest;
  }

  /** Ascending. */
  async #versions(keyRef: string): Promise<readonly number[]> {
    const start = `${nameOf(keyRef)}-`;
    return (await readdir(this.#folder))
      .filter((name) => name.startsWith(start))
      .map((name) => Number.parseInt(name.slice(start.length), 10))
      .sort((one, other) => one - other);
  }

  async #read(keyRef: string, version: number): Promise<KeyVersion | null> {
    const keyId = `${keyRef}#${version}`;
    const file = this.#file(keyRef, version);
    const known = this.#known.get(keyId);
    // Another process may have destroyed the key since: memory alone must not open what was shredded.
    if (known && known.mark === (await markOf(file))) return known;
    this.#known.delete(keyId);
    const bytes = await readPrivate(file);
    if (bytes === null) return null;
    const loaded = this.#unseal(file, bytes);
    if (loaded.keyId !== keyId) throw new PluginError('CORRUPT', `Key file ${file} holds "${loaded.keyId}".`);
    const mark = await markOf(file);
    if (mark !== null) this.#known.set(keyId, { ...loaded, mark });
    return loaded;
  }

  #unseal(file: string, bytes: Buffer): KeyVersion {
    let content: KeyFile;
    try {
      content = JSON.parse(bytes.toString('utf8')) as KeyFile;
    } catch (error) {
      throw new PluginError('CORRUPT', `Key file ${file} is damaged; restore it from a backup.`, { cause: error });
    }
    const keyId = `${content.keyRef}#${content.version}`;
    const context = sealContext(keyId, content.createdAt);
    const key = unseal(this.#master, Buffer.from(String(content.sealed), 'base64'), context);
    if (key === null) {
      throw new PluginError(
        'CORRUPT',
        `Key file ${file} does not open with this master key; restore file or master key.`,
      );
    }
    return { keyId, keyRef: content.keyRef, version: content.version, createdAt: content.createdAt, key };
  }

  #create(keyRef: string, version: number): Promise<boolean> {
    const createdAt = this.#clock();
    const key = randomBytes(32);
    const sealed = seal(this.#master, key, sealContext(`${keyRef}#${version}`, createdAt));
    key.fill(0);
    const content: KeyFile = { keyRef, version, createdAt, sealed: Buffer.from(sealed).toString('base64') };
    return createPrivate(this.#file(keyRef, version), Buffer.from(JSON.stringify(content)));
  }

  #file(keyRef: string, version: number): string {
    if (!KEY_REF.test(keyRef)) {
      throw new PluginError('BAD_INPUT', `"${keyRef}" is no key reference: 1 to 200 of letters, digits and . _ : / -`);
    }
    return path.join(this.#folder, `${nameOf(keyRef)}-${version}.json`);
  }

  async #remove(keyRef: string, version: number): Promise<void> {
    const keyId = `${keyRef}#${version}`;
    // Not wiped: a wrap that just took it must not seal with zeros.
    this.#known.delete(keyId);
    await shredPrivate(this.#file(keyRef, version));
  }
}

const nameOf = (keyRef: string): string => createHash('sha256').update(keyRef).digest('hex').slice(0, 40);

const sealContext = (keyId: string, createdAt: number): string =>
  JSON.stringify(['falaj/keys-local', keyId, createdAt]);
