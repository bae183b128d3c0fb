// Two implementations of one meaning: CASL in memory, our compiler in SQL. Random policies over random rows, nulls and
// related rows must give the same rows, the same fields and the same masks. FALAJ_PROPERTY_RUNS sets how many.
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import type { Principal } from '@falaj/runtime';
import { type SQL, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { boolean, doublePrecision, integer, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Ability, buildAbility } from './ability.js';
import { createNounCatalog, type FieldClass } from './noun.js';
import type { Rule } from './rule.js';
import type { RelationTables } from './sql-predicate.js';
import { validateRule } from './validate-rule.js';

const RUNS = Number(process.env.FALAJ_PROPERTY_RUNS ?? 20_000);
const BATCH = 50;
/** Rows that one batch of policies is judged over, of all that there are. */
const WINDOW = 32;
const WINDOWS = 15;

const table = pgTable('thing', {
  n: integer().primaryKey(),
  parentN: integer('parent_n'),
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
const part = pgTable('part', {
  thingN: integer('thing_n').notNull(),
  makerN: integer('maker_n'),
  kind: text(),
  weight: doublePrecision(),
  seen: timestamp({ withTimezone: true, mode: 'date' }),
});
const maker = pgTable('maker', { n: integer().primaryKey(), zone: text(), trusted: boolean() });
const fields = { a: 'open', b: 'internal', c: 'pii', d: 'pii' } as const satisfies Record<string, FieldClass>;
const catalog = createNounCatalog([
  {
    name: 'Thing',
    fields,
    attributes: { zone: 'string', owner: 'string', level: 'number', flag: 'boolean', at: 'timestamp' },
    relations: { parts: 'Part', parent: 'Thing' },
  },
  {
    name: 'Part',
    fields: {},
    attributes: { kind: 'string', weight: 'number', seen: 'timestamp' },
    relations: { maker: 'Maker', thing: 'Thing' },
  },
  { name: 'Maker', fields: {}, attributes: { zone: 'string', trusted: 'boolean' } },
  { name: 'Other', fields: { a: 'open' }, attributes: {} },
]);
const U1 = '0b0f6c5e-7a55-4bb1-8b1f-3a4a2a2a0001';
const U2 = '0b0f6c5e-7a55-4bb1-8b1f-3a4a2a2a0002';
// The last instant has microseconds, which a row in memory does not see.
const domain = {
  // Whatever stands in a text: it may come into statements as a literal.
  zone: ['AE', "U'S \\' $1 -- \n", null],
  owner: [U1, U2, null],
  level: [0, 1.5, null],
  flag: [true, false, null],
  at: ['2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.123456Z', null],
} as const;
const related = {
  kind: ['bolt', 'n"ut\\', null],
  weight: [0, 2.5, null],
  seen: domain.at,
  trusted: [true, false, null],
} as const;
type Attribute = keyof typeof domain | keyof typeof related;
type NounName = 'Thing' | 'Part' | 'Maker';
const namesOf = {
  Thing: ['zone', 'owner', 'level', 'flag', 'at'],
  Part: ['kind', 'weight', 'seen'],
  Maker: ['zone', 'trusted'],
} as const satisfies Record<NounName, readonly Attribute[]>;
const relationsOf: Record<NounName, readonly (readonly [string, NounName])[]> = {
  Thing: [
    ['parts', 'Part'],
    ['parts', 'Part'],
    ['parent', 'Thing'],
  ],
  Part: [
    ['maker', 'Maker'],
    ['thing', 'Thing'],
  ],
  Maker: [],
};
const own = { zone: table.zone, owner: table.owner, level: table.level, flag: table.flag, at: table.at };
// Relations lead back, so that a table stands in a subquery of itself.
const ofThing: RelationTables = {
  parts: {
    table: part,
    on: [[table.n, part.thingN]],
    attributes: { kind: part.kind, weight: part.weight, seen: part.seen },
    relations: () => ofPart,
  },
  parent: { table, on: [[table.parentN, table.n]], attributes: own, relations: () => ofThing },
};
const ofPart: RelationTables = {
  maker: { table: maker, on: [[part.makerN, maker.n]], attributes: { zone: maker.zone, trusted: maker.trusted } },
  thing: { table, on: [[part.thingN, table.n]], attributes: own, relations: () => ofThing },
};
const columns = {
  attributes: own,
  relations: ofThing,
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

  const values: Record<Attribute, readonly unknown[]> = { ...domain, ...related };
  const isTime = (name: Attribute) => name === 'at' || name === 'seen';
  const isNumber = (name: Attribute) => name === 'level' || name === 'weight';
  const valuesOf = (name: Attribute): readonly unknown[] =>
    isTime(name)
      ? ['2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.123Z', '2026-01-02', null]
      : [...values[name], ...(isNumber(name) ? [1, 2] : [])];
  const scalar = (name: Attribute): unknown =>
    name === 'zone' && one(0.2)
      ? { $var: 'principal.zone' }
      : name === 'owner' && one(0.2)
        ? { $var: 'principal.id' }
        : pick(valuesOf(name));
  const list = (name: Attribute): unknown =>
    name === 'zone' && one(0.3) ? { $var: 'principal.zones' } : some(valuesOf(name), 3);
  const operators = (name: Attribute, depth: number): unknown => {
    const ordered = isNumber(name) || isTime(name);
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
  const leaf = (noun: NounName, depth: number): Record<string, unknown> => {
    const name = pick<Attribute>(namesOf[noun]);
    const first = { [name]: one(0.3) ? scalar(name) : operators(name, depth) };
    const other = pick<Attribute>(namesOf[noun]);
    return one(0.2) ? { ...first, [other]: operators(other, depth) } : first;
  };
  const condition = (noun: NounName, depth: number, hops = 0): Record<string, unknown> => {
    const relation = hops < 2 && one(hops === 0 ? 0.25 : 0.4) ? pick(relationsOf[noun]) : undefined;
    if (relation) {
      const [name, target] = relation;
      return { [name]: { $some: condition(target, Math.max(depth - 1, 0), hops + 1) } };
    }
    if (depth === 0 || one(0.4)) return leaf(noun, depth);
    const many = () => Array.from({ length: 1 + below(3) }, () => condition(noun, depth - 1, hops));
    switch (below(5)) {
      case 0:
        return { $and: many() };
      case 1:
        return { $or: many() };
      case 2:
        return { $nor: many() };
      case 3:
        return { $not: condition(noun, depth - 1, hops) };
      default:
        return { ...leaf(noun, depth), $or: many() };
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
      ...(wild || one(0.25) ? {} : { conditions: condition('Thing', 3) }),
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
    zone: pick(['AE', domain.zone[1], '']),
    zones: some(['AE', domain.zone[1]], 2),
  });
  const rows = (count: number, name: keyof typeof domain | keyof typeof related): unknown[] =>
    Array.from({ length: count }, () => pick(values[name]));
  return { below, one, rows, rules: () => Array.from({ length: 1 + below(6) }, (_, place) => rule(place)), principal };
}

let database: TestDatabase;
let client: pg.Client;

/** Things with parents among them, parts of some of them, and makers of some of those. */
async function fill(): Promise<void> {
  const { below, one, rows } = generator(7);
  const count = WINDOW * WINDOWS;
  const numbers = Array.from({ length: count }, (_, place) => place);
  const texts = (values: readonly unknown[]) => values.map((value) => (value === null ? null : String(value)));
  await client.query(`set timezone to 'UTC'; set jit to off;
    create table maker (n int primary key, zone text, trusted boolean);
    create table thing (n int primary key, parent_n int, zone text, owner uuid, level double precision, flag boolean,
      at timestamptz, a text, b text, c text, d text);
    create table part (thing_n int, maker_n int, kind text, weight double precision, seen timestamptz);
    create index on part (thing_n)`);
  await client.query(
    `insert into maker select n, zone, trusted::boolean
     from unnest($1::int[], $2::text[], $3::text[]) as one (n, zone, trusted)`,
    [numbers.slice(0, 40), ...(['zone', 'trusted'] as const).map((name) => texts(rows(40, name)))],
  );
  await client.query(
    `insert into thing select n, parent, zone, owner::uuid, level::float8, flag::boolean, at::timestamptz, 'a', 'b', 'c', 'd'
     from unnest($1::int[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
       as one (n, parent, zone, owner, level, flag, at)`,
    [
      numbers,
      numbers.map(() => (one(0.3) ? null : below(count))),
      ...namesOf.Thing.map((name) => texts(rows(count, name))),
    ],
  );
  // Some things have no part, and some parts no maker.
  await client.query(
    `insert into part select thing, maker, kind, weight::float8, seen::timestamptz
     from unnest($1::int[], $2::int[], $3::text[], $4::text[], $5::text[]) as one (thing, maker, kind, weight, seen)`,
    [
      numbers.map(() => below(count)),
      numbers.map(() => (one(0.2) ? null : below(40))),
      ...namesOf.Part.map((name) => texts(rows(count, name))),
    ],
  );
  await client.query('analyze');
}

type MemoryRow = Record<string, unknown>;

/** All things with their related rows, as a caller of `can` must give them. */
async function things(): Promise<MemoryRow[]> {
  const all = async (statement: string): Promise<MemoryRow[]> => (await client.query(statement)).rows;
  const made = await all('select n, parent_n, zone, owner, level, flag, at from thing order by n');
  const makers = new Map((await all('select * from maker')).map((row) => [row.n, row]));
  const byNumber = new Map(made.map((row) => [row.n, row]));
  const found = (row: MemoryRow | undefined) => (row ? [row] : []);
  for (const row of made) Object.assign(row, { parts: [], parent: found(byNumber.get(row.parent_n)) });
  for (const each of await all('select * from part')) {
    const thing = byNumber.get(each.thing_n) as MemoryRow & { parts: MemoryRow[] };
    thing.parts.push(Object.assign(each, { maker: found(makers.get(each.maker_n)), thing: [thing] }));
  }
  return made;
}

beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await fill();
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
  const all = await things();
  expect(all).toHaveLength(WINDOW * WINDOWS);
  const make = generator(20261123);
  const differences: unknown[] = [];
  const seen = { policies: 0, readable: 0, hidden: 0, masked: 0, related: 0 };

  for (let done = 0; done < RUNS; done += BATCH) {
    const from = ((done / BATCH) % WINDOWS) * WINDOW;
    const rows = all.slice(from, from + WINDOW);
    const cases: Case[] = Array.from({ length: Math.min(BATCH, RUNS - done) }, (_, place) => {
      const rules = make.rules();
      for (const rule of rules) validateRule(rule, catalog);
      const principal = make.principal();
      const ability = buildAbility(rules, principal, catalog, new Date('2026-06-01'));
      return { rules, principal, ability, field: FIELD_NAMES[(done + place) % 4] as keyof typeof fields };
    });
    const selection: Record<string, SQL> = {};
    const select = (name: string, expression: SQL) => {
      selection[name] = expression.as(name) as unknown as SQL;
    };
    cases.forEach(({ ability, field }, place) => {
      const plan = ability.readPlan('Thing', columns);
      select(`row${place}`, sql`(${plan.where}) is true`);
      select(`field${place}`, sql`(${ability.fieldPredicate('read', 'Thing', field, columns)}) is true`);
      select(`update${place}`, sql`(${ability.rowPredicate('update', 'Thing', columns)}) is true`);
      const beside = plan.verdicts ? sql`from ${plan.verdicts}` : sql``;
      select(`masked${place}`, sql`(select ${plan.masked} ${beside})`);
      const shown = sql`array_remove(array[${sql.join(Object.values(plan.select), sql`, `)}], null)`;
      select(`shown${place}`, sql`(select ${shown} ${beside})`);
    });
    const answers = (await db
      .select(selection)
      .from(table)
      .where(sql`${table.n} between ${from} and ${from + WINDOW - 1}`)
      .orderBy(table.n)) as MemoryRow[];

    cases.forEach(({ rules, principal, ability, field }, place) => {
      seen.policies += 1;
      seen.related += JSON.stringify(rules).includes('$some') ? 1 : 0;
      rows.forEach((row, number) => {
        const answer = answers[number] as MemoryRow;
        const readable = ability.can('read', 'Thing', row);
        const found: MemoryRow = {
          row: answer[`row${place}`],
          field: answer[`field${place}`],
          update: answer[`update${place}`],
        };
        const expected: MemoryRow = {
          row: readable,
          field: ability.can('read', 'Thing', row, field),
          update: ability.can('update', 'Thing', row),
        };
        if (readable) {
          const hidden = ability.maskRow('read', 'Thing', row).masked.map((each) => each.field);
          expected.masked = hidden.join();
          expected.shown = FIELD_NAMES.filter((name) => !hidden.includes(name)).join();
          found.masked = (answer[`masked${place}`] as string).split(',').sort().join();
          found.shown = (answer[`shown${place}`] as string[]).join();
          seen.masked += hidden.length;
        }
        seen[readable ? 'readable' : 'hidden'] += 1;
        if (Object.keys(expected).some((key) => expected[key] !== found[key]) && differences.length < 3)
          differences.push({ rules: JSON.stringify(rules), principal, field, n: row.n, expected, found });
      });
    });
  }
  expect(differences).toEqual([]);
  // The policies must be worth comparing: neither all open nor all shut, and many of them ask about related rows.
  expect(seen.policies).toBe(RUNS);
  expect(seen.related).toBeGreaterThan(seen.policies / 4);
  expect(seen.readable).toBeGreaterThan(seen.policies * 5);
  expect(seen.hidden).toBeGreaterThan(seen.policies * 5);
  expect(seen.masked).toBeGreaterThan(seen.policies * 5);
}, 3_600_000);
