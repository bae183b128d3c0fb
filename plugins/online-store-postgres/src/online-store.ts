import { type Call, type OnlineRow, type OnlineStoreV1, PluginError, throwIfCancelled } from '@falaj/plugin-sdk';
import pg from 'pg';
import { decodeRow, encodeRow } from './row-codec.js';

export interface OnlineStoreConfig {
  readonly url: string;
  readonly schema: string;
  readonly maxConnections: number;
}

const LOCK = 7_270_041;

export async function openOnlineStore(config: OnlineStoreConfig): Promise<OnlineStoreV1> {
  const pool = new pg.Pool({
    connectionString: config.url,
    max: config.maxConnections,
    application_name: 'falaj online store',
    connectionTimeoutMillis: 10_000,
    query_timeout: 30_000,
  });
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => undefined);
  const table = `${pg.escapeIdentifier(config.schema)}.value`;
  await prepare(pool, config.schema, table);

  /** One transaction in the call's workspace: the setting ends with it, so nothing leaks to the next user of the connection. */
  const inWorkspace = async <T>(call: Call, work: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
    throwIfCancelled(call);
    const client = await pool.connect().catch(unavailable);
    try {
      await client.query(
        `begin; select set_config('falaj.workspace', ${pg.escapeLiteral(call.workspace)}, true), set_config('role', 'falaj_app', true)`,
      );
      const result = await work(client);
      await client.query('commit');
      client.release();
      return result;
    } catch (error) {
      await client.query('rollback').then(
        () => client.release(),
        (broken: Error) => client.release(broken),
      );
      return unavailable(error);
    }
  };

  return {
    async write({ view, rows }, call) {
      if (rows.length === 0) return { written: 0, stale: 0 };
      const newest = new Map<string, OnlineRow>();
      for (const row of rows) {
        const known = newest.get(row.key);
        if (!known || row.eventTime >= known.eventTime) newest.set(row.key, row);
      }
      // Every writer locks rows in the same order: in any other, two that overlap would wait for each other.
      const unique = [...newest.values()].sort((one, other) => (one.key < other.key ? -1 : 1));
      const result = await inWorkspace(call, (client) =>
        client.query(
          `insert into ${table} as held (workspace_id, view, version, key, event_time, data)
           select $1, $2, $3, row.key, row.event_time, row.data
             from unnest($4::text[], $5::bigint[], $6::bytea[]) as row(key, event_time, data)
           on conflict (workspace_id, view, version, key) do update set event_time = excluded.event_time, data = excluded.data
             where excluded.event_time >= held.event_time`,
          [
            call.workspace,
            view.view,
            view.version,
            unique.map((row) => row.key),
            unique.map((row) => row.eventTime),
            unique.map((row) => encodeRow(view.columns, row.values)),
          ],
        ),
      );
      const written = result.rowCount ?? 0;
      return { written, stale: rows.length - written };
    },

    async read({ requests }, call) {
      const asked = requests.flatMap(({ view, keys }) =>
        [...new Set(keys)].map((key) => ({ view: view.view, version: view.version, key })),
      );
      if (asked.length === 0) return requests.map(({ keys }) => keys.map(() => null));
      const { rows } = await inWorkspace(call, (client) =>
        client.query<{ view: string; version: number; key: string; event_time: string; data: Buffer }>({
          name: 'online_read',
          text: `select held.view, held.version, held.key, held.event_time, held.data
             from unnest($2::text[], $3::int[], $4::text[]) as asked(view, version, key)
             join ${table} as held on held.workspace_id = $1 and held.view = asked.view and held.version = asked.version and held.key = asked.key`,
          values: [
            call.workspace,
            asked.map((row) => row.view),
            asked.map((row) => row.version),
            asked.map((row) => row.key),
          ],
        }),
      );
      const found = new Map(rows.map((row) => [`${row.version}\n${row.view}\n${row.key}`, row]));
      return requests.map(({ view, keys }) =>
        keys.map((key): OnlineRow | null => {
          const row = found.get(`${view.version}\n${view.view}\n${key}`);
          return row ? { key, eventTime: Number(row.event_time), values: decodeRow(view.columns, row.data) } : null;
        }),
      );
    },

    async remove({ view, version, keys }, call) {
      const result = await inWorkspace(call, (client) =>
        client.query(
          `delete from ${table} where workspace_id = $1 and view = $2 and version = $3 and ($4::text[] is null or key = any($4))`,
          [call.workspace, view, version, keys ? [...keys] : null],
        ),
      );
      return { removed: result.rowCount ?? 0 };
    },

    async removeByKeyPart({ view, version, part, value }, call) {
      const result = await inWorkspace(call, (client) =>
        client.query(
          `delete from ${table} where workspace_id = $1 and view = $2 and version = $3 and key::jsonb ->> $4::int = $5`,
          [call.workspace, view, version, part, value],
        ),
      );
      return { removed: result.rowCount ?? 0 };
    },

    async health() {
      await pool.query('select 1').catch(unavailable);
      return { ok: true };
    },

    close: () => pool.end(),
  };
}

/** Table and second wall, made once however many processes start: rows of another workspace do not exist for the app role. */
async function prepare(pool: pg.Pool, schema: string, table: string): Promise<void> {
  const client = await pool.connect().catch(unavailable);
  try {
    await client.query('select pg_advisory_lock($1)', [LOCK]);
    const name = pg.escapeIdentifier(schema);
    await client.query(`
      create schema if not exists ${name};
      create table if not exists ${table} (
        workspace_id text not null,
        view text not null,
        version integer not null,
        key text not null,
        event_time bigint not null,
        data bytea not null,
        primary key (workspace_id, view, version, key)
      );
      alter table ${table} enable row level security;
      alter table ${table} force row level security;
      do $$ begin
        if not exists (select from pg_roles where rolname = 'falaj_app') then create role falaj_app nologin; end if;
        if not exists (select from pg_policies where schemaname = ${pg.escapeLiteral(schema)} and tablename = 'value' and policyname = 'falaj_app_scope') then
          create policy falaj_app_scope on ${table} to falaj_app
            using (workspace_id = current_setting('falaj.workspace', true)) with check (workspace_id = current_setting('falaj.workspace', true));
          create policy falaj_system_all on ${table} to current_user using (true) with check (true);
        end if;
      end $$;
      grant usage on schema ${name} to falaj_app;
      grant select, insert, update, delete on ${table} to falaj_app;`);
  } finally {
    await client.query('select pg_advisory_unlock($1)', [LOCK]).catch(() => undefined);
    client.release();
  }
}

function unavailable(error: unknown): never {
  if (error instanceof PluginError) throw error;
  const code = (error as { code?: string }).code ?? '';
  // 22021, 22P05: text that PostgreSQL cannot hold, such as a NUL in a key.
  if (code.startsWith('22'))
    throw new PluginError('BAD_INPUT', `The database refuses a value: ${(error as Error).message}`, { cause: error });
  throw new PluginError('UNAVAILABLE', `The online store's database does not answer: ${(error as Error).message}`, {
    cause: error,
  });
}
