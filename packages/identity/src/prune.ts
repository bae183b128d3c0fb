// Revocations and used tokens are remembered for as long as a token could still be shown, and then no longer.
import type { Database } from '@falaj/database';
import { createLogger, periodically } from '@falaj/runtime';
import { sql } from 'drizzle-orm';

const EVERY_MS = 600_000;

/** Takes what has ended. Clocks of issuers may differ from ours by less than the minute that is left over. */
export async function pruneIdentity(database: Pick<Database, 'asSystem'>): Promise<void> {
  for (const table of ['revoked_token', 'used_assertion', 'used_logout_token', 'ended_session'])
    await database.asSystem((tx) =>
      tx.execute(sql`delete from identity.${sql.identifier(table)} where expires_at < now() - interval '1 minute'`),
    );
}

/** Every ten minutes, in any number of processes. */
export const startIdentityPruning = (database: Pick<Database, 'asSystem'>): { stop(): Promise<void> } =>
  periodically('pruning revocations', EVERY_MS, () => pruneIdentity(database), createLogger('identity'), {
    lastTime: false,
  });
