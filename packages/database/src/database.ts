import { createLogger, PlatformError } from '@falaj/runtime';
import pg from 'pg';
import { type Listener, openListener } from './listener.js';
import { beginStatement, type TransactionLimits, type WorkspaceScope } from './scope.js';
import { runTransaction, type Tx, typeParsers } from './transaction.js';
import { translateDatabaseError, translated } from './translate-error.js';

const log = createLogger('database');

export interface Database {
  readonly url: string;
  /** One transaction as the app role: row-level security shows only this workspace's rows in these zones. */
  inWorkspace<T>(scope: WorkspaceScope, work: (tx: Tx) => Promise<T>, options?: { readOnly?: boolean }): Promise<T>;
  /** One transaction as the system role, which sees every workspace: start-up, identity look-up, recovery, events. */
  asSystem<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * Calls back for each NOTIFY on the channel. Notices sent while the connection is down are lost, so after each
   * reconnect it calls back once with an empty payload: look for yourself what you missed.
   */
  listen(channel: string, onNotify: (payload: string) => void): Promise<() => Promise<void>>;
  health(): Promise<{ ok: boolean; detail?: string }>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  readonly url: string;
  /** Default 10. */
  readonly maxConnections?: number;
  readonly applicationName?: string;
  /** Milliseconds that one statement may run; default 30 000. */
  readonly statementTimeoutMs?: number;
  /** Milliseconds that a statement may wait for a lock; default 10 000. */
  readonly lockTimeoutMs?: number;
  /** Milliseconds that a transaction may stand idle; default 60 000. */
  readonly idleTimeoutMs?: number;
}

const OLDEST_SERVER = 150_000;

/** Opens a pool on a PostgreSQL of version 15 or later. Throws DATABASE_UNAVAILABLE or CONFIG_INVALID. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const limits: TransactionLimits = {
    statementTimeoutMs: options.statementTimeoutMs ?? 30_000,
    lockTimeoutMs: options.lockTimeoutMs ?? 10_000,
    idleTimeoutMs: options.idleTimeoutMs ?? 60_000,
  };
  const applicationName = options.applicationName ?? 'falaj';
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.maxConnections ?? 10,
    application_name: applicationName,
    connectionTimeoutMillis: 10_000,
    // The client's own limit, for a server that went silent cannot time out by itself.
    query_timeout: limits.statementTimeoutMs + 5_000,
    keepAlive: true,
    types: typeParsers,
  });
  pool.on('error', (error) => log.warn('an idle database connection broke', { reason: error.message }));
  let listener: Promise<Listener> | undefined;
  const inTransaction = <T>(begin: string, work: (tx: Tx) => Promise<T>): Promise<T> =>
    runTransaction(pool, begin, work).catch((error: unknown) => {
      throw translated(error);
    });

  try {
    await assertServer(pool);
  } catch (error) {
    await pool.end();
    throw translateDatabaseError(error);
  }

  return {
    url: options.url,
    inWorkspace: async (scope, work, { readOnly = false } = {}) =>
      inTransaction(beginStatement(scope, limits, readOnly), work),
    asSystem: async (work) => inTransaction(beginStatement('system', limits, false), work),
    async listen(channel, onNotify) {
      listener ??= openListener({ url: options.url, applicationName: `${applicationName} listener` });
      return (await listener).add(channel, onNotify);
    },
    async health() {
      try {
        await pool.query('select 1');
        return { ok: true };
      } catch (error) {
        return { ok: false, detail: translateDatabaseError(error).message };
      }
    },
    async close() {
      await (await listener?.catch(() => undefined))?.close();
      if (!pool.ending) await pool.end();
    },
  };
}

async function assertServer(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ version: number; encoding: string }>(
    `select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding`,
  );
  const { version = 0, encoding = '' } = rows[0] ?? {};
  if (version < OLDEST_SERVER)
    throw new PlatformError('CONFIG_INVALID', `PostgreSQL 15 or later is needed; the server is ${version}.`);
  if (encoding !== 'UTF8')
    throw new PlatformError('CONFIG_INVALID', `The database must be encoded in UTF8; it is in ${encoding}.`);
}
