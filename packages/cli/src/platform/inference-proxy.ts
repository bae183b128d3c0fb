import httpProxy from '@fastify/http-proxy';
import type { FastifyInstance } from 'fastify';
import type { Dispatcher } from 'undici';

/** /v2 at the edge, answered by the process that runs the deployments subgraph; the caller's own token goes along. */
export function proxyInference(
  upstream: string,
  dispatcher: Dispatcher | undefined,
): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    await app.register(httpProxy, {
      upstream,
      prefix: '/v2',
      rewritePrefix: '/v2',
      http2: false,
      ...(dispatcher ? { undici: dispatcher } : {}),
    });
  };
}
