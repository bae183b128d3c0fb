// Files that hold keys: readable by their owner only, written whole or not at all, never overwritten.
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, link, mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { PluginError } from '@falaj/plugin-sdk';

const ONLY_OWNER = 0o077;
// Windows has no such modes; the folder's own access list protects it there.
const hasModes = process.platform !== 'win32';

export async function privateFolder(folder: string): Promise<void> {
  const created = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (created !== undefined) await chmod(folder, 0o700);
  const handle = await open(folder, constants.O_RDONLY);
  try {
    refuseOpenToOthers(folder, (await handle.stat()).mode, '700');
  } finally {
    await handle.close();
  }
}

/** Null when there is no such file. Throws UNAVAILABLE when others may read it. */
export async function readPrivate(file: string): Promise<Buffer | null> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new PluginError('UNAVAILABLE', `Key file ${file} cannot be read.`, { cause: error, retryable: false });
  }
  try {
    refuseOpenToOthers(file, (await handle.stat()).mode, '600');
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** False when the file exists already: then the other writer's content stands. Durable when it answers. */
export async function createPrivate(file: string, data: Uint8Array): Promise<boolean> {
  const folder = path.dirname(file);
  const temporary = path.join(folder, `.${randomUUID()}.tmp`);
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    // A link, not a rename: it fails when another process was first, where a rename would lose that one's key.
    await link(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw new PluginError('UNAVAILABLE', `Key file ${file} cannot be written.`, { cause: error, retryable: false });
  } finally {
    await unlink(temporary).catch(() => {});
  }
  await syncFolder(folder);
  return true;
}

/** Tells one file of this path from a later one; null when there is none. */
export async function markOf(file: string): Promise<string | null> {
  try {
    const { dev, ino, mtimeNs, size } = await stat(file, { bigint: true });
    return `${dev}:${ino}:${mtimeNs}:${size}`;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new PluginError('UNAVAILABLE', `Key file ${file} cannot be read.`, { cause: error, retryable: false });
  }
}

/** Removes the file, durably, and overwrites what it held where the disk allows it. Idempotent. */
export async function shredPrivate(file: string): Promise<void> {
  try {
    const handle = await open(file, constants.O_WRONLY | constants.O_NOFOLLOW);
    try {
      // First the name, so that nobody reads half a key.
      await unlink(file);
      await handle.write(Buffer.alloc((await handle.stat()).size), 0, undefined, 0);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw new PluginError('UNAVAILABLE', `Key file ${file} cannot be removed.`, { cause: error, retryable: false });
  }
  await syncFolder(path.dirname(file));
}

export async function refuseExposedFiles(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => !name.endsWith('.tmp'));
  for (const name of names) await readPrivate(path.join(folder, name));
  return names;
}

async function syncFolder(folder: string): Promise<void> {
  if (!hasModes) return;
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function refuseOpenToOthers(file: string, mode: number, wanted: string): void {
  if (hasModes && (mode & ONLY_OWNER) !== 0) {
    throw new PluginError(
      'UNAVAILABLE',
      `${file} is open to others (mode ${(mode & 0o777).toString(8)}): find out who could read it, then chmod ${wanted}.`,
      { retryable: false },
    );
  }
}
