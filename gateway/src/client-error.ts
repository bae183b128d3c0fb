// What a caller sees of an error: a code, whether to try again, the trace to quote; never a stack, never a stranger's text.
import { AsyncLocalStorage } from 'node:async_hooks';
import { HeaderMap } from '@apollo/server';
import { createLogger, currentTraceId, errorCodes, isPlatformError, PlatformError, publicError } from '@falaj/runtime';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';

const log = createLogger('gateway');

/** The trace of the request in hand, for processes that run without tracing. */
const traceOfRequest = new AsyncLocalStorage<string>();

export const underTraceId = <T>(traceId: string, work: () => T): T => traceOfRequest.run(traceId, work);

/** Codes of Apollo Server -> codes of our table; GRAPHQL_* stay what every client knows. */
const translated: Readonly<Record<string, string>> = {
  BAD_REQUEST: 'BAD_USER_INPUT',
  OPERATION_RESOLUTION_FAILURE: 'BAD_USER_INPUT',
  PERSISTED_QUERY_NOT_SUPPORTED: 'BAD_USER_INPUT',
};
const graphqlCodes = new Set(['GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED', 'PERSISTED_QUERY_NOT_FOUND']);

/** The PlatformError inside, however often GraphQL wrapped it. */
function platformErrorIn(error: unknown): PlatformError | undefined {
  let inner: unknown = error;
  for (let depth = 0; depth < 8 && inner; depth++) {
    if (isPlatformError(inner)) return inner;
    inner = inner instanceof GraphQLError ? inner.originalError : undefined;
  }
  return undefined;
}

/** When the caller may come again (RFC 9110, section 10.2.3): whole seconds, never too early. */
export function retryAfterOf({ retryAfterMs }: PlatformError): HeaderMap {
  const headers = new HeaderMap();
  if (retryAfterMs !== undefined) headers.set('retry-after', String(Math.ceil(retryAfterMs / 1_000)));
  return headers;
}

/** Any thrown value as a GraphQL error that keeps its cause for the log, its HTTP status and headers for the server. */
export function toGraphQLError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  const originalError = error instanceof Error ? error : new Error(String(error));
  // Apollo wants its own kind of headers; another library, which declares this extension for all, a plain object.
  const extensions: Record<string, unknown> = isPlatformError(error)
    ? { code: error.code, http: { status: error.http, headers: retryAfterOf(error) } }
    : {};
  return new GraphQLError(originalError.message, { originalError, extensions });
}

/** The same error under a code, if it has none of its own. */
export function withCode(error: GraphQLError, code: string): GraphQLError {
  if (error.extensions.code !== undefined) return error;
  const { message, nodes, source, positions, path, originalError, extensions } = error;
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    path: path ?? null,
    originalError: originalError ?? null,
    extensions: { ...extensions, code },
  });
}

/** The error as it leaves the edge. `fallbackTraceId` serves outside of `underTraceId`. */
export function clientError(error: unknown, fallbackTraceId?: string): GraphQLFormattedError {
  const traceId = currentTraceId() ?? fallbackTraceId ?? traceOfRequest.getStore();
  const platform = platformErrorIn(error);
  const graphql = error instanceof GraphQLError ? error : undefined;
  const place = {
    ...(graphql?.locations ? { locations: graphql.locations } : {}),
    ...(graphql?.path ? { path: graphql.path } : {}),
  };
  const given = graphql?.extensions ?? {};
  const code = typeof given.code === 'string' ? (translated[given.code] ?? given.code) : '';
  if (!platform && graphql && (graphqlCodes.has(code) || isPublic(code))) {
    const { details, retryAfterMs } = given;
    return {
      message: graphql.message.replace(/ ?Did you mean .*$/s, ''),
      ...place,
      extensions: {
        code,
        retryable: code in errorCodes ? errorCodes[code as keyof typeof errorCodes].retryable : false,
        traceId,
        ...(details === undefined ? {} : { details }),
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      },
    };
  }
  const shown = publicError(platform ?? error);
  if (shown.code === 'INTERNAL') {
    const cause = graphql?.originalError ?? error;
    log.error('unexpected fault', {
      error: cause instanceof Error ? cause.stack : String(cause),
      path: graphql?.path?.join('.'),
      traceId,
    });
  }
  return {
    message: shown.message,
    ...place,
    extensions: {
      code: shown.code,
      retryable: shown.retryable,
      traceId,
      ...(Object.keys(shown.details).length > 0 ? { details: shown.details } : {}),
      ...(shown.retryAfterMs === undefined ? {} : { retryAfterMs: shown.retryAfterMs }),
    },
  };
}

const isPublic = (code: string): boolean => code in errorCodes && errorCodes[code as keyof typeof errorCodes].public;

/** A fault of the HTTP layer itself (a broken body, an unknown media type) as a PlatformError. */
export function httpFault(error: unknown): PlatformError {
  if (isPlatformError(error)) return error;
  const { code, statusCode } = error as { code?: string; statusCode?: number };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new PlatformError('PAYLOAD_TOO_LARGE', 'The request body is over the limit of this server.');
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new PlatformError('BAD_USER_INPUT', error instanceof Error ? error.message : 'The request is malformed.');
  }
  return new PlatformError('INTERNAL', 'Unexpected fault.', { cause: error });
}
