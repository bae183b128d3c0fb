import type { SubgraphContext } from '@falaj/subgraph-kit';
import { and, asc, inArray, isNull } from 'drizzle-orm';
import { roleBinding } from './tables.js';

/** Roles in force in the workspace, sorted, one statement for all principals. */
export async function rolesHeld(context: SubgraphContext, principalIds: readonly string[]): Promise<string[][]> {
  const rows = await context.transaction((tx) =>
    tx
      .select({ principalId: roleBinding.principalId, role: roleBinding.role })
      .from(roleBinding)
      .where(and(inArray(roleBinding.principalId, [...principalIds]), isNull(roleBinding.revokedAt)))
      .orderBy(asc(roleBinding.role)),
  );
  return principalIds.map((id) => rows.filter((row) => row.principalId === id).map((row) => row.role));
}
