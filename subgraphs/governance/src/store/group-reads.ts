import { PlatformError } from '@falaj/runtime';
import type { SubgraphContext } from '@falaj/subgraph-kit';
import { and, asc, inArray, isNull, type SQL, sql } from 'drizzle-orm';
import { groupMember, userGroup } from './tables.js';

/** Groups of which the principal is a member now. */
export const hasMember = (principalId: string): SQL => sql`exists (
  select from ${groupMember} where ${groupMember.workspaceId} = ${userGroup.workspaceId}
    and ${groupMember.groupId} = ${userGroup.id} and ${groupMember.principalId} = ${principalId}
    and ${groupMember.removedAt} is null)`;

/** Ids of the groups of each principal here, sorted, one statement for all. */
export async function groupsHeld(context: SubgraphContext, principalIds: readonly string[]): Promise<string[][]> {
  const rows = await context.transaction((tx) =>
    tx
      .select({ principalId: groupMember.principalId, groupId: groupMember.groupId })
      .from(groupMember)
      .innerJoin(userGroup, sql`${userGroup.id} = ${groupMember.groupId} and ${userGroup.deletedAt} is null`)
      .where(and(inArray(groupMember.principalId, [...principalIds]), isNull(groupMember.removedAt)))
      .orderBy(asc(groupMember.groupId)),
  );
  return principalIds.map((id) => rows.filter(({ principalId }) => principalId === id).map(({ groupId }) => groupId));
}

/** Throws BAD_USER_INPUT where one of them is no group of the workspace: a rule for nobody is a slip of the pen. */
export async function requireGroups(context: SubgraphContext, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const rows = await context.transaction((tx) =>
    tx
      .select({ id: userGroup.id })
      .from(userGroup)
      .where(and(inArray(userGroup.id, [...ids]), isNull(userGroup.deletedAt))),
  );
  const unknown = ids.filter((id) => !rows.some((row) => row.id === id));
  if (unknown.length > 0)
    throw new PlatformError(
      'BAD_USER_INPUT',
      `input.roles: no group of this workspace: ${unknown.join(', ')}. The query groups lists them.`,
      { details: { field: 'roles', found: unknown } },
    );
}
