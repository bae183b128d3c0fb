import { randomUUID } from 'node:crypto';
import type { InternalTokens } from '@falaj/identity';
import { PlatformError } from '@falaj/runtime';
import type { GraphExecutor, GraphResult } from '@falaj/subgraph-kit';

/** Audience of the tokens by which a subgraph asks the whole graph on behalf of its caller. */
export const GATEWAY_AUDIENCE = 'gateway';
export const INTERNAL_TOKEN_HEADER = 'x-falaj-internal-token';
export const INTERNAL_ID_HEADER = 'x-falaj-internal-id';

/** The graph over HTTP, for a subgraph that runs apart from the gateway: same caller, proved by an internal token. */
export function remoteGraph(gatewayUrl: string, tokens: InternalTokens): GraphExecutor {
  return async (query, variables, request) => {
    const body = JSON.stringify({ query, variables });
    // The edge knows who asks before it reads the body, so this token is bound to a fresh id instead of to the body.
    const id = randomUUID();
    const token = tokens.mint(request.principal, {
      audience: GATEWAY_AUDIENCE,
      body: id,
      requestId: request.requestId,
    });
    try {
      const response = await fetch(new URL('/graphql', gatewayUrl), {
        method: 'POST',
        headers: {
          accept: 'application/json',
          'content-type': 'application/json',
          [INTERNAL_ID_HEADER]: id,
          [INTERNAL_TOKEN_HEADER]: token,
          ...(request.traceparent ? { traceparent: request.traceparent } : {}),
        },
        body,
        signal: request.signal,
      });
      return (await response.json()) as GraphResult;
    } catch (cause) {
      throw new PlatformError('DOWNSTREAM_SERVICE_ERROR', `The gateway at ${gatewayUrl} cannot be reached.`, { cause });
    }
  };
}
