import type { SubgraphContext } from '@falaj/subgraph-kit';
import { and, asc, gt, inArray, isNull, or, type SQL, sql } from 'drizzle-orm';
import { groupRole, roleBinding, roleInForce } from './tables.js';

/** Roles in force in the workspace, sorted, one statement for all principals. */
export async function rolesHeld(context: SubgraphContext, principalIds: readonly string[]): Promise<string[][]> {
  const rows = await context.transaction((tx) =>
    tx
      .selectDistinct({ principalId: roleInForce.principalId, role: roleInForce.role })
      .from(roleInForce)
      .where(inArray(roleInForce.principalId, [...principalIds]))
      .orderBy(asc(roleInForce.role)),
  );
  return principalIds.map((id) => rows.filter((row) => row.principalId === id).map((row) => row.role));
}

/** Grants to principals themselves that were neither revoked nor ended. */
export const bindingInForce = (): SQL | undefined => inForce(roleBinding);
/** The same of grants to groups. */
export const groupRoleInForce = (): SQL | undefined => inForce(groupRole);

const inForce = ({ revokedAt, expiresAt }: typeof roleBinding | typeof groupRole): SQL | undefined =>
  and(isNull(revokedAt), or(isNull(expiresAt), gt(expiresAt, sql`statement_timestamp()`)));
