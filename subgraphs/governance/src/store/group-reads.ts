import { type SQL, sql } from 'drizzle-orm';
import { groupMember, userGroup } from './tables.js';

/** Groups of which the principal is a member now. */
export const hasMember = (principalId: string): SQL => sql`exists (
  select from ${groupMember} where ${groupMember.workspaceId} = ${userGroup.workspaceId}
    and ${groupMember.groupId} = ${userGroup.id} and ${groupMember.principalId} = ${principalId}
    and ${groupMember.removedAt} is null)`;
