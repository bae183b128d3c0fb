import { createHash } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { anonymous } from '@falaj/runtime';
import { parse } from 'graphql';
import { afterEach, expect, test } from 'vitest';
import { CircuitBreaker } from './circuit-breaker.js';
import type { SubgraphRequest } from './contract.js';
import { remoteExecutor } from './remote-subgraph.js';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server?.once('listening', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
}

const request = (query: string): SubgraphRequest => ({
  document: parse(query),
  variables: {},
  context: { principal: anonymous, requestId: 'r', traceparent: '', signal: new AbortController().signal },
});
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'answered',
    (error) => error.code,
  );

test('identity is computed for exactly the body that is sent', async () => {
  const hash = (body: string) => createHash('sha256').update(body).digest('hex');
  const url = await serve(async (incoming, reply) => {
    let body = '';
    for await (const chunk of incoming) body += chunk;
    reply.end(JSON.stringify({ data: { same: incoming.headers['x-hash'] === hash(body) } }));
  });
  const execute = remoteExecutor({ name: 's', url }, async (_request, _subgraph, body) => ({ 'x-hash': hash(body) }));
  expect(await execute(request('{ same }'))).toEqual({ data: { same: true } });
});

test.each([
  ['text', 200, 'hello', 'DOWNSTREAM_SERVICE_ERROR'],
  ['another shape', 200, '[]', 'DOWNSTREAM_SERVICE_ERROR'],
  ['a refusal of the gateway', 401, '{"errors":[{"message":"who?"}]}', 'DOWNSTREAM_SERVICE_ERROR'],
  ['a bare 500', 500, 'oops', 'DOWNSTREAM_SERVICE_ERROR'],
  ['errors with a code under 400', 400, '{"errors":[{"message":"no","extensions":{"code":"NOT_FOUND"}}]}', 'answered'],
])('%s', async (_name, status, body, expected) => {
  const url = await serve((_request, reply) => reply.writeHead(status).end(body));
  const execute = remoteExecutor({ name: 's', url }, async () => ({}));
  expect(await codeOf(execute(request('{ a }')))).toBe(expected);
});

test('a broken connection is tried once more for a query, never for a mutation', async () => {
  let hits = 0;
  const url = await serve((incoming, reply) => {
    hits += 1;
    if (hits % 2 === 1) incoming.socket.destroy();
    else reply.end('{"data":{"a":1}}');
  });
  const execute = remoteExecutor({ name: 's', url }, async () => ({}));
  expect(await execute(request('{ a }'))).toEqual({ data: { a: 1 } });
  expect(hits).toBe(2);
  expect(await codeOf(execute(request('mutation { a }')))).toBe('DOWNSTREAM_SERVICE_ERROR');
  expect(hits).toBe(3);
});

test('a subgraph that fails is left alone, then one caller probes', () => {
  let now = 0;
  const breaker = new CircuitBreaker('s', () => now);
  for (let failure = 0; failure < 5; failure++) {
    breaker.enter();
    breaker.failed();
  }
  expect(() => breaker.enter()).toThrow('left alone');
  now = 5_001;
  breaker.enter();
  expect(() => breaker.enter()).toThrow('left alone');
  breaker.succeeded();
  breaker.enter();
});
