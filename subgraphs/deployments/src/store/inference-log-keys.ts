import type { Call, KeysV1 } from '@falaj/contracts';
import type { Tx } from '@falaj/database';
import { and, eq, sql } from 'drizzle-orm';
import { keyContext } from './inference-record-settings.js';
import { inferenceLog } from './inference-record-tables.js';

/** Moves the keys of the call's workspace and zone that are not under `keyId`; answers how many. */
export async function rewrapLogKeys(tx: Tx, keys: KeysV1, call: Call, keyId: string): Promise<number> {
  const rows = await tx
    .select({ endpointId: inferenceLog.endpointId, wrappedKey: inferenceLog.wrappedKey })
    .from(inferenceLog)
    .where(
      and(
        eq(inferenceLog.workspaceId, call.workspace),
        eq(inferenceLog.zone, call.zone),
        sql`${inferenceLog.wrappedKey} ->> 'keyId' <> ${keyId}`,
      ),
    )
    .orderBy(inferenceLog.endpointId)
    .for('update');
  for (const { endpointId, wrappedKey } of rows) {
    const wrapped = { keyId: wrappedKey.keyId, ciphertext: Buffer.from(wrappedKey.ciphertext, 'base64') };
    const moved = await keys.rewrap({ wrapped, context: keyContext(endpointId) }, call);
    await tx
      .update(inferenceLog)
      .set({ wrappedKey: { keyId: moved.keyId, ciphertext: Buffer.from(moved.ciphertext).toString('base64') } })
      .where(eq(inferenceLog.endpointId, endpointId));
  }
  return rows.length;
}
