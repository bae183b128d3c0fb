import { currentTraceId, PlatformError, publicError } from '@falaj/runtime';
import {
  type DocumentNode,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  subscribe,
} from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import type { SubgraphContext } from './context.js';
import { logReads } from './log-reads.js';

export interface OperationRequest {
  readonly document: DocumentNode;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly operationName?: string | undefined;
}

/**
 * Compiles each document once; documents are kept as long as the gateway keeps their plan. A subscription ends with an
 * error at the first event for which `stillHolds` says no.
 */
export function createExecutor(schema: GraphQLSchema) {
  const compiled = new WeakMap<DocumentNode, Map<string, CompiledQuery | ExecutionResult>>();
  const compile = (request: OperationRequest): CompiledQuery | ExecutionResult => {
    let byName = compiled.get(request.document);
    if (!byName) {
      byName = new Map();
      compiled.set(request.document, byName);
    }
    const name = request.operationName ?? '';
    let query = byName.get(name);
    if (!query) {
      query = compileQuery(schema, request.document, request.operationName) as CompiledQuery | ExecutionResult;
      byName.set(name, query);
    }
    return query;
  };
  return async (
    request: OperationRequest,
    context: SubgraphContext,
    stillHolds: () => Promise<boolean> = async () => true,
  ): Promise<ExecutionResult | AsyncIterable<ExecutionResult>> => {
    const operation = getOperationAST(request.document, request.operationName);
    if (operation?.operation === 'subscription') {
      // graphql-jit has a history of losing subscription inputs: the reference implementation runs these.
      const events = await subscribe({
        schema,
        document: request.document,
        variableValues: request.variables,
        operationName: request.operationName ?? null,
        contextValue: context,
      });
      if (!(Symbol.asyncIterator in events)) return finish(events, context);
      return (async function* (): AsyncGenerator<ExecutionResult> {
        for await (const event of events) {
          // It was read by the rules of the beginning.
          if (await stillHolds()) yield await finish(event, context);
          else {
            yield await finish(rulesChanged(), context);
            return;
          }
        }
      })();
    }
    const query = compile(request);
    if (!isCompiledQuery(query)) return finish(query as ExecutionResult, context);
    return finish(
      (await query.query(undefined, context, request.variables as Record<string, unknown>)) as ExecutionResult,
      context,
    );
  };
}

const rulesChanged = (): ExecutionResult => ({
  errors: [
    new GraphQLError('', {
      originalError: new PlatformError(
        'AUTHORISATION_CHANGED',
        'The rules of your workspace changed since you subscribed: subscribe again.',
      ),
    }),
  ],
});

/**
 * Public errors and the list of what was withheld. What is shown is written down first; where that fails, the answer is
 * that error and nothing else.
 */
async function finish(result: ExecutionResult, context: SubgraphContext): Promise<ExecutionResult> {
  try {
    await logReads(context);
  } catch (error) {
    context.platform.log.error('a read could not be logged', {
      error: String((error as Error).cause ?? error),
      requestId: context.request.requestId,
    });
    const unavailable = new GraphQLError('', { originalError: error as Error });
    return { data: null, errors: [publicGraphQLError(unavailable, context)] };
  }
  const masked = context.masked.list();
  const errors = result.errors?.map((error) => publicGraphQLError(error, context));
  return {
    ...('data' in result ? { data: result.data ?? null } : {}),
    ...(errors ? { errors } : {}),
    ...(masked.length > 0 ? { extensions: { falaj: { masked } } } : {}),
  };
}

function publicGraphQLError(error: GraphQLError, context: SubgraphContext): GraphQLError {
  // Errors of GraphQL itself (a missing variable, a wrong type) have no original error and are public as they are.
  if (!error.originalError) {
    return new GraphQLError(error.message, {
      path: error.path ?? null,
      extensions: { code: 'BAD_USER_INPUT', ...error.extensions, traceId: currentTraceId() },
    });
  }
  const shown = publicError(error.originalError);
  if (shown.code === 'INTERNAL') {
    context.platform.log.error('unexpected fault in a resolver', {
      path: error.path?.join('.'),
      error: error.originalError.stack ?? String(error.originalError),
      requestId: context.request.requestId,
    });
  }
  return new GraphQLError(shown.message, {
    path: error.path ?? null,
    extensions: {
      code: shown.code,
      retryable: shown.retryable,
      traceId: currentTraceId(),
      ...(Object.keys(shown.details).length > 0 ? { details: shown.details } : {}),
      ...(shown.retryAfterMs === undefined ? {} : { retryAfterMs: shown.retryAfterMs }),
    },
  });
}
