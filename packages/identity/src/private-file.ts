// Files that hold keys and codes: readable by their owner only, written whole or not at all, never overwritten.
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { link, mkdir, open, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PlatformError } from '@falaj/runtime';

// Windows has no such modes; the folder's own access list protects it there.
const hasModes = process.platform !== 'win32';

/** Undefined when there is no such file. Throws CONFIG_INVALID when others may read it or it cannot be read. */
export async function readPrivateFile(file: string): Promise<string | undefined> {
  try {
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const mode = (await handle.stat()).mode & 0o777;
      if (hasModes && (mode & 0o077) !== 0)
        throw new PlatformError(
          'CONFIG_INVALID',
          `${file} is open to others (mode ${mode.toString(8)}): find out who could read it, then chmod 600.`,
        );
      return await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (cause instanceof PlatformError) throw cause;
    throw new PlatformError('CONFIG_INVALID', `The private file ${file} cannot be read.`, { cause });
  }
}

/** False when the file exists already: then the other writer's content stands. Durable when it answers. */
export async function createPrivateFile(file: string, text: string): Promise<boolean> {
  const folder = dirname(file);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = join(folder, `.${randomUUID()}.tmp`);
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    // A link, not a rename: it fails when another process was first, where a rename would lose that one's key.
    await link(temporary, file);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw new PlatformError('CONFIG_INVALID', `The private file ${file} cannot be written.`, { cause });
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
  return true;
}
