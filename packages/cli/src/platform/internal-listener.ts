// Where a gateway answers the subgraphs of other processes by mutual TLS: apart from the edge, which strangers reach.
import { metricsRegistry } from '@falaj/runtime';
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify';
import type { CreateServer } from '../transport/tls-servers.js';

const BODY_BYTES = 8 * 1024 * 1024;

/** Returns how to close it. */
export async function openInternalListener(
  at: { readonly host: string; readonly port: number },
  createServer: CreateServer,
  mount: (app: FastifyInstance) => Promise<void>,
): Promise<() => Promise<void>> {
  const app: FastifyInstance = Fastify({
    logger: false,
    bodyLimit: BODY_BYTES,
    forceCloseConnections: true,
    serverFactory: createServer,
  } as FastifyServerOptions);
  app.get('/health/live', async () => ({ live: true }));
  app.get('/metrics', async (_request, reply) =>
    reply.type(metricsRegistry.contentType).send(await metricsRegistry.metrics()),
  );
  await mount(app);
  await app.listen({ ...at });
  return () => app.close();
}
