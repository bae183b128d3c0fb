import { PlatformError, type Principal } from '@falaj/runtime';
import { createInferenceHandler, type InferencePorts } from '@falaj/subgraph-deployments/inference';
import type { FastifyInstance } from 'fastify';

const LIMITS = { maxBodyBytes: 64 * 1024 * 1024, bodyTimeoutMs: 30_000, inferTimeoutMs: 30_000 };

/** Serves the Open Inference Protocol under /v2; the handler reads the raw request itself. */
export function mountInference(
  models: InferencePorts['models'],
  ready: () => boolean,
  authenticate: (headers: Record<string, string | undefined>) => Promise<Principal>,
): (app: FastifyInstance) => Promise<void> {
  const handle = createInferenceHandler({
    models,
    ready: async () => ready(),
    // The graph lets an anonymous caller in, to whom nothing exists; the protocol has a status for a missing credential.
    authenticate: async (request) => {
      const principal = await authenticate(request.headers as Record<string, string | undefined>);
      if (principal.kind !== 'ANONYMOUS') return principal;
      throw new PlatformError('UNAUTHENTICATED', 'Send a token as "Authorization: Bearer <token>".');
    },
    limits: LIMITS,
  });
  return async (app) => {
    await app.register(async (scope) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
      const route = (path: string) =>
        scope.all(path, async (request, reply) => {
          reply.hijack();
          await handle(request.raw, reply.raw);
        });
      route('/v2');
      route('/v2/*');
    });
  };
}
