// A subgraph on its own: GraphQL over HTTP for the gateway only. Nothing but the gateway's internal token opens it.
import type { RequestListener, Server } from 'node:http';
import {
  createLogger,
  isPlatformError,
  metricsRegistry,
  PlatformError,
  type Principal,
  publicError,
} from '@falaj/runtime';
import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from 'fastify';
import { type DocumentNode, type ExecutionResult, parse } from 'graphql';
import type { RequestContext } from './platform.js';
import type { Subgraph } from './subgraph.js';

export interface SubgraphServerOptions {
  readonly subgraph: Subgraph;
  /** Checks the internal token: audience = this subgraph, hash of exactly this body. */
  readonly verify: (token: string, audience: string, body: string) => Promise<Principal>;
  readonly health: () => Promise<{ ok: boolean; detail?: string }>;
  /** The server below the routes; by default one of plain HTTP. */
  readonly createServer?: (handler: RequestListener) => Server;
  /** More routes of the same process, e.g. the inference plane. */
  readonly mount?: (app: FastifyInstance) => void | Promise<void>;
}

const MAX_DOCUMENTS = 1000;
const one = (header: string | string[] | undefined): string | undefined =>
  typeof header === 'string' ? header : undefined;

export async function createSubgraphServer(options: SubgraphServerOptions): Promise<FastifyInstance> {
  const { subgraph } = options;
  const log = createLogger(`subgraph.${subgraph.name}`);
  const app: FastifyInstance = Fastify({
    logger: false,
    bodyLimit: 8 * 1024 * 1024,
    forceCloseConnections: true,
    // Told that it is https, it names its addresses so.
    ...(options.createServer ? { serverFactory: options.createServer, https: {} } : {}),
  } as FastifyServerOptions);
  const documents = new Map<string, DocumentNode>();
  const parsed = (text: string): DocumentNode => {
    let document = documents.get(text);
    if (!document) {
      document = parse(text, { noLocation: true });
      if (documents.size >= MAX_DOCUMENTS) documents.delete(documents.keys().next().value as string);
      documents.set(text, document);
    }
    return document;
  };
  const shownOf = (error: unknown): { errors: { message: string; extensions: { code: string } }[] } => {
    const shown = publicError(error);
    if (!isPlatformError(error) || error.code === 'INTERNAL')
      log.error('request failed', { error: error instanceof Error ? error.stack : String(error) });
    return { errors: [{ message: shown.message, extensions: { code: shown.code } }] };
  };
  // Before the routes: a plugin takes the handler that stands when it is registered.
  app.setErrorHandler((error, _request, reply) => {
    void reply.code(isPlatformError(error) ? error.http : 500).send(shownOf(error));
  });

  await app.register(async (graphql) => {
    // The body stays text until its hash is checked.
    graphql.removeAllContentTypeParsers();
    graphql.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => done(null, body));
    graphql.post('/graphql', async (request, reply) => {
      const result = await execute(request, reply);
      if (result && !(Symbol.asyncIterator in result))
        return reply.type('application/json').send(JSON.stringify(result));
      return reply
        .code(400)
        .send({ errors: [{ message: 'Subscriptions go to /stream.', extensions: { code: 'BAD_USER_INPUT' } }] });
    });
    graphql.post('/stream', async (request, reply) => {
      const result = await execute(request, reply);
      reply.hijack();
      reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      const events =
        Symbol.asyncIterator in result
          ? result
          : (async function* () {
              yield result;
            })();
      const iterator = events[Symbol.asyncIterator]();
      reply.raw.on('close', () => void iterator.return?.());
      const send = (value: unknown) => reply.raw.write(`event: next\ndata: ${JSON.stringify(value)}\n\n`);
      try {
        for (let next = await iterator.next(); !next.done; next = await iterator.next()) send(next.value);
        reply.raw.end('event: complete\ndata:\n\n');
      } catch (error) {
        // Without `complete`, the reader knows that events are missing.
        send(shownOf(error));
        reply.raw.end();
      }
    });
  });

  async function execute(
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<ExecutionResult | AsyncIterable<ExecutionResult>> {
    const body = request.body as string;
    const token = request.headers['x-falaj-internal-token'];
    if (typeof token !== 'string') throw new PlatformError('UNAUTHENTICATED', 'Subgraphs answer the gateway only.');
    const principal = await options.verify(token, subgraph.name, body);
    const { query, variables, operationName } = JSON.parse(body) as {
      query: string;
      variables?: Record<string, unknown>;
      operationName?: string;
    };
    const abort = new AbortController();
    reply.raw.on('close', () => {
      if (!reply.raw.writableEnded) abort.abort();
    });
    const context: RequestContext = {
      principal,
      requestId: String(request.headers['x-request-id'] ?? ''),
      traceparent: String(request.headers.traceparent ?? ''),
      signal: abort.signal,
      purpose: one(request.headers['x-falaj-purpose']),
      operationHash: one(request.headers['x-falaj-operation-hash']),
    };
    return subgraph.execute({ document: parsed(query), variables: variables ?? {}, operationName, context });
  }

  app.get('/health/live', async () => ({ live: true }));
  app.get('/health/ready', async (_request, reply) => {
    const health = await options.health();
    return reply
      .code(health.ok ? 200 : 503)
      .send({ ready: health.ok, ...(health.detail ? { detail: health.detail } : {}) });
  });
  app.get('/metrics', async (_request, reply) =>
    reply.type('text/plain; version=0.0.4').send(await metricsRegistry.metrics()),
  );
  await options.mount?.(app);
  return app;
}
