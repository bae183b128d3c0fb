// The policy of a workspace on placements whose instrument ended; the default where none was set.
import type { Tx } from '@falaj/database';
import { eq } from 'drizzle-orm';
import { defaultPlacementPolicy, type PlacementPolicy } from '../domain/instrument-end.js';
import { placementPolicy } from './tables.js';

export async function placementPolicyOf(tx: Tx, workspaceId: string): Promise<PlacementPolicy> {
  const [row] = await tx.select().from(placementPolicy).where(eq(placementPolicy.workspaceId, workspaceId));
  return row ?? defaultPlacementPolicy;
}

export async function savePlacementPolicy(tx: Tx, workspaceId: string, policy: PlacementPolicy): Promise<void> {
  await tx
    .insert(placementPolicy)
    .values({ workspaceId, ...policy })
    .onConflictDoUpdate({ target: placementPolicy.workspaceId, set: policy });
}
