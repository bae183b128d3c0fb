// What operators and tools ask: is it alive, is it ready, what does it measure, what is the schema.
import { metricsRegistry } from '@falaj/runtime';
import type { FastifyInstance } from 'fastify';
import { printSchema } from 'graphql';
import type { GatewayOptions } from './contract.js';
import type { CurrentGraph } from './graphql-route.js';

export function serveServiceRoutes(
  app: FastifyInstance,
  options: GatewayOptions,
  graph: CurrentGraph,
  draining: () => boolean,
): void {
  app.get('/health/live', async () => ({ live: true }));
  app.get('/health/ready', async (_request, reply) => {
    const health = await options.health().catch((error: unknown) => ({
      ready: false,
      checks: { health: { ok: false, detail: error instanceof Error ? error.name : 'failed' } },
    }));
    const ready = health.ready && !draining();
    return reply.code(ready ? 200 : 503).send({ ...health, ready });
  });
  app.get('/metrics', async (_request, reply) =>
    reply.type(metricsRegistry.contentType).send(await metricsRegistry.metrics()),
  );
  if (options.profile === 'development') {
    app.get('/schema.graphql', async (_request, reply) =>
      reply.type('text/plain; charset=utf-8').send(printSchema(graph.current.apiSchema)),
    );
  }
}
