import httpProxy from '@fastify/http-proxy';
import type { FastifyInstance } from 'fastify';

/** /v2 at the edge, answered by the process that runs the deployments subgraph; the caller's own token goes along. */
export function proxyInference(upstream: string): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    await app.register(httpProxy, { upstream, prefix: '/v2', rewritePrefix: '/v2', http2: false });
  };
}
