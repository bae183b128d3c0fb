// SCIM over HTTP, one base address a workspace. What comes in is judged behind it; here are only forms and limits.
import type { Database } from '@falaj/database';
import { createScim, type ScimAnswer, scimErrorAnswer } from '@falaj/identity';
import type { PolicyStore } from '@falaj/policy';
import { createLogger, isPlatformError, PlatformError } from '@falaj/runtime';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ResolvedConfig } from '../config.js';
import type { EdgeRates } from './edge-rates.js';
import type { IdentityServices } from './identity.js';

const log = createLogger('scim');
const BODY_BYTES = 1024 * 1024;
const SCIM_JSON = 'application/scim+json';
const REQUEST_ID = /^[\w.:-]{1,128}$/;

export function mountScim(
  config: ResolvedConfig,
  database: Database,
  identity: IdentityServices,
  policy: Pick<PolicyStore, 'abilityFor'>,
  rates: EdgeRates,
): (app: FastifyInstance) => Promise<void> {
  const scim = createScim({
    database,
    provisioning: config.provisioning,
    async authorise(principal) {
      const ability = await policy.abilityFor(principal);
      for (const noun of ['Principal', 'Group']) ability.authorize('provision', noun);
    },
  });
  return async (app) => {
    await app.register(async (scope) => {
      scope.addContentTypeParser(
        SCIM_JSON,
        { parseAs: 'string', bodyLimit: BODY_BYTES },
        scope.getDefaultJsonParser('error', 'error'),
      );
      // Before the body is read.
      scope.addHook('onRequest', async ({ ip }) => rates.provisioningAddresses.take(ip));
      scope.setErrorHandler((error, _request, reply) => send(reply, scimErrorAnswer(httpFault(error))));
      scope.route({
        method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
        url: '/scim/v2/:workspaceId/*',
        bodyLimit: BODY_BYTES,
        handler: async (request, reply) => {
          const { workspaceId, '*': rest } = request.params as { workspaceId: string; '*': string };
          const { authorization } = request.headers;
          const principal = await identity.authenticateProvisioner({ authorization }, workspaceId);
          rates.provisioners.take(principal.id);
          const answer = await scim.handle({
            method: request.method,
            workspaceId,
            path: rest.split('/').filter((part) => part !== ''),
            query: queryOf(request),
            body: request.body,
            principal,
            requestId: requestIdOf(request),
            base: `${config.publicUrl ?? app.listeningOrigin}/scim/v2/${encodeURIComponent(workspaceId)}`,
          });
          return send(reply, answer);
        },
      });
    });
  };
}

function send(reply: FastifyReply, { status, body, headers = {} }: ScimAnswer): FastifyReply {
  return reply
    .code(status)
    .headers({ 'cache-control': 'no-store', ...headers })
    .type(`${SCIM_JSON}; charset=utf-8`)
    .send(body === undefined ? undefined : JSON.stringify(body));
}

/** Throws BAD_USER_INPUT for a parameter that stands there twice: nobody may guess which one was meant. */
function queryOf({ query }: FastifyRequest): Record<string, string> {
  const entries = Object.entries(query as Record<string, unknown>);
  const twice = entries.find(([, value]) => typeof value !== 'string');
  if (twice)
    throw new PlatformError('BAD_USER_INPUT', 'A parameter stands there twice.', {
      details: { scimType: 'invalidSyntax' },
    });
  return Object.fromEntries(entries) as Record<string, string>;
}

function requestIdOf({ headers, id }: FastifyRequest): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : id;
}

/** The server's own refusals of a request are the caller's fault. */
function httpFault(error: unknown): PlatformError {
  if (isPlatformError(error)) return error;
  const { statusCode = 500 } = error as { statusCode?: number };
  if (statusCode === 413) return new PlatformError('PAYLOAD_TOO_LARGE', `The body is over ${BODY_BYTES} bytes.`);
  if (statusCode >= 400 && statusCode < 500)
    return new PlatformError('BAD_USER_INPUT', `Send the body as ${SCIM_JSON}.`, {
      details: { scimType: 'invalidSyntax' },
    });
  log.error('unexpected fault', { error: error instanceof Error ? error.stack : String(error) });
  return new PlatformError('INTERNAL', 'unexpected', { cause: error });
}
