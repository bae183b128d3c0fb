// Where the subgraphs of other processes ask the whole graph on behalf of their caller. The token is bound to exactly
// this body; limits and persisted documents of the edge are for strangers and do not apply.
import type { Gateway } from '@falaj/gateway';
import type { InternalTokens } from '@falaj/identity';
import { isPlatformError, PlatformError, publicError } from '@falaj/runtime';
import type { FastifyInstance } from 'fastify';
import { GATEWAY_AUDIENCE, INTERNAL_GRAPH_PATH, INTERNAL_TOKEN_HEADER } from './graph-executor.js';

export function internalGraphRoute(
  tokens: InternalTokens,
  gateway: () => Gateway,
): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    await app.register(async (scope) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => done(null, body));
      scope.post(INTERNAL_GRAPH_PATH, async (request, reply) => {
        const body = request.body as string;
        const token = request.headers[INTERNAL_TOKEN_HEADER];
        if (typeof token !== 'string')
          throw new PlatformError('UNAUTHENTICATED', 'Only processes of this platform ask here.');
        const principal = await tokens.verify(token, GATEWAY_AUDIENCE, body);
        const abort = new AbortController();
        reply.raw.on('close', () => {
          if (!reply.raw.writableEnded) abort.abort();
        });
        const { 'x-falaj-purpose': purpose, 'x-falaj-operation-hash': operationHash } = request.headers;
        const { query, variables } = JSON.parse(body) as { query: string; variables: Record<string, unknown> };
        return gateway().execute(query, variables, {
          principal,
          requestId: String(request.headers['x-request-id'] ?? ''),
          traceparent: String(request.headers.traceparent ?? ''),
          signal: abort.signal,
          ...(typeof purpose === 'string' ? { purpose } : {}),
          ...(typeof operationHash === 'string' ? { operationHash } : {}),
        });
      });
      scope.setErrorHandler((error, _request, reply) => {
        const { code, message } = publicError(error);
        void reply
          .code(isPlatformError(error) ? error.http : 500)
          .send({ errors: [{ message, extensions: { code } }] });
      });
    });
  };
}
