import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { PlatformError } from '@falaj/runtime';
import pg from 'pg';
import {
  type Cluster,
  connectionUrl,
  ensureSocketFolder,
  initialise,
  isInitialised,
  openCluster,
  writeSettings,
} from './cluster.js';
import { withDirectoryLock } from './directory-lock.js';
import { startServer, stopIfUnused } from './server.js';
import { ensureUserPipe, joinUsers, watchUsers } from './users.js';

export interface EmbeddedPostgres {
  /** Over a unix socket that only this user can open, with a random password. */
  readonly url: string;
  readonly how: 'initialised' | 'started' | 'adopted';
  readonly pid: number;
  /** Leaves the server; the last user to leave stops it. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  readonly dataDirectory: string;
  /** Milliseconds that the server stays up after its last user died; default 1000. `stop()` does not wait for it. */
  readonly lingerMs?: number;
  /** More lines for postgresql.conf; they take effect when this call starts the server. */
  readonly settings?: Readonly<Record<string, string>>;
}

const DATABASE = 'falaj';

/**
 * Starts a PostgreSQL on this directory, or joins the one that runs there. Any number of processes may share it.
 * It stops after its last user, even one killed by -9. Throws CONFIG_INVALID on platforms without binaries.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const at = openCluster(options.dataDirectory);
  return withDirectoryLock(at.lock, async () => {
    ensureUserPipe(at.users);
    const membership = await join(at, options.lingerMs ?? 1_000);
    try {
      ensureSocketFolder(at);
      const fresh = !isInitialised(at);
      if (fresh) await initialise(at);
      writeSettings(at, options.settings ?? {});
      const { pid, adopted } = await startServer(at);
      if (!adopted) await ensureDatabase(at);
      let stopping: Promise<void> | undefined;
      const stop = async () => {
        membership.leave();
        await withDirectoryLock(at.lock, async () => {
          const watch = watchUsers(at.users);
          await stopIfUnused(at, watch).finally(() => watch.close());
        });
      };
      return {
        url: connectionUrl(at, DATABASE),
        how: fresh ? 'initialised' : adopted ? 'adopted' : 'started',
        pid,
        stop: () => {
          stopping ??= stop();
          return stopping;
        },
      };
    } catch (error) {
      membership.leave();
      throw error;
    }
  });
}

/** Joins before the server starts, so that no moment exists in which a kill would leave it alone. */
async function join(at: Cluster, lingerMs: number): Promise<{ leave(): void }> {
  const joined = joinUsers(at.users);
  if (joined !== undefined) return joined;
  const child = spawn(process.execPath, [watchdogProgram(), at.root, String(lingerMs)], {
    cwd: '/',
    detached: true,
    stdio: 'ignore',
    env: { PATH: process.env.PATH },
  });
  child.unref();
  for (let attempt = 0; attempt < 500; attempt++) {
    const membership = joinUsers(at.users);
    if (membership !== undefined) return membership;
    if (child.exitCode !== null) break;
    await sleep(20);
  }
  throw new PlatformError('DATABASE_UNAVAILABLE', `The watchdog of ${at.root} ended at once (${child.exitCode}).`);
}

/** The built file, also when this module runs from its source under a test runner. */
function watchdogProgram(): string {
  const here = new URL('./watchdog.js', import.meta.url);
  const built = import.meta.url.endsWith('.ts') ? new URL('../../dist/embedded/watchdog.js', import.meta.url) : here;
  const path = fileURLToPath(built);
  if (!existsSync(path)) throw new PlatformError('CONFIG_INVALID', `${path} is missing: build the package first.`);
  return path;
}

async function ensureDatabase(at: Cluster): Promise<void> {
  const client = new pg.Client({ connectionString: connectionUrl(at, 'postgres') });
  await client.connect();
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}
