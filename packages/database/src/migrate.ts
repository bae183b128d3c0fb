import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PlatformError } from '@falaj/runtime';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate as applyMigrations } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';
import type { Database } from './database.js';
import { translated } from './translate-error.js';

/** A folder with one sub-folder per migration, `<14 digits of UTC time>_<name>/migration.sql`, applied in that order. */
export interface MigrationSet {
  readonly name: string;
  readonly folder: string;
}

const base: MigrationSet = { name: 'falaj', folder: fileURLToPath(new URL('../migrations', import.meta.url)) };
const SCHEMA = 'falaj_migrations';
const LOCK = 7_270_011;

/**
 * Applies what is missing, the platform's own base set first, each set in a transaction. Racing callers queue: six
 * starters without the lock failed four times in five. Throws CONFIG_INVALID where an applied migration was edited.
 */
export async function migrate(database: Pick<Database, 'url'>, sets: readonly MigrationSet[]): Promise<void> {
  const client = new pg.Client({ connectionString: database.url, application_name: 'falaj migrate' });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(`set timezone to 'UTC'`);
    await client.query('select pg_advisory_lock($1)', [LOCK]);
    await ensureRoles(client);
    for (const set of [base, ...sets]) await applySet(client, set);
  } catch (error) {
    throw translated(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function applySet(client: pg.Client, set: MigrationSet): Promise<void> {
  await applyMigrations(drizzle({ client }), {
    migrationsFolder: set.folder,
    migrationsSchema: SCHEMA,
    migrationsTable: set.name,
  }).catch((error: unknown) => {
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new PlatformError('INTERNAL', `Migration set "${set.name}" failed and was rolled back: ${reason}`, {
      cause: error,
    });
  });
  const { rows } = await client.query<{ name: string; hash: string }>(
    `select name, hash from ${SCHEMA}.${pg.escapeIdentifier(set.name)}`,
  );
  for (const { name, hash } of rows) {
    const file = join(set.folder, name, 'migration.sql');
    const text = await readFile(file, 'utf8').catch(() => undefined);
    // A missing file is an older program on a newer database, which a rolling upgrade allows.
    if (text === undefined || createHash('sha256').update(text).digest('hex') === hash) continue;
    throw new PlatformError(
      'CONFIG_INVALID',
      `Migration ${file} was edited after it had been applied: restore it and add a new migration instead.`,
    );
  }
}

/** The two roles that transactions take on. They are shared by all databases of a server, hence the retry. */
async function ensureRoles(client: pg.Client): Promise<void> {
  for (const role of ['falaj_app', 'falaj_system']) {
    for (let attempt = 1; ; attempt++) {
      try {
        const { rows } = await client.query('select from pg_roles where rolname = $1', [role]);
        if (rows.length === 0) await client.query(`create role ${role} nologin`);
        if (!(await mayTakeOn(client, role))) await client.query(`grant ${role} to current_user`);
        break;
      } catch (error) {
        const raced = ['42710', '23505', 'XX000'].includes((error as { code?: string }).code ?? '');
        if (raced && attempt < 10) continue;
        throw new PlatformError(
          'CONFIG_INVALID',
          `The database user needs CREATEROLE, or an administrator must run: create role ${role} nologin; grant ${role} to <user>;`,
          { cause: error },
        );
      }
    }
  }
}

async function mayTakeOn(client: pg.Client, role: string): Promise<boolean> {
  const { rows } = await client.query<{ yes: boolean }>(
    `select pg_has_role(current_user, $1::name,
       case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end) as yes`,
    [role],
  );
  return rows[0]?.yes ?? false;
}
