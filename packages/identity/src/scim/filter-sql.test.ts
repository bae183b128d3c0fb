// A filter means the same in SQL, where lists are searched, as in memory, where paths of changes choose elements.
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseFilter } from './filter.js';
import { filterSql } from './filter-sql.js';
import { patched } from './patch.js';
import { userShape } from './resource-types.js';
import { emailElements } from './users.js';

const FILTERS = 400;
let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.close());

let state = 7;
const random = (below: number): number => {
  state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
  return (state >>> 8) % below;
};
const one = <T>(of: readonly T[]): T => of[random(of.length)] as T;

const values = ['a@x.org', 'A@X.ORG', 'é@x.org', 'É@x.org', "o'b@x.org", 'a"b@x.org', 'x%_\\@x.org'];
const types = ['work', 'WORK', 'home'];
const element = () => ({
  value: one(values),
  ...(random(3) ? { type: one(types) } : {}),
  ...(random(3) ? { primary: random(2) === 0 } : {}),
});
const elements = [
  ...new Map(Array.from({ length: 80 }, () => element()).map((made) => [JSON.stringify(made), made])).values(),
];

function filter(depth: number): string {
  const inner = () => filter(depth - 1);
  if (depth > 0 && random(3))
    return one([
      () => `(${inner()}) and (${inner()})`,
      () => `(${inner()}) or (${inner()})`,
      () => `not (${inner()})`,
      () => `${inner()} or ${inner()} and ${inner()}`,
    ])();
  const [path, of] = one([
    ['value', values.map((value) => JSON.stringify(value))],
    ['TYPE', ['"work"', '"Home"', '"other"', 'null']],
    ['primary', ['true', 'false', 'null']],
  ] as const);
  return random(4) ? `${path} ${one(['eq', 'ne', 'Eq'])} ${one<string>(of)}` : `${path} pr`;
}

it(`chooses the same elements, ${FILTERS} times`, async () => {
  let chosen = 0;
  await test.database.asSystem(async (tx) => {
    for (let n = 0; n < FILTERS; n += 1) {
      const text = filter(3);
      const { rows } = await tx.execute<{ email: object }>(sql`
        select email from jsonb_array_elements(${JSON.stringify(elements)}::jsonb) as emails (email)
        where ${filterSql(parseFilter(text), emailElements)}`);
      const bySql = new Set(rows.map(({ email }) => JSON.stringify(Object.entries(email).sort())));
      const body = { Operations: [{ op: 'remove', path: `emails[${text}]` }] };
      const left = patched({ emails: elements }, body, userShape).emails as object[];
      const inMemory = elements.filter(
        (email) => !left.includes(email) && !left.some((kept) => JSON.stringify(kept) === JSON.stringify(email)),
      );
      expect(bySql, text).toEqual(new Set(inMemory.map((email) => JSON.stringify(Object.entries(email).sort()))));
      chosen += bySql.size;
    }
  });
  // The filters are neither all empty nor all full.
  expect(chosen / (FILTERS * elements.length)).toBeGreaterThan(0.2);
  expect(chosen / (FILTERS * elements.length)).toBeLessThan(0.8);
});
