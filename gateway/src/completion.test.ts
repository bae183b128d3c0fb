// Two implementations of one rule: what graphql-js answers for a random world is what completion must make of the same
// world when nobody looked at the `!`.
import { buildSchema, type DocumentNode, type ExecutionResult, execute, type GraphQLSchema, parse } from 'graphql';
import { expect, test } from 'vitest';
import { compileCompletion } from './completion.js';
import { completionCache } from './completion-cache.js';
import { withHiddenTypenames } from './hidden-typename.js';

const fields = (strict: boolean) => {
  const not = strict ? '!' : '';
  return `
    interface Named { name: String${not} peer: Row }
    type Row implements Named { name: String${not} peer: Row note: String rows: [Row${not}]${not} grid: [[Int${not}]]${not} any: Any named: Named${not} }
    type Leaf implements Named { name: String${not} peer: Row weight: Int${not} }
    union Any = Row | Leaf
    type Query { row: Row${not} rows: [Row${not}] any: Any named: [Named${not}]${not} }`;
};
const strict = buildSchema(fields(true));
const lax = buildSchema(fields(false));

const documents = [
  '{ row { name peer { name note } } }',
  '{ rows { key: name rows { name note } grid } }',
  '{ any { ... on Row { name rows { name } } ... on Leaf { weight } } }',
  '{ named { name ...R ... on Leaf { w: weight peer { name } } } } fragment R on Row { named { name } any { __typename ... on Leaf { weight } } }',
  'query($yes: Boolean!) { row { name @include(if: $yes) note @skip(if: $yes) rows { name } } rows { name @skip(if: $yes) } }',
  '{ row { rows { name } ...A } row { peer { grid } } } fragment A on Row { rows { note grid } peer { name } }',
];

/** A small generator, the same on every machine. */
function random(seed: number) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function world(next: () => number, depth = 0): Record<string, unknown> {
  const maybe = <T>(make: () => T, holes = 0.12) => (next() < holes ? null : make());
  const list = <T>(make: () => T) => Array.from({ length: Math.floor(next() * 3) }, () => maybe(make, 0.08));
  const deep = depth > 3;
  const row = () => (deep ? null : world(next, depth + 1));
  const leaf = () => ({ __typename: 'Leaf', name: maybe(() => 'leaf'), weight: maybe(() => 3), peer: null });
  const either = () => (next() < 0.5 ? leaf() : (row() ?? leaf()));
  return {
    __typename: 'Row',
    name: maybe(() => `n${depth}`),
    note: maybe(() => 'note', 0.4),
    peer: maybe(row),
    row: maybe(row),
    rows: maybe(() => list(row)),
    grid: maybe(() => list(() => list(() => 1))),
    any: maybe(either),
    named: depth === 0 ? maybe(() => list(either)) : maybe(either),
  };
}

const answer = async (schema: GraphQLSchema, document: DocumentNode, rootValue: unknown, variables: object) =>
  JSON.parse(
    JSON.stringify(
      await execute({ schema, document, rootValue, variableValues: variables as Record<string, unknown> }),
    ),
  ) as ExecutionResult;

test('agrees with graphql-js on 3,000 random results', async () => {
  const next = random(20260101);
  let emptied = 0;
  for (let round = 0; round < 500; round++) {
    const rootValue = world(next);
    for (const text of documents) {
      const document = parse(text);
      const variables = { yes: next() < 0.5 };
      const expected = await answer(strict, document, rootValue, variables);
      const raw = await answer(lax, withHiddenTypenames(strict, document), rootValue, variables);
      const { result } = compileCompletion(strict, document, undefined, variables)(raw, []);
      expect(result.data, text).toEqual(expected.data);
      expect((result.errors?.length ?? 0) > 0, text).toBe((expected.errors?.length ?? 0) > 0);
      if (expected.errors) emptied += 1;
    }
  }
  expect(emptied).toBeGreaterThan(500);
});

test('an error of a subgraph explains the null above it; nothing is told twice', () => {
  const complete = compileCompletion(strict, parse('{ rows { name } }'), undefined, {});
  const known = { message: 'no', path: ['rows', 0, 'name'] } as never;
  expect(complete({ data: { rows: [{ name: null }] }, errors: [known] }, []).result).toEqual({
    data: { rows: null },
    errors: [known],
  });
});

test('withheld fields are found by type and field, at every path, under any alias', () => {
  const document = parse('{ rows { secret: note rows { note } } any { ... on Row { note } } }');
  const complete = compileCompletion(strict, document, undefined, {});
  const rows = [
    { secret: null, rows: [{ note: null }, { note: 'shown' }] },
    { secret: null, rows: [] },
  ];
  const any = { falajTypename__: 'Row', note: null };
  const withheld = [{ type: 'Row', field: 'note', reason: 'PII', count: 4 }];
  expect(complete({ data: { rows, any } }, withheld).masked).toEqual([
    { path: 'rows.*.secret', type: 'Row', field: 'note', reason: 'PII', count: 2 },
    { path: 'rows.*.rows.*.note', type: 'Row', field: 'note', reason: 'PII', count: 1 },
    { path: 'any.note', type: 'Row', field: 'note', reason: 'PII', count: 1 },
  ]);
});

test('one document with different switches is compiled for each', () => {
  const completionOf = completionCache(strict);
  const document = parse('query($yes: Boolean!) { row { name @include(if: $yes) note } }');
  const yes = completionOf(document, undefined, { yes: true });
  expect(completionOf(document, undefined, { yes: true })).toBe(yes);
  expect(completionOf(document, undefined, { yes: false })).not.toBe(yes);
  expect(
    completionOf(document, undefined, { yes: false })({ data: { row: { note: 'x' } } }, []).result.errors,
  ).toBeUndefined();
});

test('a value of another shape than the schema says is none', () => {
  const complete = (query: string, data: Record<string, unknown>) =>
    compileCompletion(strict, parse(query), undefined, {})({ data }, []).result;
  expect(complete('{ row { peer { name } } }', { row: { peer: 'x' } })).toEqual({ data: { row: { peer: null } } });
  expect(complete('{ rows { rows { name } } }', { rows: [{ rows: { name: 'x' } }] })).toMatchObject({
    data: { rows: null },
    errors: [{ path: ['rows', 0, 'rows'] }],
  });
});

test('only what was asked for is answered, under its own key', () => {
  const complete = compileCompletion(strict, parse('{ row { __proto__: name t: __typename } }'), undefined, {});
  const row = JSON.parse('{ "__proto__": "n", "__typename": "Row", "key": 1 }') as object;
  const { data } = complete({ data: { row } }, []).result;
  expect(JSON.stringify(data)).toBe('{"row":{"__proto__":"n","t":"Row"}}');
});
