// Two implementations of one meaning: CASL in memory, our compiler in SQL. Random policies over every combination of
// values and nulls must give the same rows, the same fields and the same masks. FALAJ_PROPERTY_RUNS sets how many.
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import type { Principal } from '@falaj/runtime';
import { type SQL, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { boolean, doublePrecision, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Ability, buildAbility } from './ability.js';
import { createNounCatalog, type FieldClass } from './noun.js';
import type { Rule } from './rule.js';
import { validateRule } from './validate-rule.js';

const RUNS = Number(process.env.FALAJ_PROPERTY_RUNS ?? 5_000);
const BATCH = 40;

const table = pgTable('thing', {
  zone: text(),
  owner: uuid(),
  level: doublePrecision(),
  flag: boolean(),
  at: timestamp({ withTimezone: true, mode: 'date' }),
  a: text().notNull(),
  b: text().notNull(),
  c: text().notNull(),
  d: text().notNull(),
});
const fields = { a: 'open', b: 'internal', c: 'pii', d: 'pii' } as const satisfies Record<string, FieldClass>;
const catalog = createNounCatalog([
  {
    name: 'Thing',
    fields,
    attributes: { zone: 'string', owner: 'string', level: 'number', flag: 'boolean', at: 'timestamp' },
  },
  { name: 'Other', fields: { a: 'open' }, attributes: {} },
]);
const U1 = '0b0f6c5e-7a55-4bb1-8b1f-3a4a2a2a0001';
const U2 = '0b0f6c5e-7a55-4bb1-8b1f-3a4a2a2a0002';
// The last instant has microseconds, which a row in memory does not see.
const domain = {
  zone: ['AE', 'US', null],
  owner: [U1, U2, null],
  level: [0, 1.5, null],
  flag: [true, false, null],
  at: ['2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.123456Z', null],
} as const;
type Attribute = keyof typeof domain;
const names = Object.keys(domain) as Attribute[];
const columns = {
  attributes: { zone: table.zone, owner: table.owner, level: table.level, flag: table.flag, at: table.at },
  fields: { a: table.a, b: table.b, c: table.c, d: table.d },
};

/** mulberry32 */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function generator(seed: number) {
  const next = random(seed);
  const below = (n: number): number => Math.floor(next() * n);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const one = (chance: number): boolean => next() < chance;
  const some = <T>(list: readonly T[], most: number): T[] => Array.from({ length: below(most + 1) }, () => pick(list));

  const valuesOf = (name: Attribute): readonly unknown[] =>
    name === 'at'
      ? ['2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.123Z', '2026-01-02', null]
      : [...domain[name], ...(name === 'level' ? [1, 2] : [])];
  const scalar = (name: Attribute): unknown =>
    name === 'zone' && one(0.2)
      ? { $var: 'principal.zone' }
      : name === 'owner' && one(0.2)
        ? { $var: 'principal.id' }
        : pick(valuesOf(name));
  const list = (name: Attribute): unknown =>
    name === 'zone' && one(0.3) ? { $var: 'principal.zones' } : some(valuesOf(name), 3);
  const operators = (name: Attribute, depth: number): unknown => {
    const ordered = name === 'level' || name === 'at';
    switch (below(ordered ? 8 : 6)) {
      case 0:
        return { $eq: scalar(name) };
      case 1:
        return { $ne: scalar(name) };
      case 2:
        return { $in: list(name) };
      case 3:
        return { $nin: list(name) };
      case 4:
        return { $exists: one(0.5) };
      case 5:
        return depth > 0 ? { $not: operators(name, depth - 1) } : scalar(name);
      case 6:
        return { [pick(['$lt', '$lte', '$gt', '$gte'])]: pick(valuesOf(name).filter((value) => value !== null)) };
      default:
        return { $gte: pick(valuesOf(name).filter((value) => value !== null)), $ne: scalar(name) };
    }
  };
  const leaf = (depth: number): Record<string, unknown> => {
    const name = pick(names);
    const first = { [name]: one(0.3) ? scalar(name) : operators(name, depth) };
    const other = pick(names);
    return one(0.2) ? { ...first, [other]: operators(other, depth) } : first;
  };
  const condition = (depth: number): Record<string, unknown> => {
    if (depth === 0 || one(0.4)) return leaf(depth);
    const many = () => Array.from({ length: 1 + below(3) }, () => condition(depth - 1));
    switch (below(5)) {
      case 0:
        return { $and: many() };
      case 1:
        return { $or: many() };
      case 2:
        return { $nor: many() };
      case 3:
        return { $not: condition(depth - 1) };
      default:
        return { ...leaf(depth), $or: many() };
    }
  };
  const rule = (id: number): Rule => {
    const wild = one(0.08);
    return {
      id: `r${id}`,
      effect: one(0.4) ? 'DENY' : 'ALLOW',
      actions: [pick(['read', 'read', 'read', '*', 'update'])],
      subject: wild ? '*' : 'Thing',
      ...(one(0.4)
        ? { fields: [pick(['a', 'b', 'c', 'd', '*', 'c*']), pick(['a', 'b'])] }
        : one(0.3)
          ? { classes: [pick(['open', 'internal', 'pii', 'secret'] as const)] }
          : {}),
      ...(wild || one(0.25) ? {} : { conditions: condition(3) }),
      roles: [pick(['*', '*', 'engineer', 'approver'])],
      reason: 'RANDOM',
      ...(one(0.05) ? { validTo: new Date('2026-01-01') } : {}),
    };
  };
  const principal = (): Principal => ({
    id: pick([U1, 'someone']),
    kind: one(0.95) ? 'USER' : 'ANONYMOUS',
    name: 'p',
    workspaceId: 'w',
    roles: one(0.8) ? ['engineer'] : [],
    zone: pick(['AE', 'US', '']),
    zones: some(['AE', 'US'], 2),
  });
  return { rules: () => Array.from({ length: 1 + below(6) }, (_, place) => rule(place)), principal };
}

let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(`set timezone to 'UTC'; set jit to off; create table thing (n serial, zone text, owner uuid,
    level double precision, flag boolean, at timestamptz, a text, b text, c text, d text)`);
  const lists = names.map((name) => `unnest($${names.indexOf(name) + 1}::text[]) as ${name}(v)`);
  await client.query(
    `insert into thing (zone, owner, level, flag, at, a, b, c, d)
     select zone.v, owner.v::uuid, level.v::float8, flag.v::boolean, at.v::timestamptz, 'a', 'b', 'c', 'd'
     from ${lists.join(' cross join ')}`,
    names.map((name) => domain[name].map((value) => (value === null ? null : String(value)))),
  );
});

afterAll(async () => {
  await client?.end();
  await database?.close();
});

interface Case {
  readonly rules: readonly Rule[];
  readonly principal: Principal;
  readonly ability: Ability;
  readonly field: keyof typeof fields;
}

const FIELD_NAMES = Object.keys(fields) as (keyof typeof fields)[];

it(`agrees on rows, fields and masks for ${RUNS} random policies`, async () => {
  const db = drizzle({ client });
  const rows = (await client.query('select n, zone, owner, level, flag, at from thing order by n')).rows as Record<
    string,
    unknown
  >[];
  expect(rows).toHaveLength(243);
  const make = generator(20261123);
  const differences: unknown[] = [];
  const seen = { policies: 0, readable: 0, hidden: 0, masked: 0 };

  for (let done = 0; done < RUNS; done += BATCH) {
    const cases: Case[] = Array.from({ length: Math.min(BATCH, RUNS - done) }, (_, place) => {
      const rules = make.rules();
      for (const rule of rules) validateRule(rule, catalog);
      const principal = make.principal();
      const ability = buildAbility(rules, principal, catalog, new Date('2026-06-01'));
      return { rules, principal, ability, field: FIELD_NAMES[(done + place) % 4] as keyof typeof fields };
    });
    const selection: Record<string, SQL> = {};
    cases.forEach(({ ability, field }, place) => {
      const plan = ability.readPlan('Thing', columns);
      selection[`row${place}`] = sql`(${plan.where}) is true`.as(`row${place}`) as unknown as SQL;
      selection[`field${place}`] =
        sql`(${ability.fieldPredicate('read', 'Thing', field, columns.attributes)}) is true`.as(
          `field${place}`,
        ) as unknown as SQL;
      selection[`update${place}`] = sql`(${ability.rowPredicate('update', 'Thing', columns.attributes)}) is true`.as(
        `update${place}`,
      ) as unknown as SQL;
      selection[`masked${place}`] = plan.masked.as(`masked${place}`) as unknown as SQL;
      selection[`shown${place}`] = sql`array_remove(array[${sql.join(Object.values(plan.select), sql`, `)}], null)`.as(
        `shown${place}`,
      ) as unknown as SQL;
    });
    const answers = (await db.select(selection).from(table).orderBy(sql`n`)) as Record<string, unknown>[];

    cases.forEach(({ rules, principal, ability, field }, place) => {
      seen.policies += 1;
      rows.forEach((row, number) => {
        const answer = answers[number] as Record<string, unknown>;
        const readable = ability.can('read', 'Thing', row);
        const found: Record<string, unknown> = {
          row: answer[`row${place}`],
          field: answer[`field${place}`],
          update: answer[`update${place}`],
        };
        const expected: Record<string, unknown> = {
          row: readable,
          field: ability.can('read', 'Thing', row, field),
          update: ability.can('update', 'Thing', row),
        };
        if (readable) {
          const hidden = ability.maskRow('read', 'Thing', row).masked.map((each) => each.field);
          expected.masked = hidden.join();
          expected.shown = FIELD_NAMES.filter((name) => !hidden.includes(name)).join();
          found.masked = [...(answer[`masked${place}`] as string[])].sort().join();
          found.shown = (answer[`shown${place}`] as string[]).join();
          seen.masked += hidden.length;
        }
        seen[readable ? 'readable' : 'hidden'] += 1;
        if (Object.keys(expected).some((key) => expected[key] !== found[key]) && differences.length < 3)
          differences.push({ rules, principal, field, row, expected, found });
      });
    });
  }
  expect(differences).toEqual([]);
  // The policies must be worth comparing: neither all open nor all shut.
  expect(seen.policies).toBe(RUNS);
  expect(seen.readable).toBeGreaterThan(seen.policies * 20);
  expect(seen.hidden).toBeGreaterThan(seen.policies * 20);
  expect(seen.masked).toBeGreaterThan(seen.policies * 20);
}, 1_200_000);
