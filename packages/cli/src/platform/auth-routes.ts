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
import { isPlatformError, PlatformError } from '@falaj/runtime';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { ResolvedConfig } from '../config.js';
import type { EdgeRates } from './edge-rates.js';
import { BODY_BYTES, formRoutes, parametersOf } from './form-routes.js';
import type { IdentityServices } from './identity.js';

const codeInput = z.strictObject({ code: z.string().min(1).max(200) });

export function mountAuth(
  config: ResolvedConfig,
  database: Database,
  { issuer, verifier }: IdentityServices,
  rates: EdgeRates,
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
      admit: (clientId) => rates.clients.take(clientId),
      audiences: () => [issuer.issuer, `${address()}${TOKEN_PATH}`],
    });

    await formRoutes(app, rates.addresses, (scope) => {
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
        if (claims) {
          rates.clients.take(claims.subject);
          await revokeOwnToken(database, claims);
        }
        return {};
      });
    });
  };
}
