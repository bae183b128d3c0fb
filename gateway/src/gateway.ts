import { PlatformError } from '@falaj/runtime';
import Fastify, { type FastifyInstance } from 'fastify';
import { type DocumentNode, type GraphQLSchema, parse, validate } from 'graphql';
import { clientError, httpFault } from './client-error.js';
import type { Gateway, GatewayOptions } from './contract.js';
import { type Graph, loadGraph } from './graph.js';
import { serveGraphiql } from './graphiql-route.js';
import { serveGraphql } from './graphql-route.js';
import { defaultLimits } from './limits.js';
import { serveServiceRoutes } from './service-routes.js';
import { serveStream } from './stream-route.js';

const MAX_PARSED = 500;

/** Documents of in-process callers: parsed and validated once, the most recently used kept. */
function documentCache() {
  const known = new Map<string, DocumentNode>();
  return (text: string, schema: GraphQLSchema): DocumentNode => {
    let document = known.get(text);
    if (document) known.delete(text);
    else {
      document = parse(text);
      const [fault] = validate(schema, document);
      if (fault) throw new PlatformError('BAD_USER_INPUT', `The document does not fit the graph: ${fault.message}`);
    }
    known.set(text, document);
    if (known.size > MAX_PARSED) known.delete(known.keys().next().value as string);
    return document;
  };
}

const DRAIN_MS = 10_000;
const SWEEP_MS = 25;

/** Closes the server once every request under way is answered, after ten seconds in any case. */
async function drained(app: FastifyInstance): Promise<void> {
  // A connection that goes idle after the first sweep would hold the server open until its client drops it.
  const sweep = setInterval(() => app.server.closeIdleConnections(), SWEEP_MS);
  const patience = setTimeout(() => app.server.closeAllConnections(), DRAIN_MS);
  try {
    await app.close();
  } finally {
    clearInterval(sweep);
    clearTimeout(patience);
  }
}

/** The edge over one supergraph; it serves once `listen` was called. Errors: those of a supergraph that does not load. */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const limits = { ...defaultLimits, ...options.limits };
  const listeners: ((schema: GraphQLSchema) => void)[] = [];
  let current: Graph = await loadGraph(options);
  let parsed = documentCache();
  let draining = false;
  const graph = {
    get current() {
      return current;
    },
    onChange: (listener: (schema: GraphQLSchema) => void) => void listeners.push(listener),
  };

  const app = Fastify({ logger: false, bodyLimit: limits.bodyBytes });
  app.setErrorHandler((error, _request, reply) => {
    const fault = httpFault(error);
    void reply
      .code((error as { statusCode?: number }).statusCode ?? fault.http)
      .type('application/json')
      .send(JSON.stringify({ errors: [clientError(fault)] }));
  });
  const stopApollo = await serveGraphql(app, options, limits, graph);
  const endStreams = serveStream(app, options, limits, graph);
  serveServiceRoutes(app, options, graph, () => draining);
  if (options.profile === 'development') serveGraphiql(app);
  for (const mount of options.mount ?? []) await mount(app);

  return {
    app,
    get apiSchema() {
      return current.apiSchema;
    },
    execute: async (document, variables, context) => {
      const node = typeof document === 'string' ? parsed(document, current.apiSchema) : document;
      return current.execute(node, variables, context);
    },
    listen: (at) => app.listen(at),
    reload: async (supergraphSdl) => {
      const next = await loadGraph({ ...options, supergraphSdl });
      current = next;
      parsed = documentCache();
      for (const listener of listeners) listener(next.apiSchema);
    },
    close: async () => {
      draining = true;
      endStreams();
      await drained(app);
      await stopApollo();
    },
  };
}
