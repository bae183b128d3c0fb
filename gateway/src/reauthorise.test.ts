// A real gateway whose callers change while their streams are open.
import { setTimeout as sleep } from 'node:timers/promises';
import { PlatformError, type Principal } from '@falaj/runtime';
import { type ExecutionResult, parse } from 'graphql';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { composeSupergraph } from './compose.js';
import type { Gateway } from './contract.js';
import { readEventStream } from './event-stream.js';
import { createGateway } from './gateway.js';

const sdl = 'type Query { now: Int } type Subscription { tick: Int silence: Int }';
const EVERY_MS = 400;
const amal: Principal = {
  id: 'pr_amal',
  kind: 'USER',
  name: 'amal',
  workspaceId: 'ws',
  roles: ['auditor', 'viewer'],
  zone: 'AE',
  zones: ['AE'],
};
let principal: Principal | PlatformError = amal;
let looks = 0;
const listeners = new Set<() => void>();
const notify = () => {
  for (const listener of listeners) listener();
};

let gateway: Gateway;
let url = '';
beforeAll(async () => {
  gateway = await createGateway({
    supergraphSdl: composeSupergraph([{ name: 'one', sdl }]).supergraphSdl,
    subgraphs: [
      {
        name: 'one',
        execute: async ({ document, context }) =>
          (async function* (): AsyncGenerator<ExecutionResult> {
            const silent = JSON.stringify(document).includes('silence');
            if (silent) await sleep(60_000, undefined, { signal: context.signal });
            for (let tick = 0; ; tick += 1) {
              yield { data: { tick } };
              await sleep(10);
            }
          })(),
      },
    ],
    authenticate: async () => {
      looks += 1;
      if (principal instanceof PlatformError) throw principal;
      return principal;
    },
    onAuthorisationChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    reauthoriseMs: EVERY_MS,
    identityHeaders: async () => ({}),
    profile: 'production',
    health: async () => ({ ready: true, checks: {} }),
  });
  url = await gateway.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => gateway.close());
beforeEach(() => {
  principal = amal;
  looks = 0;
});

/** Subscribes, changes something after the first events, and answers how the stream ended. */
async function endOf(change: () => void, query = 'subscription { tick }') {
  parse(query);
  const response = await fetch(`${url}/graphql/stream`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query }),
  });
  const silent = query.includes('silence');
  if (silent) change();
  let ticks = 0;
  for await (const { data, errors } of readEventStream(response.body as ReadableStream<Uint8Array>)) {
    if (errors) return { code: errors[0]?.extensions.code, message: errors[0]?.message, data, ticks };
    ticks += 1;
    if (ticks === 3) change();
  }
  return { ticks };
}

test.each([
  ['a role was taken', { ...amal, roles: ['viewer'] }],
  ['a role was given', { ...amal, roles: [...amal.roles, 'approver'] }],
  ['a zone was taken', { ...amal, zones: [] }],
  ['the membership has ended', { ...amal, workspaceId: 'none', roles: [], zones: [] }],
])('a stream ends upon the notice when %s', async (_, next) => {
  const ended = await endOf(() => {
    principal = next;
    notify();
  });
  expect(ended).toMatchObject({ code: 'AUTHORISATION_CHANGED', message: expect.stringContaining('subscribe again') });
  expect(ended.data).toBeUndefined();
  expect(listeners.size).toBe(0);
});

test.each(['subscription { tick }', 'subscription { silence }'])(
  'without a notice %s ends at the next look, with what authentication says',
  async (query) => {
    const ended = await endOf(() => {
      principal = new PlatformError('UNAUTHENTICATED', 'The access token was revoked: sign in again.');
    }, query);
    expect(ended).toMatchObject({ code: 'UNAUTHENTICATED', message: expect.stringContaining('was revoked') });
  },
);

test('a stream goes on where nothing changed for its caller, and a crowd of notices is one look', async () => {
  const response = await fetch(`${url}/graphql/stream`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: 'subscription { tick }' }),
  });
  const before = looks;
  principal = { ...amal, roles: [...amal.roles].reverse(), name: 'Amal' };
  for (let notice = 0; notice < 50; notice += 1) notify();
  const events = readEventStream(response.body as ReadableStream<Uint8Array>);
  for (let event = 0; event < 20; event += 1) expect((await events.next()).value?.errors).toBeUndefined();
  expect(looks - before).toBeGreaterThan(0);
  expect(looks - before).toBeLessThan(10);
  await events.return(undefined);
});
