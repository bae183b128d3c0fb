import { currentTraceparent } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import { clientOf, type Tx } from './transaction.js';

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
    values (falaj.workspace(), ${event.topic}, ${event.key}, ${JSON.stringify(event.payload)}::jsonb, ${currentTraceparent() || null})
    returning pg_notify(${OUTBOX_CHANNEL}, '')`);
}

/** Deletes events older than `days` that every known consumer has passed; answers how many. */
export async function pruneEvents(tx: Tx, days: number): Promise<number> {
  const { rowCount } = await clientOf(tx).query(
    `delete from falaj.outbox o where o.at < now() - make_interval(days => $1)
       and not exists (select from falaj.outbox_cursor c where (c.xid, c.id) < (o.xid, o.id))`,
    [days],
  );
  return rowCount ?? 0;
}
