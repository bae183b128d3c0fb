import { buildSchema, execute, parse } from 'graphql';
import { expect, test } from 'vitest';
import { compileCompletion } from './completion.js';

const schema = buildSchema('type Query { rows: [Row!]! maybe: [Row!] } type Row { id: ID! note: String child: Row }');
const document = parse('{ maybe { key: id child { id } } }');

test.each([
  [
    {
      maybe: [
        { id: '1', child: null },
        { id: null, child: null },
      ],
    },
  ],
  [{ maybe: [{ id: '1', child: { id: null } }] }],
  [{ maybe: [{ id: '1', child: { id: '2' } }, null] }],
  [{ maybe: null }],
])('agrees with graphql-js on %j', async (rootValue) => {
  const expected = await execute({ schema, document, rootValue });
  const raw = {
    maybe: rootValue.maybe?.map((row) => row && { key: row.id, child: row.child }) ?? null,
  };
  const found = compileCompletion(schema, document, undefined, {})({ data: raw }, []).result;
  expect(JSON.parse(JSON.stringify(found.data))).toEqual(JSON.parse(JSON.stringify(expected.data)));
  expect((found.errors ?? []).map((e) => e.path)).toEqual((expected.errors ?? []).map((e) => e.path));
});

test('a null in [Row!]! empties data', () => {
  const complete = compileCompletion(schema, parse('{ rows { id } }'), undefined, {});
  expect(complete({ data: { rows: [null] } }, []).result.data).toBeNull();
});
