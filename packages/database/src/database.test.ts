import { setTimeout as sleep } from 'node:timers/promises';
import { PlatformError } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assertRowSecurity, clientOf, type Database, migrate, openDatabase, type WorkspaceScope } from './index.js';
import { createTestDatabase, type TestDatabase } from './testing.js';

const scope = (workspaceId: string, ...zones: string[]): WorkspaceScope => ({ workspaceId, zones, principalId: 'p1' });

let test: TestDatabase;
let database: Database;

async function asOwner(text: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: test.url });
  await client.connect();
  return client.query(text).finally(() => client.end());
}

beforeAll(async () => {
  test = await createTestDatabase();
  database = test.database;
  await asOwner(`
    create schema shop;
    create table shop.thing (workspace_id text not null, zone text not null, id int not null, born date, primary key (workspace_id, id));
    create table shop.ledger (workspace_id text not null, id int not null, primary key (workspace_id, id));
    select falaj.protect('shop.thing');
    select falaj.protect_append_only('shop.ledger');
    insert into shop.thing select 'w' || (i % 3), (array['AE', 'US'])[1 + i % 2], i, '2026-01-02' from generate_series(0, 59) i;`);
});
afterAll(() => test.close());

const count = (of: WorkspaceScope) =>
  database.inWorkspace(of, async (tx) => (await clientOf(tx).query('select count(*) as n from shop.thing')).rows[0].n);

describe('a workspace transaction', () => {
  it('shows its own workspace and zones only', async () => {
    expect(await count(scope('w1', 'AE', 'US'))).toBe(20);
    expect(await count(scope('w1', 'AE'))).toBe(10);
    expect(await count(scope('w1'))).toBe(0);
    expect(await count(scope('unknown', 'AE', 'US'))).toBe(0);
    expect(
      await database.asSystem(
        async (tx) => (await tx.execute<{ id: string }>(sql`select id from shop.thing`)).rows.length,
      ),
    ).toBe(60);
  });

  it('shows nothing to the app role without a scope', async () => {
    const results = (await asOwner(
      'begin; set local role falaj_app; select count(*) as n from shop.thing; commit',
    )) as unknown as pg.QueryResult[];
    expect(results[2]?.rows).toEqual([{ n: '0' }]);
  });

  it.each([
    ['another workspace', "insert into shop.thing values ('w2', 'AE', 900)"],
    ['another zone', "insert into shop.thing values ('w1', 'US', 901)"],
    ['a move to another workspace', "update shop.thing set workspace_id = 'w2'"],
  ])('refuses to write %s', async (_, text) => {
    const write = database.inWorkspace(scope('w1', 'AE'), (tx) => tx.execute(sql.raw(text)));
    await expect(write).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('leaves no trace of the scope on the pooled connection', async () => {
    const one = await openDatabase({ url: test.url, maxConnections: 1 });
    const read = (tx: Parameters<Parameters<Database['asSystem']>[0]>[0]) =>
      clientOf(tx).query('select current_user as role, falaj.workspace() as workspace, falaj.zones() as zones');
    await one.inWorkspace(scope('w1', 'AE'), read);
    await one.inWorkspace(scope('w1', 'AE'), () => Promise.reject(new Error('no'))).catch(() => undefined);
    expect((await one.asSystem(read)).rows).toEqual([{ role: 'falaj_system', workspace: null, zones: null }]);
    await one.close();
  });

  it('takes any text as identifiers without running it', async () => {
    for (const evil of [
      "'; drop schema shop cascade; --",
      "\\'; select 1; --",
      '$$',
      'é\u{1F600}\n"',
      "'||current_user||'",
      '\\',
    ]) {
      const seen = await database.inWorkspace(
        { workspaceId: evil, zones: ['AE'], principalId: evil },
        async (tx) => (await clientOf(tx).query('select falaj.workspace() as w, falaj.principal() as p')).rows[0],
      );
      expect(seen).toEqual({ w: evil, p: evil });
    }
    expect(await count(scope('w1', 'AE'))).toBe(10);
  });

  it.each([scope(''), scope('a\0b'), scope('w', 'AE,US'), scope('w', ''), { ...scope('w'), principalId: '' }])(
    'refuses a malformed scope (%#)',
    async (bad) => {
      await expect(database.inWorkspace(bad, async () => 1)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    },
  );

  it('refuses a query after its end, which would run in the next one', async () => {
    let escaped: pg.PoolClient | undefined;
    await database.inWorkspace(scope('w1', 'AE'), async (tx) => {
      escaped = clientOf(tx);
    });
    await expect(escaped?.query('select 1')).rejects.toThrow('transaction is over');
  });

  it('does not report success when a swallowed failure rolled it back', async () => {
    const work = database.inWorkspace(scope('w1', 'AE'), async (tx) => {
      await tx.execute(sql`select 1 / 0`).catch(() => undefined);
    });
    await expect(work).rejects.toThrow('nothing was saved');
  });

  it('nests by savepoint', async () => {
    await database.inWorkspace(scope('w1', 'AE'), async (tx) => {
      await tx.execute(sql`insert into shop.thing values ('w1', 'AE', 700)`);
      await tx
        .transaction((inner) => inner.execute(sql`insert into shop.thing values ('w1', 'AE', 700)`))
        .catch(() => 0);
      await tx.execute(sql`insert into shop.thing values ('w1', 'AE', 701)`);
    });
    expect(await count(scope('w1', 'AE'))).toBe(12);
    await database.asSystem((tx) => tx.execute(sql`delete from shop.thing where id >= 700`));
  });

  it('cannot write when read-only', async () => {
    const write = database.inWorkspace(scope('w1', 'AE'), (tx) => tx.execute(sql`delete from shop.thing`), {
      readOnly: true,
    });
    await expect(write).rejects.toBeInstanceOf(PlatformError);
  });

  it('reads int8 as number, large int8 as text, date as text, timestamptz as Date', async () => {
    const row = await database.inWorkspace(
      scope('w1', 'AE'),
      async (tx) =>
        (await tx.execute<{ a: number; b: string }>(sql`select 5::int8 as a, 9007199254740993::int8 as b`)).rows[0],
    );
    expect(row).toEqual({ a: 5, b: '9007199254740993' });
    const raw = await database.inWorkspace(
      scope('w1', 'AE'),
      async (tx) =>
        (await clientOf(tx).query(`select born, '2026-01-02T03:04:05Z'::timestamptz as at from shop.thing limit 1`))
          .rows[0],
    );
    expect(raw).toEqual({ born: '2026-01-02', at: new Date('2026-01-02T03:04:05Z') });
  });
});

it('refuses every change of an append-only table, the owner included', async () => {
  await database.inWorkspace(scope('w1'), (tx) => tx.execute(sql`insert into shop.ledger values ('w1', 1)`));
  for (const text of ['update shop.ledger set id = 2', 'delete from shop.ledger', 'truncate shop.ledger'])
    await expect(asOwner(text)).rejects.toMatchObject({ code: 'FJ001' });
  const change = database.asSystem((tx) => tx.execute(sql`delete from shop.ledger`));
  await expect(change).rejects.toMatchObject({ code: 'FORBIDDEN' });
});

describe('errors', () => {
  it.each([
    ['CONFLICT', "insert into shop.thing values ('w1', 'AE', 1), ('w1', 'AE', 1)"],
    ['BAD_USER_INPUT', "select 'x'::int"],
    ['BAD_USER_INPUT', "insert into shop.thing values ('w1', 'AE', null)"],
    ['INTERNAL', 'select nothing from nowhere'],
  ])('become %s for: %s', async (code, text) => {
    const error = await database.inWorkspace(scope('w1', 'AE'), (tx) => tx.execute(sql.raw(text))).catch((e) => e);
    expect(error).toMatchObject({ code });
    expect(error.message).not.toMatch(/shop|thing|w1/);
  });

  it('leave the errors of the work alone', async () => {
    const own = Object.assign(new Error('mine'), { code: 'ENOENT', syscall: 'open' });
    await expect(database.asSystem(() => Promise.reject(own))).rejects.toBe(own);
  });

  it('say that the database is away', async () => {
    const away = openDatabase({ url: 'postgres://x:y@localhost/z?host=/nowhere' });
    await expect(away).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  });

  it('end a statement that runs too long', async () => {
    const quick = await openDatabase({ url: test.url, statementTimeoutMs: 50 });
    await expect(quick.asSystem((tx) => tx.execute(sql`select pg_sleep(5)`))).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
    });
    await quick.close();
  });

  it('survive the loss of the connection in the middle of a transaction', async () => {
    const cut = database.inWorkspace(scope('w1', 'AE'), async (tx) => {
      const { rows } = await clientOf(tx).query('select pg_backend_pid() as pid');
      await asOwner(`select pg_terminate_backend(${rows[0].pid})`);
      await clientOf(tx).query('select 1');
    });
    await expect(cut).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    expect(await count(scope('w1', 'AE'))).toBe(10);
  });
});

describe('assertRowSecurity', () => {
  it.each([
    ['lacks', 'create table shop.open (workspace_id text not null)'],
    [
      'force',
      `create table shop.open (workspace_id text not null); select falaj.protect('shop.open'); alter table shop.open no force row level security`,
    ],
    [
      'exactly',
      `create table shop.open (workspace_id text not null); select falaj.protect('shop.open'); create policy wide on shop.open using (true)`,
    ],
  ])('names the table where protection is wrong: %s', async (word, text) => {
    await assertRowSecurity(database);
    await asOwner(text);
    await expect(assertRowSecurity(database)).rejects.toThrow(new RegExp(`shop\\.open.*${word}`));
    await asOwner('drop table shop.open');
  });

  it('names the role that could pass it by', async () => {
    // Roles belong to the server that other tests share, hence the transaction that never commits.
    const client = new pg.Client({ connectionString: test.url });
    await client.connect();
    await client.query('begin; grant falaj_system to falaj_app');
    const { drizzle } = await import('drizzle-orm/node-postgres');
    const inside = {
      asSystem: (work: never) => (work as (tx: unknown) => unknown)(drizzle({ client })),
    } as unknown as Database;
    await expect(assertRowSecurity(inside)).rejects.toThrow('falaj_app is a member of falaj_system');
    await client.query('rollback');
    await client.end();
  });

  it('refuses to protect a table whose workspace may be null', async () => {
    await expect(
      asOwner(`begin; create table shop.x (workspace_id text); select falaj.protect('shop.x')`),
    ).rejects.toThrow(/text not null/);
    await expect(asOwner(`begin; create table shop.x (a int); select falaj.protect('shop.x')`)).rejects.toThrow(
      /no column workspace_id/,
    );
  });
});

it('listens again after its connection broke', async () => {
  const heard: string[] = [];
  const unlisten = await database.listen('bell', (payload) => heard.push(payload));
  await asOwner(`notify bell, 'one'`);
  await expect.poll(() => heard).toEqual(['one']);
  await asOwner(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'falaj test listener' and datname = current_database()`,
  );
  await expect.poll(() => heard, { timeout: 10_000 }).toEqual(['one', '']);
  await asOwner(`notify bell, 'two'`);
  await expect.poll(() => heard).toEqual(['one', '', 'two']);
  await unlisten();
  await asOwner(`notify bell, 'three'`);
  await sleep(50);
  expect(heard).toHaveLength(3);
});

it('works for an owner who is no superuser', async () => {
  const name = `plain_${process.pid}`;
  await asOwner(`create role ${name} login createrole password 'pw'`);
  await asOwner(`create database ${name} owner ${name}`);
  const url = new URL(test.url);
  url.username = name;
  url.password = 'pw';
  url.pathname = `/${name}`;
  try {
    await asOwner(`grant falaj_app, falaj_system to ${name}`);
    await migrate({ url: url.href }, []);
    const plain = await openDatabase({ url: url.href });
    await plain.asSystem((tx) => tx.execute(sql`select 1`));
    const seen = await plain.inWorkspace(
      scope('w1'),
      async (tx) => (await clientOf(tx).query('select count(*) as n, current_user as role from falaj.outbox')).rows[0],
    );
    expect(seen).toEqual({ n: 0, role: 'falaj_app' });
    await assertRowSecurity(plain);
    await plain.close();
  } finally {
    await asOwner(`drop database if exists ${name} with (force)`);
    await asOwner(`drop role ${name}`);
  }
});
