// Groups of principals in a workspace. A role granted to a group is held by whoever is a member of it now. Changes take the
// caller's transaction; whoever may grant roles may make them.
import type { Tx } from '@falaj/database';
import { PlatformError } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { checked, displayName, roleName } from './input-checks.js';
import { newId } from './new-id.js';
import { expiry, keepingAdministrators, notFound, refusePast, refusePlatformRole } from './role-bindings.js';

const workspaceId = z.string().min(1);
/** Id of the principal who changes it. */
const by = z.string().min(1);
const externalId = z.string().min(1).max(255).nullable();
const group = z.strictObject({ workspaceId, groupId: z.string().min(1), by });
const newGroup = z.strictObject({
  workspaceId,
  displayName,
  externalId: externalId.optional(),
  /** Whether the directory of the organisation keeps it, over SCIM. */
  fromDirectory: z.boolean().default(false),
  by,
});
const change = group.extend({ displayName: displayName.optional(), externalId: externalId.optional() });
const members = group.extend({ principalIds: z.array(z.string().min(1)).min(1) });
const role = group.extend({ role: roleName });
const grant = role.extend({ expiresAt: expiry });

/** A group to be deleted. */
export type GroupChange = z.input<typeof group>;
export type NewGroup = z.input<typeof newGroup>;
/** What is to be called otherwise; absent stays as it is. */
export type GroupNames = z.input<typeof change>;
export type GroupMembersChange = z.input<typeof members>;
export type GroupRoleChange = z.input<typeof role>;
export type NewGroupRole = z.input<typeof grant>;

/** Throws CONFLICT where a group of the workspace has the name, in any case, or the external id. */
export async function createGroup(tx: Tx, input: NewGroup): Promise<{ id: string }> {
  const wanted = checked(newGroup, input);
  const id = newId('grp');
  await tx.execute(sql`
    insert into identity.user_group (id, workspace_id, display_name, external_id, from_directory, created_by)
    values (${id}, ${wanted.workspaceId}, ${wanted.displayName}, ${wanted.externalId ?? null},
      ${wanted.fromDirectory}, ${wanted.by})`);
  return { id };
}

/** Throws NOT_FOUND, and CONFLICT as `createGroup`. */
export async function renameGroup(tx: Tx, input: GroupNames): Promise<void> {
  const wanted = checked(change, input);
  await existing(tx, wanted);
  await tx.execute(sql`
    update identity.user_group set updated_at = clock_timestamp(),
      display_name = ${wanted.displayName ?? sql`display_name`},
      external_id = ${wanted.externalId === undefined ? sql`external_id` : wanted.externalId}
    where workspace_id = ${wanted.workspaceId} and id = ${wanted.groupId}`);
}

/** What it gave is held no more. Throws NOT_FOUND, and PRECONDITION_FAILED where nobody would be left to administer. */
export async function deleteGroup(tx: Tx, input: GroupChange): Promise<void> {
  const wanted = checked(group, input);
  await keepingAdministrators(tx, wanted.workspaceId, async () => {
    await existing(tx, wanted);
    await tx.execute(sql`
      update identity.user_group set deleted_at = clock_timestamp(), deleted_by = ${wanted.by}
      where workspace_id = ${wanted.workspaceId} and id = ${wanted.groupId}`);
  });
}

/** Idempotent. Throws NOT_FOUND for an unknown group or principal. */
export async function addGroupMembers(tx: Tx, input: GroupMembersChange): Promise<void> {
  const wanted = checked(members, input);
  await existing(tx, wanted);
  const ids = wanted.principalIds.map(() => newId('gm'));
  const { rows } = await tx.execute<{ id: string }>(sql`
    select id from identity.principal where id = any (${sql.param(wanted.principalIds)}::text[])`);
  const known = new Set(rows.map((row) => row.id));
  const stranger = wanted.principalIds.find((id) => !known.has(id));
  if (stranger !== undefined) throw notFound(stranger);
  await tx.execute(sql`
    insert into identity.group_member (id, workspace_id, group_id, principal_id, added_by)
    select w.id, ${wanted.workspaceId}, ${wanted.groupId}, w.principal_id, ${wanted.by}
    from unnest(${sql.param(ids)}::text[], ${sql.param(wanted.principalIds)}::text[]) as w (id, principal_id)
    on conflict (workspace_id, group_id, principal_id) where removed_at is null do nothing`);
  await touched(tx, wanted);
}

/** Throws NOT_FOUND for one that is no member, PRECONDITION_FAILED where nobody would be left to administer the workspace. */
export async function removeGroupMembers(tx: Tx, input: GroupMembersChange): Promise<void> {
  const wanted = checked(members, input);
  await keepingAdministrators(tx, wanted.workspaceId, async () => {
    await existing(tx, wanted);
    const { rows } = await tx.execute<{ id: string }>(sql`
      update identity.group_member set removed_at = clock_timestamp(), removed_by = ${wanted.by}
      where workspace_id = ${wanted.workspaceId} and group_id = ${wanted.groupId}
        and principal_id = any (${sql.param(wanted.principalIds)}::text[]) and removed_at is null
      returning principal_id as id`);
    const removed = new Set(rows.map(({ id }) => id));
    const stranger = wanted.principalIds.find((id) => !removed.has(id));
    if (stranger !== undefined)
      throw new PlatformError('NOT_FOUND', `${stranger} is no member of the group.`, {
        details: { principalId: stranger, groupId: wanted.groupId },
      });
  });
  await touched(tx, wanted);
}

/** As `grantRole`, to all members, present and to come. Throws NOT_FOUND, and BAD_USER_INPUT as `grantRole`. */
export async function grantGroupRole(tx: Tx, input: NewGroupRole): Promise<void> {
  const wanted = checked(grant, input);
  refusePlatformRole(wanted.role, wanted.workspaceId);
  refusePast(wanted.expiresAt);
  await existing(tx, wanted);
  await tx.execute(sql`
    insert into identity.group_role (id, workspace_id, group_id, role, granted_by, expires_at)
    values (${newId('gr')}, ${wanted.workspaceId}, ${wanted.groupId}, ${wanted.role}, ${wanted.by},
      ${wanted.expiresAt?.toISOString() ?? null})
    on conflict (workspace_id, group_id, role) where revoked_at is null and expires_at is null do nothing`);
}

/** Throws NOT_FOUND where the group does not give the role, PRECONDITION_FAILED as `deleteGroup`. */
export async function revokeGroupRole(tx: Tx, input: GroupRoleChange): Promise<void> {
  const wanted = checked(role, input);
  await keepingAdministrators(tx, wanted.workspaceId, async () => {
    await existing(tx, wanted);
    const { rows } = await tx.execute<{ id: string }>(sql`
      update identity.group_role set revoked_at = clock_timestamp(), revoked_by = ${wanted.by}
      where workspace_id = ${wanted.workspaceId} and group_id = ${wanted.groupId} and role = ${wanted.role}
        and revoked_at is null and (expires_at is null or expires_at > clock_timestamp()) returning id`);
    if (rows.length === 0)
      throw new PlatformError('NOT_FOUND', `The group does not give the role ${wanted.role}.`, {
        details: { groupId: wanted.groupId, role: wanted.role },
      });
  });
}

/** Locked, so that no member and no role comes to a group that goes. */
async function existing(tx: Tx, { workspaceId, groupId }: GroupChange): Promise<void> {
  const { rows } = await tx.execute<{ id: string }>(sql`
    select id from identity.user_group
    where workspace_id = ${workspaceId} and id = ${groupId} and deleted_at is null for update`);
  if (rows.length === 0)
    throw new PlatformError('NOT_FOUND', 'Group not found.', { details: { type: 'Group', id: groupId } });
}

async function touched(tx: Tx, { workspaceId, groupId }: GroupChange): Promise<void> {
  await tx.execute(sql`
    update identity.user_group set updated_at = clock_timestamp() where workspace_id = ${workspaceId} and id = ${groupId}`);
}
