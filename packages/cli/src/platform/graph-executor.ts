import type { InternalTokens } from '@falaj/identity';
import { PlatformError } from '@falaj/runtime';
import type { GraphExecutor, GraphResult } from '@falaj/subgraph-kit';

/** Audience of the tokens by which a subgraph asks the whole graph on behalf of its caller. */
export const GATEWAY_AUDIENCE = 'gateway';
export const INTERNAL_TOKEN_HEADER = 'x-falaj-internal-token';
export const INTERNAL_GRAPH_PATH = '/internal/graphql';

/** The graph over HTTP, for a subgraph that runs apart from the gateway: same caller, proved by an internal token. */
export function remoteGraph(gatewayUrl: string, tokens: InternalTokens, ask: typeof fetch = fetch): GraphExecutor {
  return async (query, variables, request) => {
    const body = JSON.stringify({ query, variables });
    const token = tokens.mint(request.principal, { audience: GATEWAY_AUDIENCE, body, requestId: request.requestId });
    try {
      const response = await ask(new URL(INTERNAL_GRAPH_PATH, gatewayUrl), {
        method: 'POST',
        headers: {
          accept: 'application/json',
          'content-type': 'application/json',
          'x-request-id': request.requestId,
          [INTERNAL_TOKEN_HEADER]: token,
          ...(request.traceparent ? { traceparent: request.traceparent } : {}),
          ...(request.purpose === undefined ? {} : { 'x-falaj-purpose': request.purpose }),
          ...(request.operationHash === undefined ? {} : { 'x-falaj-operation-hash': request.operationHash }),
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
