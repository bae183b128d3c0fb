import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { PlatformError } from '@falaj/runtime';
import { type Account, assertReachable, nativeFolder, runProgram, serverAccount } from './binaries.js';

export const SUPERUSER = 'falaj';

/** Where things are in one data directory. The PostgreSQL cluster is a folder in it; beside it is what guards it. */
export interface Cluster {
  readonly root: string;
  readonly cluster: string;
  readonly sockets: string;
  readonly lock: string;
  readonly users: string;
  readonly log: string;
  readonly account: Account;
}

/** The kernel allows 104 bytes on macOS and 108 on Linux for the path of a socket. */
const LONGEST_SOCKET = 103;
/** Not os.tmpdir(): every user of a directory must find the same socket, whatever its environment says. */
const SHORT_FOLDER = '/tmp';

export function openCluster(dataDirectory: string): Cluster {
  const wanted = resolve(dataDirectory);
  mkdirSync(wanted, { recursive: true, mode: 0o711 });
  const root = realpathSync(wanted);
  if (/["'$`\\\n]/.test(root))
    throw new PlatformError('CONFIG_INVALID', `The data directory has a quote, "$" or "\\" in its path: ${root}`);
  const account = serverAccount();
  if (account.uid !== undefined) chmodSync(root, statSync(root).mode | 0o011);
  assertReachable(join(root, 'cluster'), account);
  assertReachable(join(nativeFolder(), 'bin', 'postgres'), account);
  const near = join(root, 'socket');
  const fits = Buffer.byteLength(join(near, '.s.PGSQL.5432.lock')) <= LONGEST_SOCKET;
  const key = createHash('sha256').update(root).digest('hex').slice(0, 12);
  return {
    root,
    cluster: join(root, 'cluster'),
    sockets: fits ? near : join(SHORT_FOLDER, `falaj-${process.getuid?.() ?? 0}-${key}`),
    lock: join(root, 'lock'),
    users: join(root, 'users'),
    log: join(root, 'server.log'),
    account,
  };
}

/** The short path may lie in a folder that everybody writes to, so whoever made it must be ourselves. */
export function ensureSocketFolder({ sockets, account }: Cluster): void {
  mkdirSync(sockets, { recursive: true, mode: 0o700 });
  const { uid } = lstatSync(sockets);
  const mine = [process.getuid?.(), account.uid];
  if (!lstatSync(sockets).isDirectory() || !mine.includes(uid))
    throw new PlatformError('CONFIG_INVALID', `${sockets} belongs to another user: remove it and start again.`);
  own(sockets, account);
  chmodSync(sockets, 0o700);
}

export function password({ root }: Cluster): string {
  return readFileSync(join(root, 'password'), 'utf8');
}

export function connectionUrl(cluster: Cluster, database: string): string {
  const credentials = `${SUPERUSER}:${encodeURIComponent(password(cluster))}`;
  return `postgres://${credentials}@localhost/${database}?host=${encodeURIComponent(cluster.sockets)}`;
}

export const isInitialised = ({ cluster }: Cluster): boolean => existsSync(join(cluster, 'PG_VERSION'));

/**
 * Makes the cluster in a folder of its own and renames it into place when it is whole and on disk, so a folder named
 * `cluster` is never half made, and an initdb that outlives its killed starter writes into its own folder only.
 */
export async function initialise(at: Cluster): Promise<void> {
  for (const name of readdirSync(at.root)) {
    if (name.startsWith('making-')) rmSync(join(at.root, name), { recursive: true, force: true, maxRetries: 3 });
  }
  if (existsSync(at.cluster))
    throw new PlatformError(
      'CONFIG_INVALID',
      `${at.cluster} exists and is no PostgreSQL cluster: nothing was changed.`,
    );
  const secret = join(at.root, 'password');
  if (!existsSync(secret)) writeFileSync(secret, randomBytes(24).toString('base64url'), { mode: 0o600 });

  const making = join(at.root, `making-${randomBytes(6).toString('hex')}`);
  mkdirSync(making, { mode: 0o700 });
  own(making, at.account);
  const given = join(at.sockets, `.password-${randomBytes(6).toString('hex')}`);
  writeFileSync(given, password(at), { mode: 0o600 });
  own(given, at.account);
  try {
    const { code, output } = await runProgram(
      'initdb',
      [
        ...['-D', making, '-U', SUPERUSER, '-A', 'scram-sha-256', '--pwfile', given, '--encoding=UTF8'],
        ...['--locale-provider=builtin', '--locale=C.UTF-8', '--data-checksums', '--no-instructions'],
      ],
      at.account,
    );
    if (code !== 0) throw new PlatformError('DATABASE_UNAVAILABLE', `initdb ended with ${code}: ${output.trim()}`);
  } finally {
    rmSync(given, { force: true });
  }
  renameSync(making, at.cluster);
  syncFolder(at.root);
}

/** Settings that must hold at every start; written where `postgresql.conf` is overridden, with the file's own quoting. */
export function writeSettings(at: Cluster, settings: Readonly<Record<string, string>>): void {
  const all: Record<string, string> = {
    listen_addresses: '',
    unix_socket_directories: at.sockets,
    unix_socket_permissions: '0700',
    timezone: 'UTC',
    log_timezone: 'UTC',
    max_connections: '200',
    // A killed client's statement must not hold its locks for as long as it would have run.
    client_connection_check_interval: '2s',
    ...settings,
  };
  const quote = (value: string) => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${quote(value)}\n`);
  const file = join(at.cluster, 'falaj.conf');
  writeFileSync(`${file}.new`, lines.join(''), { mode: 0o600 });
  own(`${file}.new`, at.account);
  renameSync(`${file}.new`, file);
  const main = join(at.cluster, 'postgresql.conf');
  const text = readFileSync(main, 'utf8');
  if (!text.includes("include 'falaj.conf'")) writeFileSync(main, `${text}\ninclude 'falaj.conf'\n`);
}

export function own(path: string, { uid, gid }: Account): void {
  if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid);
}

function syncFolder(path: string): void {
  const descriptor = openSync(path, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}
