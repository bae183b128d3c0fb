import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import type { Call, OnlineRow, OnlineStoreV1, OnlineView, PluginHost } from '@falaj/plugin-sdk';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import postgres from './index.js';

let database: TestDatabase;
let store: OnlineStoreV1;
const nothing = () => {};
const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const hostOf = (secrets: Readonly<Record<string, string>> = {}): PluginHost => ({
  clock: Date.now,
  log,
  directory: '/nonexistent',
  secret: (name) => {
    const secret = secrets[name];
    if (secret === undefined) throw new Error(`no secret ${name}`);
    return secret;
  },
});
const callOf = (workspace: string, signal = new AbortController().signal): Call => ({
  signal,
  log,
  principal: 'tester',
  workspace,
  zone: 'AE',
  traceparent: '',
  idempotencyKey: '',
});

beforeAll(async () => {
  database = await createTestDatabase();
  store = await postgres.open({ url: database.url }, hostOf());
});
afterAll(async () => {
  await store?.close();
  await database?.close();
});

let views = 0;
const newView = (): OnlineView => ({ view: `view_${++views}`, version: 1, columns: [{ name: 'n', type: 'FLOAT64' }] });
const row = (key: string, eventTime: number, value: number | null = eventTime): OnlineRow => ({
  key: JSON.stringify([key]),
  eventTime,
  values: [value],
});
const write = (view: OnlineView, rows: readonly OnlineRow[], workspace = 'one') =>
  store.write({ view, rows }, callOf(workspace));
const read = async (view: OnlineView, keys: readonly string[], workspace = 'one') =>
  (await store.read({ requests: [{ view, keys: keys.map((key) => JSON.stringify([key])) }] }, callOf(workspace)))[0];

/** Runs on the database as its owner, beside the plugin. */
async function asOwner<T extends pg.QueryResultRow>(sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    const answer = await client.query<T>(sql);
    return ([answer].flat().at(-1) as pg.QueryResult<T>).rows;
  } finally {
    await client.end();
  }
}

test('writers that race keep the newest event, whatever the order', async () => {
  const view = newView();
  const times = Array.from({ length: 40 }, (_, index) => (index * 17) % 40);
  const keys = Array.from({ length: 25 }, (_, index) => `key ${index}`);
  // Rows in different orders would deadlock if they were locked as they come.
  await Promise.all(
    times.map((time, index) =>
      write(
        view,
        (index % 2 ? keys : [...keys].reverse()).map((key) => row(key, time)),
      ),
    ),
  );
  expect(await read(view, keys)).toEqual(keys.map((key) => row(key, 39)));
});

test('written and stale add up to the rows given, repeated keys included', async () => {
  const view = newView();
  expect(await write(view, [row('a', 5), row('a', 3), row('b', 1)])).toEqual({ written: 2, stale: 1 });
  expect(await write(view, [row('a', 4), row('b', 1, 7)])).toEqual({ written: 1, stale: 1 });
  expect(await read(view, ['a', 'b'])).toEqual([row('a', 5), row('b', 1, 7)]);
});

test('a read of all views is one statement', async () => {
  const [one, two] = [newView(), newView()];
  await write(one, [row('a', 1)]);
  await write(two, [row('b', 2)]);
  const requests = [
    { view: two, keys: ['["b"]', '["none"]'] },
    { view: one, keys: ['["a"]'] },
    { view: two, keys: [] },
  ];
  const queried: string[] = [];
  const original = pg.Client.prototype.query;
  pg.Client.prototype.query = function (this: pg.Client, ...given: unknown[]) {
    const [query] = given as [string | { text?: string }];
    queried.push(typeof query === 'string' ? query : (query.text ?? ''));
    return Reflect.apply(original as never, this, given);
  } as never;
  try {
    expect(await store.read({ requests }, callOf('one'))).toEqual([[row('b', 2), null], [row('a', 1)], []]);
  } finally {
    pg.Client.prototype.query = original;
  }
  expect(queried.filter((sql) => sql.includes('data'))).toHaveLength(1);
});

test('a workspace reads, overwrites and removes only its own rows', async () => {
  const view = newView();
  await write(view, [row('a', 1)], 'one');
  await write(view, [row('a', 2)], 'two');
  expect([await read(view, ['a'], 'one'), await read(view, ['a'], 'two')]).toEqual([[row('a', 1)], [row('a', 2)]]);
  expect(await store.remove({ view: view.view, version: 1 }, callOf('two'))).toEqual({ removed: 1 });
  expect([await read(view, ['a'], 'one'), await read(view, ['a'], 'two')]).toEqual([[row('a', 1)], [null]]);
});

test('the second wall stands alone: without the workspace set, or with another, the database shows no row', async () => {
  const view = newView();
  await write(view, [row('a', 1)], 'one');
  const as = (workspace: string | null) =>
    asOwner<{ count: string }>(
      `begin; ${workspace === null ? '' : `select set_config('falaj.workspace', '${workspace}', true);`} set local role falaj_app; select count(*) from online.value`,
    );
  expect(Number((await as('one'))[0]?.count)).toBeGreaterThan(0);
  expect((await as('nobody'))[0]?.count).toBe('0');
  expect((await as(null))[0]?.count).toBe('0');
  const intrude = asOwner(`begin; select set_config('falaj.workspace', 'two', true); set local role falaj_app;
    insert into online.value select 'one', view, version, 'intruder', event_time, data from online.value limit 1;
    update online.value set workspace_id = 'one'; insert into online.value values ('one', 'v', 1, 'k', 0, '')`);
  await expect(intrude).rejects.toThrow(/row-level security/);
  const [forced] = await asOwner<{ relrowsecurity: boolean; relforcerowsecurity: boolean }>(
    `select relrowsecurity, relforcerowsecurity from pg_class where oid = 'online.value'::regclass`,
  );
  expect(forced).toEqual({ relrowsecurity: true, relforcerowsecurity: true });
});

test('the setting of one call never reaches the next on the same connection', async () => {
  const single = await postgres.open({ url: database.url, maxConnections: 1 }, hostOf());
  const view = newView();
  await single.write({ view, rows: [row('a', 1)] }, callOf('one'));
  for (let round = 0; round < 20; round++) {
    const workspace = round % 2 ? 'one' : 'two';
    const [found] = await single.read({ requests: [{ view, keys: ['["a"]'] }] }, callOf(workspace));
    expect(found).toEqual([workspace === 'one' ? row('a', 1) : null]);
  }
  await single.close();
});

test('many processes may start at once on an empty database', async () => {
  const fresh = await createTestDatabase();
  const stores = await Promise.all(
    Array.from({ length: 8 }, () => postgres.open({ url: fresh.url, schema: 'fresh', maxConnections: 1 }, hostOf())),
  );
  const view = newView();
  await Promise.all(stores.map((each, index) => each.write({ view, rows: [row('a', index)] }, callOf('one'))));
  const [found] = (await stores[0]?.read({ requests: [{ view, keys: ['["a"]'] }] }, callOf('one'))) ?? [];
  expect(found).toEqual([row('a', 7)]);
  await Promise.all(stores.map((each) => each.close()));
  await fresh.close();
});

test('the address is the secret where none is configured', async () => {
  const bySecret = await postgres.open({}, hostOf({ 'database-url': database.url }));
  expect((await bySecret.health(callOf('one'))).ok).toBe(true);
  await bySecret.close();
});

test('a database that is gone is UNAVAILABLE, and says no password', async () => {
  const open = postgres.open({ url: 'postgres://someone:hunter2@127.0.0.1:1/none' }, hostOf());
  const error: unknown = await open.catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
  expect(String((error as Error).message)).not.toContain('hunter2');
});

test('values that PostgreSQL or the view cannot hold are refused, and nothing of the write is kept', async () => {
  const view = newView();
  const refused = async (rows: readonly OnlineRow[]) =>
    expect(write(view, rows)).rejects.toMatchObject({ code: 'BAD_INPUT' });
  await refused([row('a', 1), { key: 'a\0b', eventTime: 1, values: [1] }]);
  await refused([row('a', 1), { key: '["b"]', eventTime: 1, values: ['text'] }]);
  await refused([row('a', 1), { key: '["b"]', eventTime: 1, values: [] }]);
  await refused([row('a', 1), { key: '["b"]', eventTime: 0.5, values: [1] }]);
  expect(await read(view, ['a'])).toEqual([null]);
});

test('a call that is cancelled rejects and writes nothing', async () => {
  const view = newView();
  await expect(store.write({ view, rows: [row('a', 1)] }, callOf('one', AbortSignal.abort()))).rejects.toMatchObject({
    code: 'CANCELLED',
  });
  expect(await read(view, ['a'])).toEqual([null]);
});

test('ten thousand rows go in and out', async () => {
  const view: OnlineView = {
    ...newView(),
    columns: Array.from({ length: 20 }, (_, place) => ({ name: `c${place}`, type: 'FLOAT64' as const })),
  };
  const rows = Array.from(
    { length: 10_000 },
    (_, index): OnlineRow => ({
      key: JSON.stringify([`k${index}`]),
      eventTime: index,
      values: view.columns.map((_, place) => (place === index % 20 ? null : index / (place + 1))),
    }),
  );
  expect(await store.write({ view, rows }, callOf('one'))).toEqual({ written: 10_000, stale: 0 });
  const [found] = await store.read({ requests: [{ view, keys: rows.map(({ key }) => key) }] }, callOf('one'));
  expect(found).toEqual(rows);
});
