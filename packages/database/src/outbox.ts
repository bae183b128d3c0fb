import { currentTraceparent } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import type { Tx } from './transaction.js';

export const OUTBOX_CHANNEL = 'falaj_outbox';

/**
 * Writes an event in the caller's transaction: it exists if and only if the transaction commits. The workspace is
 * the transaction's own; a system transaction writes an event of the platform, which belongs to no workspace.
 */
export async function publishEvent(
  tx: Tx,
  event: { readonly topic: string; readonly key: string; readonly payload: unknown },
): Promise<void> {
  await tx.execute(sql`
    insert into falaj.outbox (workspace_id, topic, key, payload, traceparent)
    values (falaj.workspace(), ${event.topic}, ${event.key}, ${JSON.stringify(event.payload)}::jsonb, ${currentTraceparent() ?? null})
    returning pg_notify(${OUTBOX_CHANNEL}, '')`);
}
