// Two subgraphs of one entity, small enough to read: `items` owns Item and its events, `names` adds a name.
// Each runs in this process or behind HTTP, so that one test can hold both ways to the same answer.
import { anonymous } from '@falaj/runtime';
import Fastify from 'fastify';
import {
  buildSchema,
  type DocumentNode,
  type ExecutionResult,
  execute,
  GraphQLError,
  getOperationAST,
  parse,
  subscribe,
} from 'graphql';
import { composeSupergraph } from '../compose.js';
import type { GatewayOptions, LocalSubgraph, RemoteSubgraph, SubgraphRequest } from '../contract.js';

const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])\n';
const itemsSdl = `
  type Query { items: [Item!]! me: String! maybe: Item }
  type Mutation { touch(id: ID!): Item }
  type Subscription { itemChanged: Item! endless: Item! fails: Item! }
  type Item @key(fields: "id") { id: ID! size: Int }
`;
const namesSdl = 'type Item @key(fields: "id") { id: ID! name: String! note: String }';

const federation = `
  directive @key(fields: String!) repeatable on OBJECT | INTERFACE
  scalar _Any
  union _Entity = Item
`;
const schemas = {
  items: buildSchema(
    `${federation} ${itemsSdl} extend type Query { _entities(representations: [_Any!]!): [_Entity]! }`,
  ),
  names: buildSchema(`${federation} ${namesSdl} type Query { _entities(representations: [_Any!]!): [_Entity]! }`),
};

/** What the subgraphs did, for tests to look at. */
export class Seen {
  readonly calls: { subgraph: string; principal: string; traceparent: string; requestId: string }[] = [];
  sourcesOpen = 0;
  touched = 0;
}

type Name = keyof typeof schemas;

function executeIn(name: Name, seen: Seen) {
  const roots = (principal: string, signal: AbortSignal) => ({
    me: principal,
    items: [1, 2].map((n) => ({ __typename: 'Item', id: String(n), size: n })),
    touch: ({ id }: { id: string }) => {
      seen.touched += 1;
      return { __typename: 'Item', id, size: seen.touched };
    },
    _entities: ({ representations }: { representations: { id: string }[] }) =>
      representations.map(({ id }) => {
        const name = id === '2' ? null : `name of ${id} for ${principal}`;
        return id === 'gone' ? null : { __typename: 'Item', id, name, note: null, size: 7 };
      }),
    itemChanged: () => changes(['1', 'x', '2', '3']),
    endless: () => endless(signal, seen),
    fails: () => {
      throw new GraphQLError('Not this one.', { extensions: { code: 'FORBIDDEN' } });
    },
  });
  return async ({ document, variables, operationName, context }: SubgraphRequest) => {
    seen.calls.push({
      subgraph: name,
      principal: context.principal.id,
      traceparent: context.traceparent,
      requestId: context.requestId,
    });
    const args = {
      schema: schemas[name],
      document,
      variableValues: variables,
      operationName: operationName ?? null,
      rootValue: roots(context.principal.id, context.signal),
    };
    const masked = { falaj: { masked: [{ type: 'Item', field: 'note', reason: 'PII', count: 1 }] } };
    const shown = (result: ExecutionResult): ExecutionResult => ({
      ...result,
      ...(name === 'names' ? { extensions: masked } : {}),
    });
    if (getOperationAST(document, operationName)?.operation !== 'subscription') return shown(await execute(args));
    const events = await subscribe(args);
    if (!(Symbol.asyncIterator in events)) return shown(events);
    return events;
  };
}

async function* changes(ids: readonly string[]) {
  for (const id of ids) yield { itemChanged: { __typename: 'Item', id, size: Number(id) || null } };
}

async function* endless(signal: AbortSignal, seen: Seen) {
  seen.sourcesOpen += 1;
  try {
    yield { endless: { __typename: 'Item', id: '1', size: 1 } };
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  } finally {
    seen.sourcesOpen -= 1;
  }
}

export const itemsSupergraph = (): string =>
  composeSupergraph([
    { name: 'items', sdl: link + itemsSdl, url: 'http://127.0.0.1:1/items' },
    { name: 'names', sdl: link + namesSdl, url: 'http://127.0.0.1:1/names' },
  ]).supergraphSdl;

const names: readonly Name[] = ['items', 'names'];

export const localItems = (seen: Seen): LocalSubgraph[] =>
  names.map((name) => ({ name, execute: executeIn(name, seen) }));

/** The same subgraphs behind HTTP: `x-who` is the proof of identity, as a subgraph's token is. */
export async function remoteItems(seen: Seen): Promise<{ subgraphs: RemoteSubgraph[]; close: () => Promise<void> }> {
  const app = Fastify({ forceCloseConnections: true });
  for (const name of names) {
    const run = executeIn(name, seen);
    const requestOf = (
      body: { query: string; variables?: Record<string, unknown> },
      headers: Record<string, unknown>,
      signal: AbortSignal,
    ) => ({
      document: parse(body.query) as DocumentNode,
      variables: body.variables ?? {},
      context: {
        principal: { ...anonymous, id: String(headers['x-who']) },
        requestId: String(headers['x-request-id']),
        traceparent: String(headers.traceparent),
        signal,
      },
    });
    app.post(`/${name}/graphql`, async (request) =>
      run(requestOf(request.body as never, request.headers, new AbortController().signal)),
    );
    app.post(`/${name}/stream`, async (request, reply) => {
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      const result = await run(requestOf(request.body as never, request.headers, gone.signal));
      reply.hijack();
      reply.raw.writeHead(200, { 'content-type': 'text/event-stream' });
      const events = Symbol.asyncIterator in result ? result : [result];
      for await (const event of events) reply.raw.write(`event: next\ndata: ${JSON.stringify(event)}\n\n`);
      reply.raw.end('event: complete\ndata:\n\n');
    });
  }
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return { subgraphs: names.map((name) => ({ name, url: `${url}/${name}/graphql` })), close: () => app.close() };
}

export const itemsOptions = (subgraphs: GatewayOptions['subgraphs']): GatewayOptions => ({
  supergraphSdl: itemsSupergraph(),
  subgraphs,
  authenticate: async (headers) => ({ ...anonymous, id: headers.authorization ?? 'nobody' }),
  identityHeaders: async (request) => ({ 'x-who': request.principal.id }),
  profile: 'development',
  health: async () => ({ ready: true, checks: {} }),
});
