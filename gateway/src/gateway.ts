import { PlatformError } from '@falaj/runtime';
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify';
import { type DocumentNode, type GraphQLSchema, parse, validate } from 'graphql';
import { RateKeeper } from './caller-rates.js';
import { clientError, httpFault, retryAfterOf } from './client-error.js';
import type { Gateway, GatewayOptions } from './contract.js';
import { type Graph, loadGraph } from './graph.js';
import { serveGraphiql } from './graphiql-route.js';
import { serveGraphql } from './graphql-route.js';
import { defaultLimits } from './limits.js';
import { arrivalOf, traceIdOf } from './request-context.js';
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

/** Counts what is being answered. The returned function closes the server once that is nothing, or patience ends. */
function drainable(app: FastifyInstance): () => Promise<void> {
  let active = 0;
  app.addHook('onRequest', async (_request, reply) => {
    active += 1;
    reply.raw.once('close', () => {
      active -= 1;
    });
  });
  return async () => {
    const until = Date.now() + DRAIN_MS;
    // Node waits for clients to drop connections, even those that never asked anything.
    const sweep = setInterval(() => {
      if (active === 0 || Date.now() > until) app.server.closeAllConnections();
    }, SWEEP_MS);
    await app.close().finally(() => clearInterval(sweep));
  };
}

/** The edge over one supergraph; it serves once `listen` was called. Errors: those of a supergraph that does not load. */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const limits = { ...defaultLimits, ...options.limits };
  const rates = new RateKeeper(options.rates ?? {});
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

  const app: FastifyInstance = Fastify({
    logger: false,
    bodyLimit: limits.bodyBytes,
    // Told that it is https, it names its addresses so.
    ...(options.createServer ? { serverFactory: options.createServer, https: {} } : {}),
  } as FastifyServerOptions);
  const drain = drainable(app);
  app.setErrorHandler((error, request, reply) => {
    const fault = httpFault(error);
    void reply
      .code((error as { statusCode?: number }).statusCode ?? fault.http)
      .type('application/json')
      .headers(Object.fromEntries(retryAfterOf(fault)))
      .send(JSON.stringify({ errors: [clientError(fault, traceIdOf(arrivalOf(request).traceparent))] }));
  });
  const stopApollo = await serveGraphql(app, options, limits, graph, rates);
  const endStreams = serveStream(app, options, limits, graph, rates);
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
      await drain();
      await stopApollo();
    },
  };
}
