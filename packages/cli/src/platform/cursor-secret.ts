import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One secret for all processes of a data directory, so that a cursor made by one is read by another. */
export function cursorSecret(dataDirectory: string): Buffer {
  const given = process.env.FALAJ_CURSOR_SECRET;
  if (given) return Buffer.from(given, 'base64url');
  const file = join(dataDirectory, 'keys', 'cursor.key');
  if (!existsSync(file)) {
    try {
      writeFileSync(file, randomBytes(32), { mode: 0o600, flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  return readFileSync(file);
}
