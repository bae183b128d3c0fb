import { openDatabase, startEmbeddedPostgres } from '@falaj/database';
import { bootstrap, operatorToken } from '@falaj/identity';
import type { ResolvedConfig } from './config.js';
import { openDataDirectory } from './data-directory.js';
import { openIdentity } from './platform/identity.js';

/** A short-lived token of this data directory. Works beside a running platform (it joins its database) and without one. */
export async function localToken(
  config: ResolvedConfig,
  principal: string | undefined,
): Promise<{ token: string; expiresAt: Date }> {
  const dataDirectory = openDataDirectory(config.dataDirectory);
  const server = process.env.FALAJ_DATABASE_URL
    ? undefined
    : await startEmbeddedPostgres({ dataDirectory: dataDirectory.database });
  try {
    const database = await openDatabase({
      url: process.env.FALAJ_DATABASE_URL ?? server?.url ?? '',
      maxConnections: 2,
      applicationName: 'falaj token',
    });
    const identity = await openIdentity(config, database);
    const { administratorId } = await bootstrap(database, { dataDirectory: config.dataDirectory });
    const issued = await operatorToken(database, identity.issuer, { principal: principal ?? administratorId });
    await identity.directory.close();
    await database.close();
    return issued;
  } finally {
    await server?.stop();
  }
}

export async function printToken(config: ResolvedConfig, principal: string | undefined): Promise<void> {
  const { token, expiresAt } = await localToken(config, principal);
  process.stdout.write(`${token}\n`);
  process.stderr.write(`Valid until ${expiresAt.toISOString()}. Send it as "Authorization: Bearer <token>".\n`);
}
