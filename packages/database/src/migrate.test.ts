import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { migrate } from './index.js';
import { createTestDatabase, type TestDatabase } from './testing.js';

let test: TestDatabase;
let folder: string;

const write = (name: string, text: string) => {
  mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, name, 'migration.sql'), text);
};

beforeEach(async () => {
  test = await createTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'falaj-migrations-'));
  write(
    '20260101000000_init',
    'create schema shop; create table shop.a (n int);\n--> statement-breakpoint\ninsert into shop.a values (1);',
  );
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await test.close();
});

const query = async (text: string) => {
  const client = new pg.Client({ connectionString: test.url });
  await client.connect();
  return (await client.query(text).finally(() => client.end())).rows;
};
const sets = () => [{ name: 'shop', folder }];

it('applies each migration once when six starters race on an empty database', async () => {
  await query('drop schema falaj cascade');
  await query('drop schema falaj_migrations cascade');
  await Promise.all(Array.from({ length: 6 }, () => migrate(test.database, sets())));
  expect(await query('select n from shop.a')).toEqual([{ n: 1 }]);
  write('20260102000000_more', 'insert into shop.a values (2);');
  await Promise.all(Array.from({ length: 6 }, () => migrate(test.database, sets())));
  expect(await query('select n from shop.a order by n')).toEqual([{ n: 1 }, { n: 2 }]);
});

it('rolls back a set that fails, names it and the reason, and goes on once it is right', async () => {
  write('20260102000000_more', 'insert into shop.a values (2); select 1 / 0;');
  await expect(migrate(test.database, sets())).rejects.toThrow(/"shop" failed.*division by zero/);
  expect(await query(`select to_regclass('shop.a') as a`)).toEqual([{ a: null }]);
  write('20260102000000_more', 'insert into shop.a values (2);');
  await migrate(test.database, sets());
  expect(await query('select n from shop.a order by n')).toEqual([{ n: 1 }, { n: 2 }]);
});

it('refuses a migration that was edited after it had been applied', async () => {
  await migrate(test.database, sets());
  write('20260101000000_init', 'create schema shop;');
  await expect(migrate(test.database, sets())).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});
