import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface DataDirectory {
  readonly path: string;
  /** Files that data sources may be read from. */
  readonly landing: string;
  /** The embedded database's own folder. */
  readonly database: string;
}

/** Creates what is missing. Secrets inside are 0600 each; the folder itself must be enterable by the database's user. */
export function openDataDirectory(path: string): DataDirectory {
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o755);
  const landing = join(path, 'landing');
  mkdirSync(landing, { recursive: true, mode: 0o755 });
  const database = databaseFolder(path);
  mkdirSync(dirname(database), { recursive: true, mode: 0o755 });
  return { path, landing, database };
}

/**
 * PostgreSQL refuses to run as root, so a root user's database runs as another user, who cannot enter a closed home
 * folder such as /root: then the database lives beside the system's own, under a name derived from the data directory.
 */
function databaseFolder(path: string): string {
  const own = join(path, 'database');
  if (process.getuid?.() !== 0) return own;
  for (let folder = path; ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) {
      return join('/var/lib/falaj', createHash('sha256').update(path).digest('hex').slice(0, 16));
    }
    if (dirname(folder) === folder) return own;
  }
}
