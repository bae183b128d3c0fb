// The edge of the published graph in both profiles: the audits of GraphQL over HTTP against a recorded baseline, and the
// probes that attackers' tools begin with. Its subgraphs answer nothing: what is refused must be refused before them.
import { readFileSync } from 'node:fs';
import { createGateway, type Gateway } from '@falaj/gateway';
import { anonymous } from '@falaj/runtime';
import { auditServer } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LEAKS } from './platform.js';

const supergraphSdl = readFileSync(new URL('../../supergraph.graphql', import.meta.url), 'utf8');
const profiles = ['development', 'production'] as const;
type Profile = (typeof profiles)[number];

const gateways = new Map<Profile, { gateway: Gateway; url: string }>();
let reached = 0;

beforeAll(async () => {
  for (const profile of profiles) {
    const gateway = await createGateway({
      supergraphSdl,
      subgraphs: ['features', 'experiments', 'models', 'deployments', 'governance'].map((name) => ({
        name,
        execute: async () => {
          reached += 1;
          return { data: { me: null } };
        },
      })),
      authenticate: async () => anonymous,
      identityHeaders: async () => ({}),
      profile,
      health: async () => ({ ready: true, checks: {} }),
    });
    gateways.set(profile, { gateway, url: await gateway.listen({ host: '127.0.0.1', port: 0 }) });
  }
});
afterAll(() => Promise.all([...gateways.values()].map(({ gateway }) => gateway.close())));

const urlOf = (profile: Profile, path = '/graphql') => new URL(path, gateways.get(profile)?.url);
const json = { 'content-type': 'application/json' };
const post = (query: unknown): RequestInit => ({ method: 'POST', headers: json, body: JSON.stringify({ query }) });

/** Audits that are not passed; one more or one fewer changes a list. */
const byChoice = {
  // A query by GET without a header that no form can send is refused: CSRF.
  '5A70': 'notice',
  D6D5: 'notice',
  '6A70': 'notice',
  // What cannot be executed is answered with 4xx, not with 200.
  '572B': 'warn',
  FDE2: 'warn',
  '7B9B': 'warn',
};
const baseline: Readonly<Record<Profile, Readonly<Record<string, string>>>> = {
  development: byChoice,
  // Three audits ask by introspection whether UTF-8 and variables arrive; production answers none.
  production: { ...byChoice, BF61: 'error', '28B9': 'error', '2EA1': 'warn' },
};

it.each(profiles)('the audits of GraphQL over HTTP answer as recorded in %s', async (profile) => {
  const results = await auditServer({ url: urlOf(profile).href });
  expect(results.length).toBeGreaterThan(60);
  const missed = results.filter(({ status }) => status !== 'ok').map(({ id, status }) => [id, status]);
  expect(Object.fromEntries(missed)).toEqual(baseline[profile]);
});

const fields = (count: number, of: (place: number) => string) =>
  Array.from({ length: count }, (_, n) => of(n)).join(' ');
const nested = (depth: number) =>
  `{ entities(first: 1) { edges { node { ${'featureViews(first: 1) { edges { node { entity { '.repeat(depth)} id ${'} } } } '.repeat(depth)} } } } }`;
const introspection = (depth: number) =>
  `{ __schema { types { ${'fields { type { '.repeat(depth)} name ${'} } '.repeat(depth)} } } }`;

/** Where a probe is let in it answers 200; everywhere else 4xx with this code. */
interface Probe {
  readonly init: () => RequestInit;
  readonly path?: string;
  readonly code: string;
  readonly only?: Profile;
}

const probes: Readonly<Record<string, Probe>> = {
  '200 aliases': { init: () => post(`{ ${fields(200, (n) => `a${n}: me { id }`)} }`), code: 'QUERY_TOO_COMPLEX' },
  '5,000 duplicate fields': { init: () => post(`{ me { ${'id '.repeat(5_000)} } }`), code: 'QUERY_TOO_COMPLEX' },
  'depth 30': { init: () => post(nested(10)), code: 'QUERY_TOO_COMPLEX' },
  '60 directives on one field': {
    init: () => post(`{ me { id ${'@include(if: true) '.repeat(60)} } }`),
    code: 'QUERY_TOO_COMPLEX',
  },
  '60 directives on many': {
    init: () => post(`{ me { ${fields(60, () => 'id @include(if: true)')} } }`),
    code: 'QUERY_TOO_COMPLEX',
  },
  'a batch of 20': {
    init: () => ({ ...post(''), body: JSON.stringify(Array.from({ length: 20 }, () => ({ query: '{ me { id } }' }))) }),
    code: 'BAD_USER_INPUT',
  },
  'a mutation by GET': {
    path: `/graphql?query=${encodeURIComponent('mutation { createExperiment(input: { name: "x" }) { experiment { id } } }')}`,
    init: () => ({ headers: { 'apollo-require-preflight': '1' } }),
    code: 'BAD_USER_INPUT',
  },
  'a query by GET from a form of another site': {
    path: `/graphql?query=${encodeURIComponent('{ me { id } }')}`,
    init: () => ({}),
    code: 'BAD_USER_INPUT',
  },
  'a form': {
    init: () => ({
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'query={me{id}}',
    }),
    code: 'BAD_USER_INPUT',
  },
  'JSON that says it is text': {
    init: () => ({ ...post('{ me { id } }'), headers: { 'content-type': 'text/plain' } }),
    code: 'BAD_USER_INPUT',
  },
  'the alias __proto__': { init: () => post('{ __proto__: me { id } }'), code: 'GRAPHQL_VALIDATION_FAILED' },
  'the field constructor': { init: () => post('{ me { constructor } }'), code: 'GRAPHQL_VALIDATION_FAILED' },
  'a name almost right': { init: () => post('{ me { idd } experimentz { id } }'), code: 'GRAPHQL_VALIDATION_FAILED' },
  'the SDL of a subgraph': { init: () => post('{ _service { sdl } }'), code: 'GRAPHQL_VALIDATION_FAILED' },
  'entities by hand': {
    init: () => post('{ _entities(representations: []) { __typename } }'),
    code: 'GRAPHQL_VALIDATION_FAILED',
  },
  'introspection in circles': { init: () => post(introspection(12)), code: 'QUERY_TOO_COMPLEX', only: 'development' },
  introspection: {
    init: () => post('{ __schema { types { name } } }'),
    code: 'GRAPHQL_VALIDATION_FAILED',
    only: 'production',
  },
  'introspection of one type': {
    init: () => post('{ __type(name: "Run") { name } }'),
    code: 'GRAPHQL_VALIDATION_FAILED',
    only: 'production',
  },
};

describe.each(profiles)('probes in %s', (profile) => {
  it.each(Object.entries(probes).filter(([, { only = profile }]) => only === profile))(
    '%s: refused, without a name, a stack or a trace, and no subgraph hears of it',
    async (_name, { init, path, code }) => {
      const before = reached;
      const response = await fetch(urlOf(profile, path), init());
      const text = await response.text();
      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(response.status).toBeLessThan(500);
      const { data, errors, extensions } = JSON.parse(text) as {
        data?: unknown;
        errors: { extensions: { code: string } }[];
        extensions?: { tracing?: unknown };
      };
      expect({ data: data ?? null, code: errors[0]?.extensions.code, tracing: extensions?.tracing }).toEqual({
        data: null,
        code,
        tracing: undefined,
      });
      expect(text).not.toMatch(LEAKS);
      expect(reached).toBe(before);
    },
  );

  it('shows its tools and its schema in development only', async () => {
    for (const path of ['/graphiql', '/schema.graphql'])
      expect((await fetch(urlOf(profile, path))).status).toBe(profile === 'development' ? 200 : 404);
    const answer = await fetch(urlOf(profile), post('{ __schema { queryType { name } } }'));
    expect(answer.status).toBe(profile === 'development' ? 200 : 400);
  });
});
