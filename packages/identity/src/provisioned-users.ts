// People whom the directory of an organisation keeps in a workspace. It decides over their membership there, and over the
// principal itself where that workspace is its home; a principal of another home it can neither disable nor rename.
import type { Tx } from '@falaj/database';
import { PlatformError } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import { removeGroupMembers } from './groups.js';
import { createPrincipal } from './principals.js';
import { endTokens } from './revocations.js';
import { keepingAdministrators } from './role-bindings.js';

/** What a directory says of a person. */
export interface DirectoryUser {
  readonly userName: string;
  readonly externalId?: string | undefined;
  readonly active: boolean;
  /** Names and e-mail addresses as it gave them. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** For the principal, at home. */
  readonly name: string;
  readonly email: string | null;
}

/** Where a change is made, and which service makes it. */
export interface Provisioner {
  readonly workspaceId: string;
  readonly by: string;
}

/** Who signs in at the issuer as the subject. */
export interface KnownPrincipal {
  readonly id: string;
  readonly kind: 'USER' | 'SERVICE';
}

/** Across all workspaces, so in a transaction of the system. */
export async function principalOfSubject(tx: Tx, issuer: string, subject: string): Promise<KnownPrincipal | undefined> {
  const { rows } = await tx.execute<KnownPrincipal & Record<string, unknown>>(sql`
    select id, kind from identity.principal where issuer = ${issuer} and subject = ${subject}`);
  return rows[0];
}

/**
 * Takes a person into the workspace: a principal that is known already, or a new one whose home is the workspace. Answers
 * its id. Throws CONFLICT where the directory has the person, the user name or the external id already, and where the
 * subject belongs to a service.
 */
export async function provisionUser(
  tx: Tx,
  { workspaceId, by }: Provisioner,
  user: DirectoryUser,
  identity: { readonly issuer: string; readonly subject: string; readonly zone: string },
  known: KnownPrincipal | undefined,
): Promise<string> {
  if (known?.kind === 'SERVICE')
    throw new PlatformError('CONFLICT', 'The subject belongs to a service, which no directory keeps.');
  const { issuer, subject, zone } = identity;
  const principalId =
    known?.id ??
    (
      await createPrincipal(tx, {
        homeWorkspaceId: workspaceId,
        kind: 'USER',
        name: user.name,
        email: user.email,
        zone,
        external: { issuer, subject },
      })
    ).id;
  const { rows } = await tx.execute<{ id: string }>(sql`
    insert into identity.provisioned_user as u
      (workspace_id, principal_id, user_name, external_id, attributes, active, provisioned_by)
    values (${workspaceId}, ${principalId}, ${user.userName}, ${user.externalId ?? null},
      ${JSON.stringify(user.attributes)}::jsonb, true, ${by})
    on conflict (workspace_id, principal_id) do update set user_name = excluded.user_name,
      external_id = excluded.external_id, attributes = excluded.attributes, active = true, deleted_at = null,
      provisioned_by = excluded.provisioned_by, created_at = clock_timestamp(), updated_at = clock_timestamp()
    where u.deleted_at is not null returning principal_id as id`);
  if (rows.length === 0) throw new PlatformError('CONFLICT', 'The directory has this person already.');
  await openPrincipal(tx, workspaceId, principalId);
  if (known) await describePrincipal(tx, workspaceId, principalId, user);
  if (!user.active) await deactivate(tx, workspaceId, principalId);
  return principalId;
}

/** The caller has locked the user and compared what may not change. Throws CONFLICT as `provisionUser`, PRECONDITION_FAILED. */
export async function changeProvisionedUser(
  tx: Tx,
  { workspaceId }: Provisioner,
  principalId: string,
  user: DirectoryUser,
  wasActive: boolean,
): Promise<void> {
  await tx.execute(sql`
    update identity.provisioned_user set user_name = ${user.userName}, external_id = ${user.externalId ?? null},
      attributes = ${JSON.stringify(user.attributes)}::jsonb, updated_at = clock_timestamp()
    where workspace_id = ${workspaceId} and principal_id = ${principalId}`);
  await describePrincipal(tx, workspaceId, principalId, user);
  if (wasActive && !user.active) await deactivate(tx, workspaceId, principalId);
  if (!wasActive && user.active) {
    await tx.execute(sql`
      update identity.provisioned_user set active = true
      where workspace_id = ${workspaceId} and principal_id = ${principalId}`);
    await openPrincipal(tx, workspaceId, principalId);
  }
}

/** Deactivates, and takes what would come back with the person: groups and roles of the workspace. Errors as of `revokeRole`. */
export async function deleteProvisionedUser(
  tx: Tx,
  { workspaceId, by }: Provisioner,
  principalId: string,
): Promise<void> {
  await deactivate(tx, workspaceId, principalId);
  const { rows } = await tx.execute<{ groupId: string }>(sql`
    select m.group_id as "groupId" from identity.group_member m
    join identity.user_group g on g.workspace_id = m.workspace_id and g.id = m.group_id and g.deleted_at is null
    where m.workspace_id = ${workspaceId} and m.principal_id = ${principalId} and m.removed_at is null order by 1`);
  for (const { groupId } of rows)
    await removeGroupMembers(tx, { workspaceId, groupId, principalIds: [principalId], by });
  await tx.execute(sql`
    update identity.role_binding set revoked_at = clock_timestamp(), revoked_by = ${by}
    where workspace_id = ${workspaceId} and principal_id = ${principalId} and revoked_at is null`);
  await tx.execute(sql`
    update identity.provisioned_user set deleted_at = clock_timestamp(), updated_at = clock_timestamp()
    where workspace_id = ${workspaceId} and principal_id = ${principalId}`);
}

/** Nothing is held here any more; at home the principal is disabled and its tokens end everywhere. */
async function deactivate(tx: Tx, workspaceId: string, principalId: string): Promise<void> {
  await keepingAdministrators(tx, workspaceId, async () => {
    const { rows } = await tx.execute<{ id: string }>(sql`
      update identity.principal set disabled_at = clock_timestamp()
      where id = ${principalId} and home_workspace_id = ${workspaceId} and disabled_at is null returning id`);
    await tx.execute(sql`
      update identity.provisioned_user set active = false, disabled_principal = disabled_principal or ${rows.length > 0},
        updated_at = clock_timestamp()
      where workspace_id = ${workspaceId} and principal_id = ${principalId}`);
    if (rows.length > 0) await endTokens(tx, principalId);
  });
}

/** Whom an administrator disabled stays disabled. */
async function openPrincipal(tx: Tx, workspaceId: string, principalId: string): Promise<void> {
  await tx.execute(sql`
    with closed as (
      update identity.provisioned_user set disabled_principal = false
      where workspace_id = ${workspaceId} and principal_id = ${principalId} and disabled_principal returning principal_id)
    update identity.principal set disabled_at = null
    where home_workspace_id = ${workspaceId} and id in (select principal_id from closed)`);
}

async function describePrincipal(tx: Tx, workspaceId: string, principalId: string, user: DirectoryUser): Promise<void> {
  await tx.execute(sql`
    update identity.principal set name = ${user.name}, email = ${user.email}
    where id = ${principalId} and home_workspace_id = ${workspaceId}
      and (name, email) is distinct from (${user.name}, ${user.email}::text)`);
}
