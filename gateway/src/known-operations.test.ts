// Two ways to one answer: what Apollo Server sends the first time is what goes past it the second time.
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { Gateway } from './contract.js';
import { createGateway } from './gateway.js';
import { KnownOperations } from './known-operations.js';
import { sha256 } from './sha256.js';
import { itemsOptions, localItems, Seen } from './testing/item-subgraphs.js';

const registered = 'query Mine { me }';
const hash = sha256(registered);
let gateway: Gateway;
let url = '';

beforeAll(async () => {
  gateway = await createGateway({
    ...itemsOptions(localItems(new Seen())),
    authenticate: async ({ authorization }) => {
      if (authorization === 'broken') throw new Error('no such token');
      return { ...(await itemsOptions([]).authenticate({ authorization })) };
    },
    persistedDocuments: { mode: 'off', documents: new Map([[hash, registered]]) },
  });
  url = await gateway.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => gateway.close());
afterEach(() => vi.restoreAllMocks());

const send = async (body: object, headers: Record<string, string> = {}) => {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-request-id': 'one',
      traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`,
      ...headers,
    },
    body: JSON.stringify(body),
  });
  const { date: _date, 'keep-alive': _keep, ...kept } = Object.fromEntries(response.headers);
  return { status: response.status, headers: kept, body: await response.text() };
};

/** Sends it again and again until it is known, and once more; whether it went past Apollo Server, and both answers. */
async function twice(body: object, headers: Record<string, string> = {}) {
  const find = vi.spyOn(KnownOperations.prototype, 'find');
  const first = await send(body, headers);
  const second = await send(body, headers);
  const [before, after] = find.mock.results.map(({ value }) => value !== undefined);
  return { first, second, before, after };
}

test.each([
  ['a query', { query: '{ items { id } }' }, 200],
  ['a query with withheld fields', { query: '{ items { id note } }' }, 200],
  ['a part that fails', { query: '{ me items { id name } }' }, 200],
  ['a mutation', { query: 'mutation { touch(id: "1") { id } }' }, 200],
  ['one of two operations', { query: 'query A { me } query B { items { id } }', operationName: 'B' }, 200],
  [
    'variables that do not fit',
    { query: 'mutation T($id: ID!) { touch(id: $id) { id } }', variables: { id: {} } },
    400,
  ],
  ['a missing variable', { query: 'mutation M($id: ID!) { touch(id: $id) { id } }' }, 400],
  ['a registered document', { extensions: { persistedQuery: { version: 1, sha256Hash: hash } } }, 200],
])('%s', async (_, body, status) => {
  const { first, second, before, after } = await twice(body);
  expect({ before, after }).toEqual({ before: false, after: true });
  expect(first.status).toBe(status);
  expect(second).toEqual(first);
});

test.each([
  ['introspection', { query: '{ __schema { queryType { name } } }' }, {}],
  ['a broken document', { query: '{ items {' }, {}],
  ['an unknown field', { query: '{ nothing }' }, {}],
  ['another media type', { query: '{ items { id size } }' }, { accept: 'application/graphql-response+json' }],
  ['extensions beside a text', { query: '{ me items { id } }', extensions: {} }, {}],
])('%s is never known', async (_, body, headers) => {
  const { first, second, after } = await twice(body, headers);
  expect(after).toBe(false);
  expect(second).toEqual(first);
});

test('who is not let in hears the same, known or not', async () => {
  const body = { query: '{ items { id size note } }' };
  const fresh = await send(body, { authorization: 'broken' });
  await send(body);
  expect(await send(body, { authorization: 'broken' })).toEqual(fresh);
  expect(fresh.body).not.toContain('no such token');
});

test('each caller of a known document gets their own answer', async () => {
  const names = Array.from({ length: 20 }, (_, n) => `caller-${n}`);
  const bodies = await Promise.all(names.map((authorization) => send({ query: '{ me }' }, { authorization })));
  expect(bodies.map(({ body }) => JSON.parse(body).data.me)).toEqual(names);
});
