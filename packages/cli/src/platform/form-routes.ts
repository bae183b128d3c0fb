// The frame of everything below /auth: forms as OAuth sends them, its errors, and how often one address may ask.
import {
  createLogger,
  errorCodes,
  isPlatformError,
  PlatformError,
  publicError,
  type RateBuckets,
} from '@falaj/runtime';
import type { FastifyInstance, FastifyRequest } from 'fastify';

const log = createLogger('auth');
export const BODY_BYTES = 32 * 1024;
const FORM = 'application/x-www-form-urlencoded';

export type Parameters = ReadonlyMap<string, string>;

/** Routes of `mount` take forms, are never kept by a cache, and answer errors as RFC 6749, section 5.2, has them. */
export async function formRoutes(
  app: FastifyInstance,
  addresses: RateBuckets,
  mount: (scope: FastifyInstance) => void,
): Promise<void> {
  await app.register(async (scope) => {
    scope.addContentTypeParser(FORM, { parseAs: 'string', bodyLimit: BODY_BYTES }, (_request, body, done) => {
      try {
        done(null, formOf(String(body)));
      } catch (error) {
        done(error as Error);
      }
    });
    // Before the body is read.
    scope.addHook('onRequest', async ({ method, ip }) => {
      if (method === 'POST') addresses.take(ip);
    });
    scope.addHook('onSend', async (_request, reply) => void reply.header('cache-control', 'no-store'));
    scope.setErrorHandler((error, _request, reply) => {
      const fault = httpFault(error);
      const { code, message, details, retryAfterMs } = publicError(fault);
      if (retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(retryAfterMs / 1_000));
      void reply.code(errorCodes[code].http).send({ error: details.oauth ?? code, error_description: message });
    });
    mount(scope);
  });
}

/** Throws BAD_USER_INPUT where the body is no form. */
export function parametersOf({ body }: FastifyRequest): Parameters {
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
