import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type Database, openDatabase } from './database.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded/embedded-postgres.js';
import { type MigrationSet, migrate } from './migrate.js';

// One server for all tests of this checkout: every test process joins it, and it stops seconds after the last one.
// Databases are copied from a template with the migrations applied, keyed by their text.

export interface TestDatabase {
  readonly database: Database;
  readonly url: string;
  close(): Promise<void>;
}

const checkout = createHash('sha256')
  .update(import.meta.dirname.replace(/(src|dist)$/, ''))
  .digest('hex')
  .slice(0, 8);
let server: Promise<EmbeddedPostgres> | undefined;

/**
 * Files that run side by side get a server each: transactions of one database hold back what another of the same server
 * may call settled, and tests of the outbox and the audit log wait for that.
 */
const worker = process.env.VITEST_POOL_ID ?? '0';

/** The shared server; this process leaves it by ending. */
const sharedServer = (): Promise<EmbeddedPostgres> => {
  server ??= startEmbeddedPostgres({
    dataDirectory: join(tmpdir(), `falaj-test-${process.getuid?.() ?? 0}-${checkout}-${worker}`),
    lingerMs: 3_000,
    // A test's data need not survive the machine.
    settings: { fsync: 'off', full_page_writes: 'off', max_connections: '400', autovacuum: 'off' },
  });
  return server;
};

/** A fresh database of its own on a real PostgreSQL, with the platform's base migrations and the given ones. */
export async function createTestDatabase(
  options: { migrations?: readonly MigrationSet[] } = {},
): Promise<TestDatabase> {
  const { url: serverUrl } = await sharedServer();
  const name = `test_${process.pid}_${randomBytes(5).toString('hex')}`;
  await onServer(serverUrl, async (client) => {
    const template = await ensureTemplate(client, serverUrl, options.migrations ?? []);
    await client.query(`create database ${name} template ${template}`);
  });
  const url = urlOf(serverUrl, name);
  const database = await openDatabase({ url, applicationName: 'falaj test' });
  return {
    database,
    url,
    async close() {
      await database.close();
      await onServer(serverUrl, (client) => client.query(`drop database if exists ${name} with (force)`));
    },
  };
}

const LOCK = 7_270_012;

/** Copying forbids connections to the template, so it is made under a working name and renamed when it is whole. */
async function ensureTemplate(client: pg.Client, serverUrl: string, sets: readonly MigrationSet[]): Promise<string> {
  const base = { name: 'falaj', folder: join(import.meta.dirname, '..', 'migrations') };
  const name = `template_${digestOf([base, ...sets])}`;
  await client.query('select pg_advisory_lock($1)', [LOCK]);
  try {
    const known = await client.query('select from pg_database where datname = $1', [name]);
    if (known.rowCount === 1) return name;
    await dropAbandoned(client);
    const making = `making_${randomBytes(5).toString('hex')}`;
    await client.query(`create database ${making}`);
    await migrate({ url: urlOf(serverUrl, making) }, sets);
    await client.query(`alter database ${making} rename to ${name}`);
    return name;
  } finally {
    await client.query('select pg_advisory_unlock($1)', [LOCK]);
  }
}

/** Databases of test processes that died, and templates beyond the newest thirty. */
async function dropAbandoned(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select datname as name from pg_database where datname ~ '^(test|making|template)_' order by oid desc`,
  );
  const templates = rows.filter(({ name }) => name.startsWith('template_')).slice(30);
  const orphans = rows.filter(({ name }) => name.startsWith('making_') || !isAlive(Number(name.split('_')[1] ?? 0)));
  for (const { name } of [...templates, ...orphans.filter((row) => !row.name.startsWith('template_'))])
    await client.query(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function digestOf(sets: readonly MigrationSet[]): string {
  const hash = createHash('sha256');
  for (const { name, folder } of sets) {
    hash.update(`set ${name}\n`);
    for (const migration of readdirSync(folder).sort()) {
      hash.update(`${migration}\n`);
      hash.update(readFileSync(join(folder, migration, 'migration.sql')));
    }
  }
  return hash.digest('hex').slice(0, 20);
}

const urlOf = (serverUrl: string, name: string): string => {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
};

async function onServer<T>(serverUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: urlOf(serverUrl, 'postgres') });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
