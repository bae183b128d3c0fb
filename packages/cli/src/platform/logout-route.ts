// Where issuers of the configuration send their back-channel logouts.
import type { Database } from '@falaj/database';
import { createBackChannelLogout, LOGOUT_PATH } from '@falaj/identity';
import type { FastifyInstance } from 'fastify';
import type { ResolvedConfig } from '../config.js';
import type { EdgeRates } from './edge-rates.js';
import { formRoutes, parametersOf } from './form-routes.js';

export function mountLogout(
  config: ResolvedConfig,
  database: Database,
  rates: EdgeRates,
): (app: FastifyInstance) => Promise<void> {
  const logout = createBackChannelLogout({
    database,
    issuers: config.issuers.flatMap(({ logoutAudience, ...issuer }) =>
      logoutAudience === undefined ? [] : [{ ...issuer, logoutAudience }],
    ),
  });
  return (app) =>
    formRoutes(app, rates.addresses, (scope) => {
      scope.post(LOGOUT_PATH, async (request, reply) => {
        await logout.receive(parametersOf(request).get('logout_token') ?? '');
        return reply.code(200).send({});
      });
    });
}
