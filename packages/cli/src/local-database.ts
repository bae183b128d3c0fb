import { type Database, openDatabase, startEmbeddedPostgres } from '@falaj/database';
import type { ResolvedConfig } from './config.js';
import { openDataDirectory } from './data-directory.js';
import { assertSecureDatabase } from './transport/secure-profile.js';

/** Works on the database of a data directory, beside a running platform (it joins its server) and without one. */
export async function withLocalDatabase<T>(
  config: Pick<ResolvedConfig, 'dataDirectory' | 'profile' | 'plaintextExceptions'>,
  applicationName: string,
  work: (database: Database, url: string) => Promise<T>,
): Promise<T> {
  assertSecureDatabase(config, process.env.FALAJ_DATABASE_URL);
  const server = process.env.FALAJ_DATABASE_URL
    ? undefined
    : await startEmbeddedPostgres({ dataDirectory: openDataDirectory(config.dataDirectory).database });
  try {
    const url = process.env.FALAJ_DATABASE_URL ?? server?.url ?? '';
    const database = await openDatabase({ url, maxConnections: 2, applicationName });
    try {
      return await work(database, url);
    } finally {
      await database.close();
    }
  } finally {
    await server?.stop();
  }
}
