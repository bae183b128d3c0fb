// The built-in issuer over HTTP: its documents, and the ways to a token. What comes in is a stranger's.
import type { Database } from '@falaj/database';
import { firstSignIn, issuerDocuments } from '@falaj/identity';
import { PlatformError, publicError } from '@falaj/runtime';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { ResolvedConfig } from '../config.js';
import type { IdentityServices } from './identity.js';

const BODY_BYTES = 32 * 1024;
const codeInput = z.strictObject({ code: z.string().min(1).max(200) });

export function mountAuth(
  config: ResolvedConfig,
  database: Database,
  { issuer }: IdentityServices,
): (app: FastifyInstance) => Promise<void> {
  const { dataDirectory } = config;
  return async (app) => {
    await app.register(async (scope) => {
      scope.addHook('onSend', async (_request, reply) => void reply.header('cache-control', 'no-store'));
      scope.setErrorHandler((error, _request, reply) => {
        const { code, message, retryAfterMs } = publicError(httpError(error));
        if (retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(retryAfterMs / 1_000));
        void reply.code(httpError(error).http).send({ error: code, error_description: message });
      });

      for (const { path, read } of issuerDocuments(issuer))
        scope.get(path, () => read(config.publicUrl ?? app.listeningOrigin));

      scope.post('/auth/first-sign-in', { bodyLimit: BODY_BYTES }, async (request) => {
        const parsed = codeInput.safeParse(request.body);
        if (!parsed.success)
          throw new PlatformError('BAD_USER_INPUT', 'Send the one-time code as JSON: {"code": "..."}.');
        const { token, expiresAt, principalId } = await firstSignIn(database, issuer, {
          ...parsed.data,
          dataDirectory,
        });
        return {
          access_token: token,
          token_type: 'Bearer',
          expires_in: Math.floor((expiresAt.getTime() - Date.now()) / 1_000),
          principal_id: principalId,
        };
      });
    });
  };
}

/** The server's own refusals of a request are the caller's fault; nothing else of them is told. */
function httpError(error: unknown): PlatformError {
  if (error instanceof PlatformError) return error;
  const { statusCode = 500 } = error as { statusCode?: number };
  if (statusCode === 413)
    return new PlatformError('PAYLOAD_TOO_LARGE', `The body is over ${BODY_BYTES} bytes.`, { cause: error });
  if (statusCode >= 400 && statusCode < 500)
    return new PlatformError('BAD_USER_INPUT', 'The body or its content type is not what is expected here.', {
      cause: error,
    });
  return new PlatformError('INTERNAL', 'unexpected', { cause: error });
}
