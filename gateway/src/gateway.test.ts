import { anonymous, PlatformError } from '@falaj/runtime';
import { buildSchema, type ExecutionResult, execute } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { composeSupergraph } from './compose.js';
import type { Gateway, LocalSubgraph } from './contract.js';
import { createGateway } from './gateway.js';

const sdl = `
  type Query { me: String! items(first: Int): [Item!]! thing: Thing fails: String broken: String secret: Secret echo(text: String!): String }
  type Mutation { touch: String }
  interface Thing { id: ID! }
  type Item implements Thing { id: ID! child: Item owner: String }
  type Secret { value: String }
`;
const schema = buildSchema(sdl);
const item = { __typename: 'Item', id: '1', owner: null, child: { id: '2', owner: 'x', child: null } };
const local: LocalSubgraph = {
  name: 'one',
  execute: async ({ document, variables, context, operationName }) => {
    const result = (await execute({
      schema,
      document,
      variableValues: variables,
      operationName: operationName ?? null,
      rootValue: {
        me: context.principal.id,
        items: [item, { ...item, id: '3' }],
        thing: item,
        fails: () => {
          throw new PlatformError('CONFLICT', 'It changed meanwhile.');
        },
        broken: () => {
          throw new Error('password=hunter2');
        },
        secret: { value: null },
        echo: ({ text }: { text: string }) => text,
        touch: 'done',
      },
    })) as ExecutionResult;
    return {
      ...result,
      extensions: { falaj: { masked: [{ type: 'Item', field: 'owner', reason: 'PII', count: 2 }] } },
    };
  },
};

let gateway: Gateway;
let url = '';

beforeAll(async () => {
  gateway = await createGateway({
    supergraphSdl: composeSupergraph([{ name: 'one', sdl }]).supergraphSdl,
    subgraphs: [local],
    authenticate: async (headers) => {
      if (headers.authorization === 'Bearer bad') throw new PlatformError('UNAUTHENTICATED', 'The token is not valid.');
      return { ...anonymous, id: headers.authorization ?? 'nobody' };
    },
    identityHeaders: async () => ({}),
    profile: 'production',
    health: async () => ({ ready: true, checks: {} }),
  });
  url = await gateway.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => gateway.close());

const post = (body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

test('answers, with the trace and what was withheld', async () => {
  const response = await post({
    query: '{ me items { id owner child { owner } } t: thing { id ... on Item { owner } } }',
  });
  expect(response.status).toBe(200);
  const body = await response.json();
  expect(body.errors).toBeUndefined();
  expect(body.data).toEqual({
    me: 'nobody',
    items: [
      { id: '1', owner: null, child: { owner: 'x' } },
      { id: '3', owner: null, child: { owner: 'x' } },
    ],
    t: { id: '1', owner: null },
  });
  expect(body.extensions.falaj.masked).toEqual([
    { path: 'items.*.owner', type: 'Item', field: 'owner', reason: 'PII', count: 2 },
    { path: 't.owner', type: 'Item', field: 'owner', reason: 'PII', count: 1 },
  ]);
  expect(body.extensions.falaj.traceId).toMatch(/^[0-9a-f]{32}$/);
});

test('a code of a subgraph passes, an unknown fault is masked, data stays', async () => {
  const body = await (await post({ query: '{ me fails broken }' })).json();
  expect(body.data).toEqual({ me: 'nobody', fails: null, broken: null });
  const byPath = Object.fromEntries(body.errors.map((error: { path: string[] }) => [error.path[0], error]));
  expect(byPath.fails).toMatchObject({
    message: 'It changed meanwhile.',
    extensions: { code: 'CONFLICT', retryable: false },
  });
  expect(byPath.broken.extensions.code).toBe('INTERNAL');
  expect(JSON.stringify(body)).not.toContain('hunter2');
});

const deep = (depth: number) => `{ items ${'{ child '.repeat(depth)} { id } ${'}'.repeat(depth)} }`;

test.each([
  ['a document that does not parse', { query: '{ me' }, 400, 'GRAPHQL_PARSE_FAILED'],
  ['an unknown field', { query: '{ mee }' }, 400, 'GRAPHQL_VALIDATION_FAILED'],
  ['an empty body', '', 400, 'BAD_USER_INPUT'],
  ['no JSON', '{', 400, 'BAD_USER_INPUT'],
  ['no query', {}, 400, 'BAD_USER_INPUT'],
  ['a batch', [{ query: '{ me }' }, { query: '{ me }' }], 400, 'BAD_USER_INPUT'],
  ['two operations, none named', { query: 'query A { me } query B { me }' }, 400, 'BAD_USER_INPUT'],
  ['an unknown operation', { query: 'query A { me }', operationName: 'C' }, 400, 'BAD_USER_INPUT'],
  ['a missing variable', { query: 'query($t: String!) { echo(text: $t) }' }, 400, 'BAD_USER_INPUT'],
  [
    'a wrong variable',
    { query: 'query($t: String!) { echo(text: $t) }', variables: { t: [1] } },
    400,
    'BAD_USER_INPUT',
  ],
  ['introspection', { query: '{ __schema { types { name } } }' }, 400, 'GRAPHQL_VALIDATION_FAILED'],
  ['a reserved alias', { query: '{ __proto__: me }' }, 400, 'GRAPHQL_VALIDATION_FAILED'],
  [
    'a fragment cycle',
    { query: '{ items { ...A } } fragment A on Item { child { ...A } }' },
    400,
    'GRAPHQL_VALIDATION_FAILED',
  ],
  [
    '200 aliases',
    { query: `{ ${Array.from({ length: 200 }, (_, n) => `a${n}: me`).join(' ')} }` },
    400,
    'QUERY_TOO_COMPLEX',
  ],
  ['depth 30', { query: deep(30) }, 400, 'QUERY_TOO_COMPLEX'],
  ['5,000 fields', { query: `{ ${'me '.repeat(5000)} }` }, 400, 'QUERY_TOO_COMPLEX'],
  ['1,001 rows of 1,000 rows', { query: '{ items(first: 1000000) { id } }' }, 400, 'QUERY_TOO_COMPLEX'],
  ['60 directives', { query: `{ me ${'@include(if: true) '.repeat(60)} }` }, 400, 'QUERY_TOO_COMPLEX'],
  ['2 MiB', { query: '{ me }', variables: { x: 'x'.repeat(2 * 1024 * 1024) } }, 413, 'PAYLOAD_TOO_LARGE'],
])('refuses %s', async (_name, body, status, code) => {
  const response = await post(body);
  const answer = await response.json();
  expect([response.status, answer.errors[0].extensions.code]).toEqual([status, code]);
  expect(answer.errors[0].extensions).toMatchObject({
    retryable: false,
    traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
  expect(JSON.stringify(answer)).not.toMatch(/Did you mean|stack|node_modules/);
  if (code === 'QUERY_TOO_COMPLEX') {
    const { found, limit } = answer.errors[0].extensions.details;
    expect(found).toBeGreaterThan(limit);
  }
});

test('refuses a bad token, a form, a plain GET, a mutation by GET', async () => {
  const refused = await post({ query: '{ me }' }, { authorization: 'Bearer bad' });
  const { code, traceId } = (await refused.json()).errors[0].extensions;
  expect([refused.status, code, traceId.length]).toEqual([401, 'UNAUTHENTICATED', 32]);
  const form = await post('query=%7Bme%7D', { 'content-type': 'application/x-www-form-urlencoded' });
  expect(form.status).toBe(415);
  expect((await post('{ me }', { 'content-type': 'text/plain' })).status).toBe(400);
  const query = encodeURIComponent('{ me }');
  expect((await fetch(`${url}/graphql?query=${query}`)).status).toBe(400);
  const preflighted = { headers: { 'apollo-require-preflight': '1' } };
  expect((await fetch(`${url}/graphql?query=${query}`, preflighted)).status).toBe(200);
  expect((await fetch(`${url}/graphql?query=${encodeURIComponent('mutation { touch }')}`, preflighted)).status).toBe(
    405,
  );
});

test('an alias named like a member of every object is a name like another', async () => {
  const body = await (
    await post({ query: '{ constructor: me toString: me hasOwnProperty: items { constructor: id } }' })
  ).json();
  expect(body.data).toEqual({
    constructor: 'nobody',
    toString: 'nobody',
    hasOwnProperty: [{ constructor: '1' }, { constructor: '3' }],
  });
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

test('executes in process from text', async () => {
  const context = {
    principal: { ...anonymous, id: 'in' },
    requestId: 'r',
    traceparent: '',
    signal: new AbortController().signal,
  };
  expect((await gateway.execute('{ me }', {}, context)).data).toEqual({ me: 'in' });
});

test('production hides the tools; health and metrics are there', async () => {
  expect((await fetch(`${url}/graphiql`)).status).toBe(404);
  expect((await fetch(`${url}/schema.graphql`)).status).toBe(404);
  expect((await fetch(`${url}/health/live`)).status).toBe(200);
  expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  expect(await (await fetch(`${url}/metrics`)).text()).toContain(
    'falaj_gateway_requests_total{operation="query",outcome="ok"}',
  );
});
