// /graphql: Apollo Server's HTTP semantics (status codes, CSRF, document store) over our own execution. A document that
// it accepted before goes past it (`known-operations.ts`).
import { ApolloServer, type ApolloServerPlugin, type GraphQLRequestListener } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import { counter, duration, underTraceparent, withSpan } from '@falaj/runtime';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  type ExecutionResult,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
} from 'graphql';
import type { RateKeeper } from './caller-rates.js';
import { clientError, toGraphQLError, underTraceId, withCode } from './client-error.js';
import type { GatewayOptions, MaskedPath, RequestContext } from './contract.js';
import type { Graph } from './graph.js';
import { answerOf, KnownOperations, type KnownRequest } from './known-operations.js';
import { costOf, type Limits, limitsRule, tooManyTokens } from './limits.js';
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
function edgePlugin(
  options: GatewayOptions,
  graph: CurrentGraph,
  known: KnownOperations,
  rates: RateKeeper,
): ApolloServerPlugin<Carried> {
  return {
    async requestDidStart({ contextValue }): Promise<GraphQLRequestListener<Carried>> {
      const end = requestSeconds.startTimer();
      return {
        async didResolveOperation({ queryHash, operation, request, source, document, schema }) {
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
          const cost = operation ? costOf(document, operation) : 1;
          // A request that began on the graph before this one was held to another schema.
          if (operation && !introspects(operation) && schema === graph.current.apiSchema) {
            known.remember(source, queryHash, {
              document,
              operationName: request.operationName || undefined,
              kind: operation.operation,
              cost,
              hash: queryHash,
            });
          }
          try {
            rates.countCost(contextValue.request.principal, cost);
          } catch (error) {
            throw toGraphQLError(error);
          }
        },
        async willSendResponse({ response, operation }) {
          if (response.body.kind !== 'single') return;
          const { singleResult } = response.body;
          count(operation?.operation ?? 'none', singleResult, end);
          singleResult.extensions = extensionsOf(singleResult, contextValue.request);
          response.http.headers.set('x-request-id', contextValue.request.requestId);
          response.http.headers.set('cache-control', 'no-store');
        },
      };
    },
  };
}

/** The work, or the refusal in place of its result. */
async function within(
  rates: RateKeeper,
  { principal }: RequestContext,
  cost: number,
  work: () => Promise<ExecutionResult>,
): Promise<ExecutionResult> {
  try {
    rates.countCost(principal, cost);
  } catch (error) {
    return { errors: [toGraphQLError(error)] };
  }
  return work();
}

function count(operation: string, { errors, data }: Outcome, end: (labels: { operation: string }) => unknown): void {
  end({ operation });
  requests.inc({ operation, outcome: !errors ? 'ok' : data ? 'partial' : 'failed' });
}

interface Outcome {
  readonly errors?: readonly unknown[] | undefined;
  readonly data?: unknown;
  readonly extensions?: Record<string, unknown> | undefined;
}

function extensionsOf({ extensions }: Outcome, request: RequestContext) {
  const falaj = extensions?.falaj as { masked?: readonly MaskedPath[] } | undefined;
  return { falaj: { masked: falaj?.masked ?? [], traceId: traceIdOf(request.traceparent) } };
}

/** Apollo Server decides each time whether the schema may be shown. */
const introspects = ({ selectionSet }: OperationDefinitionNode): boolean =>
  selectionSet.selections.some((selection) => selection.kind !== Kind.FIELD || selection.name.value.startsWith('__'));

const badRequest = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } } });

/** Registers `/graphql`. The returned function stops Apollo Server. */
export async function serveGraphql(
  app: FastifyInstance,
  options: GatewayOptions,
  limits: Limits,
  graph: CurrentGraph,
  rates: RateKeeper,
): Promise<() => Promise<void>> {
  const production = options.profile === 'production';
  const { persistedDocuments } = options;
  const known = new KnownOperations(persistedDocuments);
  graph.onChange(() => known.clear());
  const server = new ApolloServer<Carried>({
    gateway: {
      onSchemaLoadOrUpdate: (callback) => {
        const tell = (apiSchema: GraphQLSchema) => callback({ apiSchema, coreSupergraphSdl: options.supergraphSdl });
        tell(graph.current.apiSchema);
        graph.onChange(tell);
        return () => {};
      },
      load: async () => ({
        executor: async ({ document, request, context, operationName, queryHash }) =>
          graph.current.execute(
            document,
            request.variables ?? {},
            { ...(context as Carried).request, operationHash: queryHash },
            operationName ?? undefined,
          ),
      }),
      stop: async () => {},
    },
    formatError: (formatted, error) => formatError(formatted, error, limits),
    plugins: [
      edgePlugin(options, graph, known, rates),
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
    ],
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

  const contextOf = (arrival: Arrival, reply: FastifyReply): Promise<RequestContext> =>
    requestContextOf(arrival, reply, (headers) => options.authenticate(headers), rates);
  const arrivals = new WeakMap<FastifyRequest, Arrival>();
  const handle = fastifyApolloHandler(server, {
    context: async (request: FastifyRequest, reply: FastifyReply): Promise<Carried> => {
      const arrival = arrivals.get(request) ?? arrivalOf(request);
      try {
        return { request: await contextOf(arrival, reply) };
      } catch (error) {
        throw toGraphQLError(error);
      }
    },
  });
  const answerKnown = async (
    { operation, variables }: KnownRequest,
    context: RequestContext,
    reply: FastifyReply,
  ): Promise<string> => {
    const end = requestSeconds.startTimer();
    const asked = { ...context, operationHash: operation.hash };
    const result = await within(rates, asked, operation.cost, () =>
      graph.current.execute(operation.document, variables, asked, operation.operationName),
    );
    count(operation.kind, result, end);
    const formatted = result.errors?.map((error) => clientError(error));
    const { status, headers, body } = answerOf(result, formatted, extensionsOf(result, context));
    void reply.code(status).headers({
      ...headers,
      'x-request-id': context.requestId,
      'cache-control': 'no-store',
      'content-type': 'application/json; charset=utf-8',
    });
    return body;
  };

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
          underTraceId(traceIdOf(arrival.traceparent), async () => {
            const found = known.find(request);
            const context = found && (await contextOf(arrival, reply).catch(() => undefined));
            // Who is not let in hears it from Apollo Server, like anyone whose document is new.
            return context ? answerKnown(found, context, reply) : handle.call(app, request, reply);
          }),
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
