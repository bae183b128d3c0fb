import type { Tx } from '@falaj/database';
import { PlatformError } from '@falaj/runtime';
import type { Platform } from '@falaj/subgraph-kit';
import { and, eq, gt, sql } from 'drizzle-orm';
import type { ClosingPorts } from '../../domain/keys/close-backups.js';
import type { Rotation } from '../../domain/keys/rotate-key.js';
import { keyRotation, subjectErasure } from './tables.js';

interface NewRotation extends Rotation {
  readonly workspaceId: string;
  readonly reason: string;
  readonly ownerId: string;
  readonly owner: string;
}

/** With the transaction; false where a rotation of the zone runs already. */
export async function startRotation(
  tx: Tx,
  workflows: Platform['workflows'],
  { rotationId, zone, retire, workspaceId, reason, ownerId, owner }: NewRotation,
): Promise<boolean> {
  if (!workflows) throw new PlatformError('INTERNAL', 'This process runs no workflows.');
  const started = await tx
    .insert(keyRotation)
    .values({ id: rotationId, workspaceId, ownerId, owner, zone, reason, retire, state: 'RUNNING' })
    .onConflictDoNothing()
    .returning({ id: keyRotation.id });
  if (started.length === 0) return false;
  const workflow = { name: 'rotate-key', version: 1 };
  const input: Rotation = { rotationId, zone, retire };
  await workflows.start({ id: rotationId, workspaceId, workflow, input, zone, principalId: ownerId, transaction: tx });
  return true;
}

export function closingPorts(platform: Platform, newRotationId: () => string): ClosingPorts<Tx> {
  return {
    async retire(tx, { workspaceId, zone }, { erasureId }) {
      const [erasure] = await tx.select().from(subjectErasure).where(eq(subjectErasure.id, erasureId));
      if (!erasure) return 'CLOSED';
      if (erasure.state === 'RUNNING') return 'BUSY';
      if ((await backupsClosedAt(tx, { ...erasure, zones: [zone] })) !== null) return 'CLOSED';
      const { ownerId, owner } = erasure;
      const reason = `backups from before erasure ${erasureId} are to end`;
      const rotation = { rotationId: newRotationId(), zone, retire: true, workspaceId, reason, ownerId, owner };
      return (await startRotation(tx, platform.workflows, rotation)) ? 'BEGUN' : 'BUSY';
    },
  };
}

/** When the last of the erasure's zones retired the key versions of before it; null while one has not. */
export async function backupsClosedAt(
  tx: Tx,
  erasure: { readonly workspaceId: string; readonly zones: readonly string[]; readonly endedAt: Date | null },
): Promise<Date | null> {
  const { workspaceId, zones, endedAt } = erasure;
  if (!endedAt) return null;
  let last = endedAt;
  for (const zone of zones) {
    const [row] = await tx
      .select({ at: sql<string | null>`min(${keyRotation.retiredAt})` })
      .from(keyRotation)
      .where(
        and(
          eq(keyRotation.workspaceId, workspaceId),
          eq(keyRotation.zone, zone),
          // One that had begun before may have made its new version before the erasure.
          gt(keyRotation.createdAt, endedAt),
        ),
      );
    if (!row?.at) return null;
    const at = new Date(row.at);
    if (at > last) last = at;
  }
  return last;
}
