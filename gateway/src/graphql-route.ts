// /graphql: Apollo Server's HTTP semantics (status codes, CSRF, document store) over our own execution.
import { ApolloServer, type ApolloServerPlugin, type GraphQLRequestListener } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import { counter, duration, underTraceparent, withSpan } from '@falaj/runtime';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GraphQLError, type GraphQLFormattedError, type GraphQLSchema } from 'graphql';
import { clientError, toGraphQLError, underTraceId, withCode } from './client-error.js';
import type { GatewayOptions, MaskedPath, RequestContext } from './contract.js';
import type { Graph } from './graph.js';
import { type Limits, limitsRule, tooManyTokens } from './limits.js';
import { documentStore, refuseUnregistered, resolveDocumentId } from './persisted-documents.js';
import { type Arrival, arrivalOf, requestContextOf, traceIdOf } from './request-context.js';

/** The graph in use; `onChange` tells Apollo of a new schema. */
export interface CurrentGraph {
  readonly current: Graph;
  onChange(listener: (schema: GraphQLSchema) => void): void;
}

const requests = counter('falaj_gateway_requests_total', 'GraphQL requests by kind of operation and outcome.', [
  'operation',
  'outcome',
] as const);
const requestSeconds = duration('falaj_gateway_request_seconds', 'Time from reading a request to its answer.', [
  'operation',
] as const);

interface Carried {
  readonly request: RequestContext;
}

/** Counts by kind of operation, adds `extensions.falaj`, and holds clients to registered documents. */
function edgePlugin(options: GatewayOptions): ApolloServerPlugin<Carried> {
  return {
    async requestDidStart({ contextValue }): Promise<GraphQLRequestListener<Carried>> {
      const end = requestSeconds.startTimer();
      return {
        async didResolveOperation({ queryHash, operation, request }) {
          if (options.persistedDocuments) {
            try {
              refuseUnregistered(queryHash, contextValue.request.clientName, options.persistedDocuments);
            } catch (error) {
              throw toGraphQLError(error);
            }
          }
          if (operation?.operation === 'subscription') {
            throw badRequest('Subscriptions are served as an event stream at /graphql/stream.');
          }
          if (!operation && request.operationName) throw badRequest(`No operation is named ${request.operationName}.`);
        },
        async willSendResponse({ response, operation }) {
          if (response.body.kind !== 'single') return;
          const { singleResult } = response.body;
          const kind = operation?.operation ?? 'none';
          end({ operation: kind });
          const outcome = !singleResult.errors ? 'ok' : singleResult.data ? 'partial' : 'failed';
          requests.inc({ operation: kind, outcome });
          const falaj = singleResult.extensions?.falaj as { masked?: readonly MaskedPath[] } | undefined;
          singleResult.extensions = {
            falaj: { masked: falaj?.masked ?? [], traceId: traceIdOf(contextValue.request.traceparent) },
          };
          response.http.headers.set('x-request-id', contextValue.request.requestId);
          response.http.headers.set('cache-control', 'no-store');
        },
      };
    },
  };
}

const badRequest = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } } });

/** Registers `/graphql`. The returned function stops Apollo Server. */
export async function serveGraphql(
  app: FastifyInstance,
  options: GatewayOptions,
  limits: Limits,
  graph: CurrentGraph,
): Promise<() => Promise<void>> {
  const production = options.profile === 'production';
  const { persistedDocuments } = options;
  const server = new ApolloServer<Carried>({
    gateway: {
      onSchemaLoadOrUpdate: (callback) => {
        const tell = (apiSchema: GraphQLSchema) => callback({ apiSchema, coreSupergraphSdl: options.supergraphSdl });
        tell(graph.current.apiSchema);
        graph.onChange(tell);
        return () => {};
      },
      load: async () => ({
        executor: async ({ document, request, context, operationName }) =>
          graph.current.execute(
            document,
            request.variables ?? {},
            (context as Carried).request,
            operationName ?? undefined,
          ),
      }),
      stop: async () => {},
    },
    formatError: (formatted, error) => formatError(formatted, error, limits),
    plugins: [edgePlugin(options), ApolloServerPluginCacheControlDisabled(), ApolloServerPluginLandingPageDisabled()],
    validationRules: [limitsRule(limits)],
    parseOptions: { maxTokens: limits.tokens },
    persistedQueries: persistedDocuments ? { cache: documentStore(persistedDocuments) } : false,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    introspection: !production,
    hideSchemaDetailsFromClientErrors: true,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    nodeEnv: options.profile,
  });
  await server.start();

  const arrivals = new WeakMap<FastifyRequest, Arrival>();
  const handle = fastifyApolloHandler(server, {
    context: async (request: FastifyRequest, reply: FastifyReply): Promise<Carried> => {
      const arrival = arrivals.get(request) ?? arrivalOf(request);
      try {
        return { request: await requestContextOf(arrival, reply, (headers) => options.authenticate(headers)) };
      } catch (error) {
        throw toGraphQLError(error);
      }
    },
  });
  app.route({
    method: ['GET', 'POST'],
    url: '/graphql',
    bodyLimit: limits.bodyBytes,
    handler: (request, reply) => {
      const arrival = arrivalOf(request);
      arrivals.set(request, arrival);
      if (persistedDocuments) request.body = resolveDocumentId(request.body, persistedDocuments);
      return underTraceparent(arrival.traceparent, () =>
        withSpan('gateway.request', { 'http.request.method': request.method }, async () =>
          underTraceId(traceIdOf(arrival.traceparent), () => handle.call(app, request, reply)),
        ),
      );
    },
  });
  return () => server.stop();
}

function formatError(formatted: GraphQLFormattedError, error: unknown, limits: Limits): GraphQLFormattedError {
  const code = formatted.extensions?.code;
  if (code === 'GRAPHQL_PARSE_FAILED' && error instanceof GraphQLError && error.source) {
    const refused = tooManyTokens(error.source.body, limits.tokens);
    if (refused) return clientError(refused);
  }
  // Apollo puts its code on the formatted copy only.
  const coded = error instanceof GraphQLError && typeof code === 'string' ? withCode(error, code) : error;
  return clientError(coded);
}
