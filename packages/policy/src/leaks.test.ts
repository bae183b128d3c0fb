// A value that may not be read must not be found by asking about it: by filter, by order or by sum.
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import type { Principal } from '@falaj/runtime';
import { and, asc, desc, gt, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { doublePrecision, integer, pgTable, text } from 'drizzle-orm/pg-core';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildAbility } from './ability.js';
import { createNounCatalog } from './noun.js';

const table = pgTable('budget', {
  id: integer().primaryKey(),
  owner: text().notNull(),
  cost: doublePrecision().notNull(),
});
const catalog = createNounCatalog([
  { name: 'Budget', fields: { id: 'open', cost: 'sensitive' }, attributes: { owner: 'string' } },
]);
const principal: Principal = {
  id: 'u1',
  kind: 'USER',
  name: 'U',
  workspaceId: 'w',
  roles: ['viewer'],
  zone: 'AE',
  zones: ['AE'],
};
const base = { effect: 'ALLOW', actions: ['read'], subject: 'Budget', roles: ['viewer'] } as const;
const plan = buildAbility(
  [
    { ...base, id: 'all', classes: ['open'], reason: 'ORDINARY' },
    { ...base, id: 'own', fields: ['cost'], conditions: { owner: { $var: 'principal.id' } }, reason: 'OWNER_ONLY' },
  ],
  principal,
  catalog,
).readPlan('Budget', { attributes: { owner: table.owner }, fields: { id: table.id, cost: table.cost } });

let database: TestDatabase;
let client: pg.Client;
const db = () => drizzle({ client });

beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(`create table budget (id int primary key, owner text not null, cost float8 not null);
    insert into budget values (1, 'u2', 73519.25), (2, 'u1', 10), (3, 'u2', 20)`);
});

afterAll(async () => {
  await client?.end();
  await database?.close();
});

/** Halves the range of row 1's cost as often as answers tell it where to go. */
async function search(guarded: boolean): Promise<number> {
  let [low, high] = [0, 100_000];
  while (high - low > 0.01) {
    const middle = (low + high) / 2;
    const found = await db()
      .select({ id: table.id })
      .from(table)
      .where(and(plan.where, sql`${table.id} = 1`, gt(table.cost, middle), guarded ? plan.filter('cost') : undefined));
    if (found.length > 0) low = middle;
    else high = middle;
  }
  return low;
}

it('a filter tells nothing of a masked value', async () => {
  expect(await search(false)).toBeCloseTo(73519.25, 1);
  expect(await search(true)).toBe(0);
});

it('an order tells nothing of a masked value', async () => {
  const order = async (direction: typeof asc) =>
    (
      await db()
        .select({ id: table.id })
        .from(table)
        .where(plan.where)
        .orderBy(sql`${direction(plan.orderBy('cost'))} nulls last`, table.id)
    ).map(({ id }) => id);
  expect(await order(desc)).toEqual([2, 1, 3]);
  expect(await order(asc)).toEqual([2, 1, 3]);
});

it('an aggregate counts visible values only', async () => {
  const cost = plan.orderBy('cost');
  const [found] = await db()
    .select({
      sum: sql<number>`sum(${cost})`,
      highest: sql<number>`max(${cost})`,
      rows: sql<number>`count(${cost})::int`,
    })
    .from(table)
    .where(plan.where);
  expect(found).toEqual({ sum: 10, highest: 10, rows: 1 });
});

it('a masked value never leaves the database, and says so', async () => {
  const rows = await db()
    .select({ ...plan.select, masked: plan.masked })
    .from(table)
    .crossJoinLateral(plan.verdicts ?? sql`(select) as nothing`)
    .where(plan.where)
    .orderBy(table.id);
  expect(rows).toEqual([
    { id: 1, cost: null, masked: 'cost' },
    { id: 2, cost: 10, masked: '' },
    { id: 3, cost: null, masked: 'cost' },
  ]);
  expect(plan.reasonOf('cost')).toBe('OWNER_ONLY');
});
