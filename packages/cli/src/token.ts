import { bootstrap, operatorToken } from '@falaj/identity';
import type { ResolvedConfig } from './config.js';
import { withLocalDatabase } from './local-database.js';
import { openIdentity } from './platform/identity.js';

/** A short-lived token of this data directory. Works beside a running platform (it joins its database) and without one. */
export const localToken = (
  config: ResolvedConfig,
  principal: string | undefined,
): Promise<{ token: string; expiresAt: Date }> =>
  withLocalDatabase(config, 'falaj token', async (database) => {
    const identity = await openIdentity(config, database);
    try {
      const { administratorId } = await bootstrap(database, { dataDirectory: config.dataDirectory });
      return await operatorToken(database, identity.issuer, { principal: principal ?? administratorId });
    } finally {
      await identity.workloads.close();
      await identity.directory.close();
    }
  });

export async function printToken(config: ResolvedConfig, principal: string | undefined): Promise<void> {
  const { token, expiresAt } = await localToken(config, principal);
  process.stdout.write(`${token}\n`);
  process.stderr.write(`Valid until ${expiresAt.toISOString()}. Send it as "Authorization: Bearer <token>".\n`);
}
