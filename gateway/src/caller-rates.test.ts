// What one caller may ask in a minute, by the clock of the test and over HTTP.
import { anonymous, PlatformError } from '@falaj/runtime';
import type { ExecutionResult } from 'graphql';
import { afterEach, expect, it } from 'vitest';
import { type CallerRates, RateKeeper } from './caller-rates.js';
import { composeSupergraph } from './compose.js';
import { createGateway, type Gateway } from './index.js';

const who = (id: string) => ({ ...anonymous, id });

function refusal(work: () => void): PlatformError | undefined {
  try {
    work();
  } catch (error) {
    return error as PlatformError;
  }
  return undefined;
}

it('gives each caller a minute’s worth at once and fills it again evenly', () => {
  let now = 0;
  const rates = new RateKeeper({ requestsPerMinute: 60 }, () => now);
  for (let n = 0; n < 60; n++) rates.countRequest(who('a'));
  expect(refusal(() => rates.countRequest(who('a')))).toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 1000 });
  rates.countRequest(who('b'));
  now = 500;
  expect(refusal(() => rates.countRequest(who('a')))).toMatchObject({ retryAfterMs: 500 });
  now = 1000;
  rates.countRequest(who('a'));
  expect(refusal(() => rates.countRequest(who('a')))).toBeInstanceOf(PlatformError);
  now = 10 * 60_000;
  for (let n = 0; n < 60; n++) rates.countRequest(who('a'));
  expect(refusal(() => rates.countRequest(who('a')))).toBeInstanceOf(PlatformError);
});

it('lets what costs more than a minute through once a minute', () => {
  let now = 0;
  const rates = new RateKeeper({ costPerMinute: 100 }, () => now);
  rates.countCost(who('a'), 500);
  expect(refusal(() => rates.countCost(who('a'), 1))).toMatchObject({ details: { found: 1, limit: 100 } });
  now = 60_000;
  rates.countCost(who('a'), 500);
});

let gateway: Gateway | undefined;
afterEach(() => gateway?.close());

async function open(rates: CallerRates): Promise<(who: string, query: string, path?: string) => Promise<Response>> {
  gateway = await createGateway({
    supergraphSdl: composeSupergraph([
      {
        name: 'one',
        sdl: 'type Query { me: String items(first: Int): [Item] } type Item { id: ID } type Subscription { tick: Int }',
      },
    ]).supergraphSdl,
    subgraphs: [
      {
        name: 'one',
        execute: async ({ document }) =>
          document.definitions.some((node) => 'operation' in node && node.operation === 'subscription')
            ? (async function* () {
                yield { data: { tick: 1 } };
              })()
            : { data: { me: 'me', items: [] } },
      },
    ],
    authenticate: async (headers) => who(headers.authorization ?? 'nobody'),
    identityHeaders: async () => ({}),
    profile: 'development',
    rates,
    health: async () => ({ ready: true, checks: {} }),
  });
  const url = await gateway.listen({ host: '127.0.0.1', port: 0 });
  return (caller, query, path = '/graphql') =>
    fetch(new URL(path, url), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: caller,
        ...(path === '/graphql' ? {} : { accept: 'text/event-stream' }),
      },
      body: JSON.stringify({ query }),
    });
}

const answer = async (response: Response) => {
  const { data, errors } = (await response.json()) as ExecutionResult;
  return {
    status: response.status,
    retryAfter: Number(response.headers.get('retry-after')),
    data: data ?? null,
    code: errors?.[0]?.extensions.code,
    extensions: errors?.[0]?.extensions,
  };
};

it('counts requests by caller, whatever they ask', async () => {
  const ask = await open({ requestsPerMinute: 3 });
  expect((await ask('amal', '{ me }')).status).toBe(200);
  expect((await ask('amal', '{ me }')).status).toBe(200);
  expect((await ask('amal', '{ nothing }')).status).toBe(400);
  for (const query of ['{ me }', '{ nothing }', '{ other: me }'])
    expect(await answer(await ask('amal', query))).toMatchObject({
      status: 429,
      // A third of a minute for the next of three.
      retryAfter: 20,
      data: null,
      code: 'RATE_LIMITED',
      extensions: {
        retryable: true,
        retryAfterMs: expect.any(Number),
        details: { what: 'requestsPerMinute', limit: 3 },
      },
    });
  const stream = await ask('amal', 'subscription { tick }', '/graphql/stream');
  expect([stream.status, stream.headers.get('retry-after')]).toEqual([429, '20']);
  expect((await ask('badr', '{ me }')).status).toBe(200);
});

it('counts the cost of a document when it is new, when it is known, and as a stream', async () => {
  const ask = await open({ costPerMinute: 300 });
  const dear = '{ items(first: 99) { id } }';
  for (let n = 0; n < 3; n++) expect((await ask('amal', dear)).status).toBe(200);
  const refused = await answer(await ask('amal', dear));
  expect(refused).toMatchObject({ status: 429, code: 'RATE_LIMITED', data: null });
  expect(refused.retryAfter).toBeGreaterThan(0);
  expect(await answer(await ask('amal', `${dear} # new`))).toMatchObject({
    status: 429,
    retryAfter: expect.toSatisfy((seconds) => seconds > 0 && seconds <= 60),
    code: 'RATE_LIMITED',
    data: null,
  });
  const streams = await Promise.all(
    Array.from({ length: 3 }, async () => (await ask('badr', `subscription { tick }`, '/graphql/stream')).text()),
  );
  expect(streams.join()).toContain('"tick":1');
  for (let n = 0; n < 2; n++) expect((await ask('badr', dear)).status).toBe(200);
  // The streams took 3 of what a third would need.
  expect((await ask('badr', dear)).status).toBe(429);
});

it('holds nobody back without rates', async () => {
  const ask = await open({});
  for (let n = 0; n < 20; n++) expect((await ask('amal', '{ items(first: 400) { id } }')).status).toBe(200);
});
