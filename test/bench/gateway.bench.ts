/**
 * What the edge costs. Beside `@apollo/gateway` over loopback HTTP with Apollo-served subgraphs (cache control off, for it
 * wraps every resolver), Falaj answers the same queries from one process with its subgraphs in it, as it runs by default.
 * Three entities are joined by key over three subgraphs; variables are random, so that no answer serves twice; rounds
 * interleave, and the best round of each side counts: what disturbs a round only ever makes it slower.
 *
 * `policy-cost` is a governed subgraph with its policy and without, behind the same graph.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { ApolloGateway } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import { buildSubgraphSchema } from '@apollo/subgraph';
import fastifyApollo from '@as-integrations/fastify';
import { composeSupergraph, createGateway, type LocalSubgraph, loadGraph, type MaskedField } from '@falaj/gateway';
import { anonymous } from '@falaj/runtime';
import { openDepot, person, unguardedDepot } from '@falaj/subgraph-kit/testing';
import Fastify from 'fastify';
import { type DocumentNode, type ExecutionResult, type GraphQLSchema, parse } from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import type { Figure } from './figure.js';

const CONNECTIONS = 16;
const ROUNDS = 6;
const ROUND_MS = 1500;
const WARM_MS = 1500;
const ROWS = 5000;
const SERVE = 'serve';
const POLICY_ROWS = 500;
const POLICY_REQUESTS = 10;
const POLICY_ROUNDS = 80;

const joinQuery = `query Join($from: Int!) {
  models(from: $from, first: 50) { id name framework owner deployments { id url replicas } experiments { id accuracy loss } }
}`;
const rowsQuery = `query Rows($from: Int!) {
  models(from: $from, first: 1000) { id name framework owner version size stage score createdAt }
}`;

export async function run(): Promise<Figure[]> {
  const [join, rows] = await throughputRatios();
  return [
    { name: 'gateway.join-3-subgraphs-50', value: join, unit: 'x', op: '>=', bar: 5 },
    { name: 'gateway.rows-1000', value: rows, unit: 'x', op: '>=', bar: 4 },
    { name: 'gateway.policy-cost', value: await policyCost(), unit: 'x', op: '<=', bar: 1.15 },
  ];
}

// Throughput ----------------------------------------------------------------------------------------------------------

interface Side {
  readonly name: string;
  readonly port: number;
  readonly processes: readonly ChildProcess[];
}

async function throughputRatios(): Promise<[number, number]> {
  const subgraphs = await start('subgraphs');
  const apollo = await start('apollo', JSON.stringify(subgraphs.answer));
  const falaj = await start('falaj');
  const sides: Side[] = [
    { name: 'apollo', port: apollo.answer as number, processes: [apollo.child, subgraphs.child] },
    { name: 'falaj', port: falaj.answer as number, processes: [falaj.child] },
  ];
  try {
    return [await ratio('join', joinQuery, sides), await ratio('rows', rowsQuery, sides)];
  } finally {
    for (const { child } of [subgraphs, apollo, falaj]) child.disconnect();
  }
}

async function ratio(name: string, query: string, sides: readonly Side[]): Promise<number> {
  const best = sides.map(() => ({ perSecond: 0, cpu: Number.POSITIVE_INFINITY }));
  for (const { port } of sides) await load(port, query, WARM_MS);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, side] of sides.entries()) {
      const before = await cpuOf(side);
      const started = performance.now();
      const requests = await load(side.port, query, ROUND_MS);
      const seconds = (performance.now() - started) / 1000;
      const figures = best[index] as { perSecond: number; cpu: number };
      figures.perSecond = Math.max(figures.perSecond, requests / seconds);
      figures.cpu = Math.min(figures.cpu, ((await cpuOf(side)) - before) / requests);
    }
  }
  for (const [index, side] of sides.entries()) {
    const { perSecond, cpu } = best[index] as { perSecond: number; cpu: number };
    process.stderr.write(
      `# gateway.${name} ${side.name}: ${perSecond.toFixed(0)} requests/s, ${cpu.toFixed(2)} ms CPU\n`,
    );
  }
  return (best[1]?.perSecond ?? 0) / (best[0]?.perSecond ?? 1);
}

async function start(kind: string, argument = ''): Promise<{ child: ChildProcess; answer: unknown }> {
  const child = fork(fileURLToPath(import.meta.url), [SERVE, kind, argument], {
    // graphql-js checks every instance twice as hard outside of production; so on both sides.
    env: { ...process.env, NODE_ENV: 'production' },
  });
  const [answer] = await once(child, 'message');
  return { child, answer };
}

async function cpuOf({ processes }: Side): Promise<number> {
  let milliseconds = 0;
  for (const child of processes) {
    child.send('cpu');
    const [cpu] = (await once(child, 'message')) as [number];
    milliseconds += cpu;
  }
  return milliseconds;
}

const randomFrom = (): number => Math.floor(Math.random() * ROWS);

/** Keep-alive connections that each send the next request when the last answer is complete; the number of answers. */
async function load(port: number, query: string, forMs: number): Promise<number> {
  const until = performance.now() + forMs;
  const counts = await Promise.all(Array.from({ length: CONNECTIONS }, () => ask(port, query, until)));
  return counts.reduce((sum, count) => sum + count, 0);
}

async function ask(port: number, query: string, until: number): Promise<number> {
  const socket: Socket = connect(port, '127.0.0.1');
  socket.setNoDelay(true);
  await once(socket, 'connect');
  let answered = 0;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let expected = -1;
  let received = 0;
  const send = () => {
    const body = JSON.stringify({ query, variables: { from: randomFrom() } });
    socket.write(
      `POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
  };
  socket.on('error', reject);
  socket.on('data', (chunk: Buffer) => {
    if (expected < 0) {
      const head = chunk.toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      const length = /content-length: (\d+)/i.exec(head);
      if (!head.startsWith('HTTP/1.1 200') || end < 0 || !length || head.includes('"errors":')) {
        reject(new Error(`The server answered ${head.slice(0, 500)}`));
        return;
      }
      expected = end + 4 + Number(length[1]);
      received = 0;
    }
    received += chunk.length;
    if (received < expected) return;
    expected = -1;
    answered += 1;
    if (performance.now() < until) send();
    else resolve();
  });
  send();
  await promise;
  socket.destroy();
  return answered;
}

// Fixture -------------------------------------------------------------------------------------------------------------

const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])\n';
const sdls: Readonly<Record<string, string>> = {
  models: `${link}
    type Query { models(from: Int!, first: Int!): [Model!]! }
    type Model @key(fields: "id") {
      id: ID! name: String! framework: String! owner: String version: Int! size: Int stage: String score: Float createdAt: String
    }`,
  deployments: `${link}
    type Model @key(fields: "id") { id: ID! deployments: [Deployment!]! }
    type Deployment { id: ID! url: String! replicas: Int! }`,
  experiments: `${link}
    type Model @key(fields: "id") { id: ID! experiments: [Experiment!]! }
    type Experiment { id: ID! accuracy: Float! loss: Float! }`,
};

const model = (n: number) => ({
  id: `model-${n}`,
  name: `model number ${n}`,
  framework: n % 2 ? 'onnx' : 'sklearn',
  owner: n % 3 ? `user-${n % 50}` : null,
  version: n % 17,
  size: n * 1024,
  stage: n % 5 ? 'STAGING' : 'PRODUCTION',
  score: n / ROWS,
  createdAt: '2026-01-01T00:00:00.000Z',
});
const models = Array.from({ length: ROWS * 2 }, (_, n) => model(n));

const resolvers: Readonly<Record<string, object>> = {
  models: {
    Query: {
      models: (_: unknown, { from, first }: { from: number; first: number }) => models.slice(from, from + first),
    },
  },
  deployments: {
    Model: {
      __resolveReference: ({ id }: { id: string }) => ({
        id,
        deployments: [0, 1].map((n) => ({ id: `${id}-${n}`, url: `https://serving/${id}/${n}`, replicas: n + 1 })),
      }),
    },
  },
  experiments: {
    Model: {
      __resolveReference: ({ id }: { id: string }) => ({
        id,
        experiments: [0, 1].map((n) => ({ id: `${id}-${n}`, accuracy: 0.9 + n / 100, loss: 0.1 - n / 100 })),
      }),
    },
  },
};

const names = Object.keys(sdls);
const schemaOf = (name: string): GraphQLSchema =>
  buildSubgraphSchema([{ typeDefs: parse(sdls[name] ?? ''), resolvers: (resolvers[name] ?? {}) as never }]);
const supergraph = (urls: Readonly<Record<string, string>> = {}): string =>
  composeSupergraph(names.map((name) => ({ name, sdl: sdls[name] ?? '', url: urls[name] ?? 'http://127.0.0.1:1' })))
    .supergraphSdl;

function compiled(schema: GraphQLSchema) {
  const known = new WeakMap<DocumentNode, CompiledQuery>();
  return async (document: DocumentNode, variables: object): Promise<ExecutionResult> => {
    let query = known.get(document);
    if (!query) {
      const made = compileQuery(schema, document);
      if (!isCompiledQuery(made)) return made;
      query = made;
      known.set(document, query);
    }
    return (await query.query({}, {}, variables as Record<string, unknown>)) as ExecutionResult;
  };
}

/** `masked`: what each result tells to have withheld, as a guarded subgraph does. */
function localSubgraphs(masked: readonly MaskedField[] = []): LocalSubgraph[] {
  return names.map((name) => {
    const execute = compiled(schemaOf(name));
    return {
      name,
      execute: async ({ document, variables }) => {
        const result = await execute(document, variables);
        return masked.length > 0 ? { ...result, extensions: { falaj: { masked } } } : result;
      },
    };
  });
}

// Servers, each in a process of its own ---------------------------------------------------------------------------------

const servers: Readonly<Record<string, (argument: string) => Promise<unknown>>> = {
  subgraphs: async () => {
    const urls: Record<string, string> = {};
    for (const name of names) {
      urls[name] = `http://127.0.0.1:${await serveApollo(
        new ApolloServer({ schema: schemaOf(name), plugins: [ApolloServerPluginCacheControlDisabled()] }),
      )}/graphql`;
    }
    return urls;
  },
  apollo: async (urls) =>
    serveApollo(
      new ApolloServer({
        gateway: new ApolloGateway({ supergraphSdl: supergraph(JSON.parse(urls)) }),
        plugins: [ApolloServerPluginCacheControlDisabled()],
      }),
    ),
  falaj: async () => {
    const gateway = await createGateway({
      supergraphSdl: supergraph(),
      subgraphs: localSubgraphs([{ type: 'Model', field: 'owner', reason: 'PII', count: 1 }]),
      authenticate: async () => anonymous,
      identityHeaders: async () => ({}),
      profile: 'production',
      health: async () => ({ ready: true, checks: {} }),
    });
    const url = await gateway.listen({ host: '127.0.0.1', port: 0 });
    return Number(new URL(url).port);
  },
};

async function serveApollo(server: ApolloServer): Promise<number> {
  const app = Fastify();
  await server.start();
  await app.register(fastifyApollo(server));
  await app.listen({ host: '127.0.0.1', port: 0 });
  return (app.server.address() as AddressInfo).port;
}

if (process.argv[2] === SERVE && process.send) {
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.((user + system) / 1000);
  });
  process.on('disconnect', () => process.exit(0));
  process.send(await servers[process.argv[3] ?? '']?.(process.argv[4] ?? ''));
}

// Cost of policy ---------------------------------------------------------------------------------------------------------

const parcelsQuery =
  'query Parcels($first: Int!) { parcels(first: $first) { edges { node { id label weight recipient zone weightClass } } } }';

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

/**
 * A governed subgraph over PostgreSQL behind the same graph, with its guard, rules, masks and row-level security, and
 * without them. The principal's rules show the weight of some rows only, and nobody's recipient. One request at a time:
 * its whole duration counts, the database's part too. Both
 * sides take turns, and the median of their ratios is the figure.
 */
async function policyCost(): Promise<number> {
  const depot = await openDepot();
  try {
    await depot.stock(5000);
    const supergraphSdl = composeSupergraph([
      { name: 'depot', sdl: depot.subgraph.sdl, url: 'http://127.0.0.1:1' },
    ]).supergraphSdl;
    const document = parse(parcelsQuery);
    const request = {
      principal: person('weigher'),
      requestId: '',
      traceparent: '',
      signal: new AbortController().signal,
    };
    const sides = await Promise.all(
      [await unguardedDepot(depot), depot.subgraph].map(async (subgraph) => {
        const graph = await loadGraph({ supergraphSdl, subgraphs: [subgraph], identityHeaders: async () => ({}) });
        return (first: number) => graph.execute(document, { first }, request);
      }),
    );
    const rounds: number[][] = [];
    for (let round = 0; round < POLICY_ROUNDS; round++) {
      const took: number[] = [];
      for (const execute of sides) {
        const started = performance.now();
        for (let n = 0; n < POLICY_REQUESTS; n++) {
          const { data, errors } = await execute(POLICY_ROWS - n);
          if (errors ?? !data) throw new Error(`The depot answered ${JSON.stringify(errors)}`);
        }
        took.push((performance.now() - started) / POLICY_REQUESTS);
      }
      rounds.push(took);
    }
    const medians = [0, 1].map((side) => median(rounds.map((took) => took[side] ?? 0)).toFixed(3));
    process.stderr.write(`# gateway.policy-cost: ${medians.join(' -> ')} ms a request\n`);
    return median(rounds.map(([off = 1, on = 0]) => on / off));
  } finally {
    await depot.close();
  }
}
