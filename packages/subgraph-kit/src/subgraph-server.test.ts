import { generateKeyPairSync } from 'node:crypto';
import { createInternalTokens } from '@falaj/identity';
import { PlatformError } from '@falaj/runtime';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Subgraph, SubgraphRequest } from './subgraph.js';
import { createSubgraphServer } from './subgraph-server.js';
import { person } from './testing/requests.js';

const key = () => generateKeyPairSync('ed25519').privateKey;
const tokens = createInternalTokens({ key: key() });
const seen: SubgraphRequest[] = [];
let healthy = true;
let faulty = false;
let app: FastifyInstance;

beforeAll(async () => {
  const subgraph: Subgraph = {
    name: 'depot',
    sdl: '',
    schema: undefined as never,
    async execute(request) {
      seen.push(request);
      if (faulty) throw new Error('password=hunter2');
      const [definition] = request.document.definitions;
      if (definition?.kind !== 'OperationDefinition' || definition.operation !== 'subscription')
        return { data: { name: request.context.principal.name } };
      return (async function* () {
        yield { data: { tick: 1 } };
        yield { data: { tick: 2 } };
        if (request.variables.breaks) throw new PlatformError('INTERNAL', 'the source broke');
      })();
    },
    close: async () => {},
  };
  app = await createSubgraphServer({
    subgraph,
    verify: tokens.verify,
    health: async () => (healthy ? { ok: true } : { ok: false, detail: 'database away' }),
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => app?.close());

const body = JSON.stringify({ query: '{ name }', variables: { a: 1 } });
const mint = (text: string, audience = 'depot', by = tokens) =>
  by.mint(person('keeper'), { audience, body: text, requestId: 'r-9' });
const post = (text: string, token?: string, url = '/graphql') =>
  app.inject({
    method: 'POST',
    url,
    payload: text,
    headers: { 'content-type': 'application/json', ...(token ? { 'x-falaj-internal-token': token } : {}) },
  });

describe('a subgraph over HTTP', () => {
  it('answers the gateway as the principal of its token', async () => {
    const answer = await post(body, mint(body));
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({ data: { name: 'keeper' } });
    expect(seen.at(-1)).toMatchObject({ variables: { a: 1 }, context: { principal: person('keeper') } });
  });

  it.each([
    ['no token', undefined],
    ['a token of another key', mint(body, 'depot', createInternalTokens({ key: key() }))],
    ['a token for another subgraph', mint(body, 'models')],
    ['a token for another body', mint(`${body} `)],
    ['no token at all in it', 'nonsense'],
  ])('executes nothing for %s', async (_name, token) => {
    for (const url of ['/graphql', '/stream']) {
      const before = seen.length;
      const answer = await post(body, token, url);
      expect(answer.statusCode).toBe(401);
      expect(answer.json().errors[0].extensions.code).toBe('UNAUTHENTICATED');
      expect(seen).toHaveLength(before);
    }
  });

  it('parses a document once', async () => {
    await post(body, mint(body));
    await post(body, mint(body));
    expect(seen.at(-1)?.document).toBe(seen.at(-2)?.document);
  });

  it('tells nothing of an unexpected fault', async () => {
    faulty = true;
    const answer = await post(body, mint(body));
    faulty = false;
    expect(answer.statusCode).toBe(500);
    expect(answer.body).not.toContain('hunter2');
  });

  const subscription = (variables = {}) => JSON.stringify({ query: 'subscription { tick }', variables });

  it('streams a subscription as server-sent events and says when it is complete', async () => {
    const text = subscription();
    const answer = await post(text, mint(text), '/stream');
    expect(answer.headers['content-type']).toBe('text/event-stream');
    expect(answer.body).toBe(
      'event: next\ndata: {"data":{"tick":1}}\n\nevent: next\ndata: {"data":{"tick":2}}\n\nevent: complete\ndata:\n\n',
    );
    expect((await post(text, mint(text))).statusCode).toBe(400);
  });

  it('ends the stream of a source that breaks', async () => {
    const text = subscription({ breaks: true });
    const { port } = app.server.address() as { port: number };
    const answer = await fetch(`http://127.0.0.1:${port}/stream`, {
      method: 'POST',
      body: text,
      headers: { 'content-type': 'application/json', 'x-falaj-internal-token': mint(text) },
      signal: AbortSignal.timeout(5_000),
    });
    const shown = await answer.text();
    expect(shown).toContain('"tick":2');
    expect(shown).toContain('INTERNAL');
    expect(shown).not.toContain('complete');
  });

  it('is ready only while its health is good, and open for both without a token', async () => {
    expect((await app.inject('/health/ready')).json()).toEqual({ ready: true });
    healthy = false;
    const answer = await app.inject('/health/ready');
    healthy = true;
    expect([answer.statusCode, answer.json()]).toEqual([503, { ready: false, detail: 'database away' }]);
    expect((await app.inject('/health/live')).statusCode).toBe(200);
  });
});
