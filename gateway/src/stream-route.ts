// /graphql/stream: GraphQL over SSE in its distinct-connections form, with the limits, errors and masking of /graphql.
import { counter, gauge, PlatformError, underTraceparent, withSpan } from '@falaj/runtime';
import type { FastifyInstance, FastifyReply } from 'fastify';
import {
  type DocumentNode,
  type ExecutionResult,
  GraphQLError,
  getOperationAST,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { createHandler, type RequestParams } from 'graphql-sse';
import type { RateKeeper } from './caller-rates.js';
import { clientError, toGraphQLError, withCode } from './client-error.js';
import type { GatewayOptions, MaskedPath, RequestContext } from './contract.js';
import type { CurrentGraph } from './graphql-route.js';
import { costOf, type Limits, limitsRule, tooManyTokens } from './limits.js';
import { refuseUnregistered, withRegisteredText } from './persisted-documents.js';
import { whileAuthorised } from './reauthorise.js';
import { type Arrival, arrivalOf, requestContextOf, traceIdOf } from './request-context.js';
import { sha256 } from './sha256.js';

const open = gauge('falaj_gateway_open_streams', 'Event streams open now.', [] as const);
const events = counter('falaj_gateway_stream_events_total', 'Results sent on event streams.', ['outcome'] as const);

const REAUTHORISE_MS = 30_000;

interface Carried {
  readonly arrival: Arrival;
  readonly reply: FastifyReply;
  readonly context: RequestContext;
}

/** Registers `/graphql/stream`. The returned function ends every open stream. */
export function serveStream(
  app: FastifyInstance,
  options: GatewayOptions,
  limits: Limits,
  graph: CurrentGraph,
  rates: RateKeeper,
): () => void {
  const closing = new AbortController();
  const rules = [
    ...specifiedRules,
    limitsRule(limits),
    ...(options.profile === 'production' ? [NoSchemaIntrospectionCustomRule] : []),
  ];

  const start = async (params: RequestParams, context: RequestContext, method: string) => {
    const document = parseWithin(params.query, limits);
    const invalid = validate(graph.current.apiSchema, document, rules);
    if (invalid.length > 0) throw new AggregateError(invalid);
    const operationHash = sha256(params.query);
    if (options.persistedDocuments) {
      refuseUnregistered(operationHash, context.clientName, options.persistedDocuments);
    }
    const operationName = params.operationName ?? undefined;
    const operation = getOperationAST(document, operationName);
    if (method === 'GET' && operation?.operation === 'mutation') {
      throw new PlatformError('BAD_USER_INPUT', 'Mutations are sent with POST.');
    }
    if (operation) rates.countCost(context.principal, costOf(document, operation));
    // What is open for long shows nothing that needs a fresh sign-in.
    const { authentication: _, ...principal } = context.principal;
    return graph.current.subscribe(
      document,
      params.variables ?? {},
      { ...context, principal, operationHash },
      operationName,
    );
  };

  const handler = createHandler<unknown, Carried>({
    authenticate: () => null,
    onSubscribe: async (request, params) => {
      const { arrival, context, reply } = request.context;
      const shape = (result: ExecutionResult) => toClient(result, context);
      try {
        const result = await start(params, context, request.method);
        if (!(Symbol.asyncIterator in result)) return mapped([result], shape);
        open.inc();
        reply.raw.once('close', () => open.dec());
        const authorised = whileAuthorised(result, {
          signal: AbortSignal.any([context.signal, closing.signal]),
          principal: context.principal,
          authenticate: () => options.authenticate(arrival.headers),
          everyMs: options.reauthoriseMs ?? REAUTHORISE_MS,
          onChange: options.onAuthorisationChange,
        });
        return mapped(authorised, shape);
      } catch (error) {
        const invalid = error instanceof AggregateError ? (error.errors as GraphQLError[]) : undefined;
        return mapped([{ errors: invalid?.map(invalidError) ?? [toGraphQLError(error)] }], shape);
      }
    },
  });

  app.route({
    method: ['GET', 'POST'],
    url: '/graphql/stream',
    bodyLimit: limits.bodyBytes,
    handler: async (request, reply) => {
      if (!request.headers.accept?.includes('text/event-stream')) {
        throw new PlatformError(
          'BAD_USER_INPUT',
          'This address answers with an event stream: send `accept: text/event-stream`.',
        );
      }
      const arrival = arrivalOf(request);
      await underTraceparent(arrival.traceparent, () =>
        withSpan('gateway.stream', {}, async () => {
          const context = await requestContextOf(arrival, reply, (headers) => options.authenticate(headers), rates);
          const [body, init] = await handler({
            method: request.method,
            url: request.url,
            // The library compares the whole header; browsers and clients may send more than one type.
            headers: { get: (name) => (name === 'accept' ? 'text/event-stream' : (arrival.headers[name] ?? null)) },
            body: withRegisteredText(request.body, options.persistedDocuments) ?? null,
            raw: request.raw,
            context: { arrival, reply, context },
          });
          reply.hijack();
          const { raw } = reply;
          raw.writeHead(init.status, { ...init.headers, 'x-request-id': context.requestId });
          if (body === null || typeof body === 'string') return void raw.end(body ?? undefined);
          raw.once('close', () => void body.return(undefined));
          for await (const chunk of body) {
            if (!raw.writable) break;
            // A slow reader holds the source back instead of filling memory.
            if (!raw.write(chunk)) await new Promise((resolve) => raw.once('drain', resolve).once('close', resolve));
          }
          raw.end();
        }),
      );
    },
  });
  return () => closing.abort();
}

function parseWithin(text: string, limits: Limits): DocumentNode {
  try {
    return parse(text, { maxTokens: limits.tokens });
  } catch (error) {
    const refused = tooManyTokens(text, limits.tokens);
    if (refused) throw refused;
    throw new GraphQLError((error as Error).message, { extensions: { code: 'GRAPHQL_PARSE_FAILED' } });
  }
}

const invalidError = (error: GraphQLError): GraphQLError =>
  error.originalError ? error : withCode(error, 'GRAPHQL_VALIDATION_FAILED');

/** The library prints what it is given: formatted errors pass for errors. */
function toClient(result: ExecutionResult, context: RequestContext): ExecutionResult {
  const traceId = traceIdOf(context.traceparent);
  const falaj = result.extensions?.falaj as { masked?: readonly MaskedPath[] } | undefined;
  events.inc({ outcome: result.errors ? 'failed' : 'ok' });
  return {
    ...(result.errors ? { errors: result.errors.map((error) => clientError(error, traceId)) } : {}),
    ...('data' in result ? { data: result.data } : {}),
    extensions: { falaj: { masked: falaj?.masked ?? [], traceId } },
  } as unknown as ExecutionResult;
}

/** Always an iterable: the library takes a result for one only if it has data. */
async function* mapped(
  results: AsyncIterable<ExecutionResult> | Iterable<ExecutionResult>,
  shape: (result: ExecutionResult) => ExecutionResult,
) {
  for await (const result of results) yield shape(result);
}
