import type { Call, KeysV1 } from '@falaj/contracts';
import type { Tx } from '@falaj/database';
import { and, eq, sql } from 'drizzle-orm';
import { keyContext } from './inference-record-settings.js';
import { inferenceLog } from './inference-record-tables.js';
import { rootContext } from './subject-keys.js';

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
  return rows.length + (await rewrapSubjectRoot(tx, keys, call, keyId));
}

async function rewrapSubjectRoot(tx: Tx, keys: KeysV1, call: Call, keyId: string): Promise<number> {
  const place = { workspaceId: call.workspace, zone: call.zone };
  const { rows } = await tx.execute<{ key: { keyId: string; ciphertext: string } }>(sql`
    select wrapped_key as key from deployments.subject_root
    where workspace_id = ${place.workspaceId} and zone = ${place.zone} and wrapped_key ->> 'keyId' <> ${keyId} for update`);
  for (const { key } of rows) {
    const wrapped = { keyId: key.keyId, ciphertext: Buffer.from(key.ciphertext, 'base64') };
    const moved = await keys.rewrap({ wrapped, context: rootContext(place) }, call);
    const stored = { keyId: moved.keyId, ciphertext: Buffer.from(moved.ciphertext).toString('base64') };
    await tx.execute(sql`
      update deployments.subject_root set wrapped_key = ${JSON.stringify(stored)}::jsonb
      where workspace_id = ${place.workspaceId} and zone = ${place.zone}`);
  }
  return rows.length;
}
