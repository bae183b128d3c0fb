import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, realpath, rename, stat, statfs, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import {
  type ArtifactStoreV1,
  type Call,
  PluginError,
  type PluginLog,
  type StoredObject,
  throwIfCancelled,
} from '@falaj/plugin-sdk';
import { keyPart, objectSegments } from './object-path.js';

const DAY_MS = 24 * 3600 * 1000;
const errno = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** Opens the store under `folder`, which it creates; removes what writers that died left behind. */
export async function openFileStore(folder: string, log: PluginLog): Promise<ArtifactStoreV1> {
  const objectsFolder = path.join(folder, 'objects');
  const temporaryFolder = path.join(folder, 'writing');
  for (const each of [objectsFolder, temporaryFolder]) await mkdir(each, { recursive: true, mode: 0o700 });
  const root = await realpath(objectsFolder);
  await collectAbandoned(temporaryFolder, log);

  /** The object's file; throws when a link leads out of the store. Null when its folder does not exist. */
  const locate = async (key: string): Promise<string | null> => {
    const segments = objectSegments(key);
    const parent = path.join(root, ...segments.slice(0, -1));
    try {
      if ((await realpath(parent)) !== parent) {
        throw new PluginError(
          'CORRUPT',
          `The folder of artifact "${key}" is a link out of the store; it is not followed.`,
        );
      }
    } catch (error) {
      if (errno(error) === 'ENOENT') return null;
      throw error;
    }
    return path.join(parent, segments.at(-1) as string);
  };

  return {
    async put({ key, data }, call) {
      throwIfCancelled(call);
      const segments = objectSegments(key);
      const temporary = path.join(temporaryFolder, `${hostname()}@${process.pid}@${randomUUID()}`);
      try {
        const storedAt = await write(temporary, data);
        throwIfCancelled(call);
        await makeFolders(root, segments.slice(0, -1));
        const file = (await locate(key)) as string;
        await rename(temporary, file);
        await syncFolder(path.dirname(file));
        // Not read from the object, which may be removed by now; a new name leaves its time as it was.
        return { key, bytes: data.length, storedAt };
      } catch (error) {
        await unlink(temporary).catch(() => {});
        throw storageError(error, key, data.length);
      }
    },
    async get({ key }, call) {
      throwIfCancelled(call);
      const file = await locate(key);
      if (file === null) return null;
      try {
        const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
        try {
          const bytes = await handle.readFile();
          return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        } finally {
          await handle.close();
        }
      } catch (error) {
        if (errno(error) === 'ENOENT') return null;
        throw storageError(error, key, 0);
      }
    },
    async remove({ key }, call) {
      throwIfCancelled(call);
      const file = await locate(key);
      if (file === null) return;
      try {
        await unlink(file);
        await syncFolder(path.dirname(file));
      } catch (error) {
        if (errno(error) !== 'ENOENT') throw storageError(error, key, 0);
      }
    },
    async list({ prefix, after, limit }, call) {
      const found: StoredObject[] = [];
      await walk(root, '', { prefix, after, limit }, found, call);
      return found;
    },
    async health() {
      try {
        const { bavail, bsize } = await statfs(root);
        const free = Number(bavail) * Number(bsize);
        return free > 0 ? { ok: true } : { ok: false, detail: `No space is left under ${folder}.` };
      } catch (error) {
        return { ok: false, detail: `${folder} cannot be reached: ${error instanceof Error ? error.message : error}` };
      }
    },
    async close() {},
  };
}

/** In key order: entries sorted by what they add to the key, folders skipped where no key below can qualify. */
async function walk(
  folder: string,
  before: string,
  wanted: { readonly prefix: string; readonly after: string | null; readonly limit: number },
  found: StoredObject[],
  call: Call,
): Promise<void> {
  throwIfCancelled(call);
  const { prefix, after, limit } = wanted;
  const entries = (await readdir(folder, { withFileTypes: true }))
    .flatMap((entry) => {
      const part = keyPart(entry.name);
      const matches = part && (part.isObject ? entry.isFile() : entry.isDirectory());
      return matches
        ? [{ path: path.join(folder, entry.name), text: before + part.text, isObject: part.isObject }]
        : [];
    })
    .sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : a.isObject ? -1 : 1));
  for (const entry of entries) {
    if (found.length >= limit) return;
    if (entry.isObject) {
      if (!entry.text.startsWith(prefix) || (after !== null && entry.text <= after)) continue;
      try {
        const { size, mtimeMs } = await stat(entry.path);
        found.push({ key: entry.text, bytes: size, storedAt: Math.floor(mtimeMs) });
      } catch (error) {
        // Removed since the folder was read.
        if (errno(error) !== 'ENOENT') throw error;
      }
    } else {
      const mayHold = entry.text.startsWith(prefix) || prefix.startsWith(entry.text);
      const allSeen = after !== null && entry.text < after && !after.startsWith(entry.text);
      if (mayHold && !allSeen) await walk(entry.path, entry.text, wanted, found, call);
    }
  }
}

/** Answers when, in milliseconds since 1970, as `list` shows it. */
async function write(file: string, data: Uint8Array): Promise<number> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(data);
    await handle.sync();
    return Math.floor((await handle.stat()).mtimeMs);
  } finally {
    await handle.close();
  }
}

/** Creates the folders and makes each new name durable, for an object is only as durable as the path to it. */
async function makeFolders(root: string, segments: readonly string[]): Promise<void> {
  let parent = root;
  for (const segment of segments) {
    const folder = path.join(parent, segment);
    try {
      await mkdir(folder, { mode: 0o700 });
      await syncFolder(parent);
    } catch (error) {
      if (errno(error) !== 'EEXIST') throw error;
      if ((await lstat(folder)).isSymbolicLink()) {
        throw new PluginError('CORRUPT', `${folder} is a link; the store does not write through it.`);
      }
    }
    parent = folder;
  }
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function collectAbandoned(folder: string, log: PluginLog): Promise<void> {
  for (const name of await readdir(folder)) {
    const [host, pid] = name.split('@');
    const file = path.join(folder, name);
    const age = Date.now() - (await stat(file).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs;
    // Another machine's process ids say nothing here: those files go by age.
    const abandoned = age > DAY_MS || (host === hostname() && !isAlive(Number(pid)));
    if (!abandoned) continue;
    await unlink(file).catch(() => {});
    log.info('Removed an unfinished artifact of a writer that is gone.', { file: name });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errno(error) === 'EPERM';
  }
}

/** What the caller is told of a file system's error. */
export function storageError(error: unknown, key: string, bytes: number): unknown {
  const code = errno(error);
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') {
    return new PluginError('UNAVAILABLE', `No space for the ${bytes} bytes of artifact "${key}": nothing was stored.`, {
      cause: error,
      retryable: false,
      details: { key, bytes, reason: code },
    });
  }
  if (code === 'ELOOP') {
    return new PluginError('CORRUPT', `Artifact "${key}" is a link; it is not followed.`, { cause: error });
  }
  if (code === 'EACCES' || code === 'EROFS' || code === 'EIO') {
    return new PluginError('UNAVAILABLE', `Artifact "${key}": the store's folder refuses (${code}).`, { cause: error });
  }
  return error;
}
