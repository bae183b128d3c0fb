// What a subgraph of another process sends is checked before it is believed: it has the shape of a result or is none.
import { type ExecutionResult, GraphQLError } from 'graphql';

/** The value as a GraphQL result; undefined if it has not that shape. */
export function asResult(value: unknown): ExecutionResult | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { data, errors, extensions } = value as { data?: unknown; errors?: unknown; extensions?: unknown };
  if (data !== undefined && (typeof data !== 'object' || Array.isArray(data))) return undefined;
  if (data === undefined && !Array.isArray(errors)) return undefined;
  return {
    ...(data === undefined ? {} : { data: data as Record<string, unknown> | null }),
    ...(Array.isArray(errors) && errors.length > 0 ? { errors: errors.map(asError) } : {}),
    ...(typeof extensions === 'object' && extensions !== null
      ? { extensions: extensions as Record<string, unknown> }
      : {}),
  };
}

function asError(value: unknown): GraphQLError {
  const { message, path, extensions } = (value ?? {}) as {
    message?: unknown;
    path?: unknown;
    extensions?: Record<string, unknown>;
  };
  return new GraphQLError(String(message ?? 'A subgraph reported an error without a message.'), {
    path: Array.isArray(path) ? path : null,
    extensions: typeof extensions === 'object' ? extensions : null,
  });
}
