// Built rows of persons: sealed under a key that only the memory of this process knows, so that neither the disk nor any
// copy of it ever tells them. They are a cache: another process, or this one after a restart, builds its own. A query
// needs a readable file; it has one, for this user only, while its session lasts.
import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Session } from './database.js';

const NONCE = 12;
const TAG = 16;
/** No session lasts longer: what is older was left by a process that was killed. */
const LONGEST_SESSION_MS = 2 * 3_600_000;

export class SealedFiles {
  readonly #folder: string;
  readonly #work: string;
  readonly #key = randomBytes(32);
  readonly #process = `${hostname().replaceAll(/[^A-Za-z0-9-]/g, '-')}.${process.pid}.${randomUUID()}`;

  constructor(folder: string, work: string) {
    this.#folder = folder;
    this.#work = work;
  }

  pathOf(digest: string): string {
    return join(this.#folder, `${digest}.${this.#process}.sealed`);
  }

  /** For rows on their way: whoever writes there removes it. */
  plainPath(): string {
    return join(this.#work, `${randomUUID()}.part`);
  }

  async seal(from: string, to: string): Promise<void> {
    const nonce = randomBytes(NONCE);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce);
    const part = `${to}.part`;
    try {
      const out = createWriteStream(part, { mode: 0o600 });
      out.write(nonce);
      await pipeline(createReadStream(from), cipher, out);
      const file = await open(part, 'a');
      await file.write(cipher.getAuthTag());
      await file.close();
      await rename(part, to);
    } finally {
      await rm(part, { force: true });
    }
  }

  /** The rows in the open until the session ends. Throws where a byte differs. */
  async open(session: Session, path: string): Promise<string> {
    const { size } = await stat(path);
    const file = await open(path, 'r');
    const nonce = Buffer.alloc(NONCE);
    const tag = Buffer.alloc(TAG);
    try {
      await file.read(nonce, 0, NONCE, 0);
      await file.read(tag, 0, TAG, size - TAG);
    } finally {
      await file.close();
    }
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG });
    decipher.setAuthTag(tag);
    const plain = this.plainPath();
    session.atEnd(() => rm(plain, { force: true }));
    await pipeline(
      createReadStream(path, { start: NONCE, end: size - TAG - 1 }),
      decipher,
      createWriteStream(plain, { mode: 0o600 }),
    );
    return plain;
  }

  /** Takes away what killed processes of this machine left. */
  async sweep(): Promise<void> {
    const [host] = this.#process.split('.');
    for (const name of await readdir(this.#folder)) {
      const [, ofHost, pid] = name.split('.');
      if (name.includes('.sealed') && ofHost === host && !isAlive(Number(pid))) {
        await rm(join(this.#folder, name), { force: true });
      }
    }
    for (const name of await readdir(this.#work)) {
      const path = join(this.#work, name);
      const found = await stat(path).catch(() => null);
      if (found && Date.now() - found.mtimeMs > LONGEST_SESSION_MS) await rm(path, { force: true });
    }
  }

  /** Nothing of this process can be read any more. */
  async close(): Promise<void> {
    this.#key.fill(0);
    for (const name of await readdir(this.#folder)) {
      if (name.includes(`.${this.#process}.sealed`)) await rm(join(this.#folder, name), { force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM';
  }
}
