// The built-in issuer over HTTP: its documents, and the ways to a token and from one. What comes in is a stranger's.
import type { Database } from '@falaj/database';
import {
  createTokenEndpoint,
  createTokenVerifier,
  firstSignIn,
  issuerDocuments,
  REVOCATION_PATH,
  revokeOwnToken,
  TOKEN_PATH,
} from '@falaj/identity';
import { createLogger, errorCodes, isPlatformError, PlatformError, publicError } from '@falaj/runtime';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { ResolvedConfig } from '../config.js';
import type { IdentityServices } from './identity.js';

const log = createLogger('auth');
const BODY_BYTES = 32 * 1024;
const FORM = 'application/x-www-form-urlencoded';
const codeInput = z.strictObject({ code: z.string().min(1).max(200) });

type Parameters = ReadonlyMap<string, string>;

export function mountAuth(
  config: ResolvedConfig,
  database: Database,
  { issuer, verifier }: IdentityServices,
): (app: FastifyInstance) => Promise<void> {
  const { dataDirectory } = config;
  return async (app) => {
    const address = () => config.publicUrl ?? app.listeningOrigin;
    const endpoint = createTokenEndpoint({
      database,
      issuer,
      // A token that Kubernetes projects into a pod has no type.
      workloads: createTokenVerifier({
        issuers: config.workloadIssuers.map((trusted) => ({ tokenType: 'any', ...trusted })),
      }),
      audiences: () => [issuer.issuer, `${address()}${TOKEN_PATH}`],
    });

    await app.register(async (scope) => {
      scope.addContentTypeParser(FORM, { parseAs: 'string', bodyLimit: BODY_BYTES }, (_request, body, done) => {
        try {
          done(null, formOf(String(body)));
        } catch (error) {
          done(error as Error);
        }
      });
      scope.addHook('onSend', async (_request, reply) => void reply.header('cache-control', 'no-store'));
      scope.setErrorHandler((error, _request, reply) => {
        const fault = httpFault(error);
        const { code, message, details, retryAfterMs } = publicError(fault);
        if (retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(retryAfterMs / 1_000));
        void reply.code(errorCodes[code].http).send({ error: details.oauth ?? code, error_description: message });
      });

      for (const { path, read } of issuerDocuments(issuer)) scope.get(path, () => read(address()));

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

      scope.post(TOKEN_PATH, async (request) => endpoint.token(parametersOf(request)));

      // RFC 7009: a token that opens nothing is as good as revoked.
      scope.post(REVOCATION_PATH, async (request) => {
        const claims = await verifier.verify(parametersOf(request).get('token') ?? '').catch((error: unknown) => {
          if (isPlatformError(error) && error.code === 'UNAUTHENTICATED') return undefined;
          throw error;
        });
        if (claims) await revokeOwnToken(database, claims);
        return {};
      });
    });
  };
}

function parametersOf({ body }: FastifyRequest): Parameters {
  if (body instanceof Map) return body as Parameters;
  throw badRequest(`Send the parameters as ${FORM}.`);
}

/** RFC 6749, section 3.2: no parameter twice; one without a value counts as omitted. */
function formOf(text: string): Parameters {
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (parameters.has(name)) throw badRequest('A parameter stands there twice.');
    if (value !== '') parameters.set(name, value);
  }
  return parameters;
}

const badRequest = (message: string): PlatformError =>
  new PlatformError('BAD_USER_INPUT', message, { details: { oauth: 'invalid_request' } });

/** The server's own refusals of a request are the caller's fault; nothing of other faults is told. */
function httpFault(error: unknown): PlatformError {
  if (isPlatformError(error)) return error;
  const { statusCode = 500 } = error as { statusCode?: number };
  if (statusCode === 413) return new PlatformError('PAYLOAD_TOO_LARGE', `The body is over ${BODY_BYTES} bytes.`);
  if (statusCode >= 400 && statusCode < 500)
    return badRequest('The body or its content type is not what is expected here.');
  log.error('unexpected fault', { error: error instanceof Error ? error.stack : String(error) });
  return new PlatformError('INTERNAL', 'unexpected', { cause: error });
}
