import type { Tx } from '@falaj/database';
import { PlatformError, refused } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { checked, roleName } from './input-checks.js';
import { newId } from './new-id.js';

/** Id of the installation's own workspace, whose administrators create the others. It has no zones and holds no data. */
export const PLATFORM_WORKSPACE = 'platform';
/** Held in the platform workspace only; the database refuses it elsewhere. */
export const PLATFORM_ADMINISTRATOR = 'platform-administrator';
export const ADMINISTRATOR = 'administrator';

const change = z.strictObject({
  workspaceId: z.string().min(1),
  principalId: z.string().min(1),
  role: roleName,
  /** Id of the principal who grants or revokes. */
  by: z.string().min(1),
});

const revocation = change.extend({
  /** One grant alone; absent: every one of the role. */
  bindingId: z.string().min(1).optional(),
});
/** A role to be revoked. */
export type RoleChange = z.input<typeof revocation>;

/** When a role ends by itself; the database refuses what is past. */
export const expiry = z.date().optional();
const grant = change.extend({ expiresAt: expiry });
/** A role to be granted, for good unless it expires. */
export type NewRoleBinding = z.input<typeof grant>;

/**
 * A lasting grant is idempotent; one that expires stands beside it and beside others. Answers the id of what was granted,
 * the lasting grant that was there before included. Throws NOT_FOUND for an unknown
 * principal, BAD_USER_INPUT for the platform's role outside the platform and for an end that is past.
 */
export async function grantRole(tx: Tx, input: NewRoleBinding): Promise<string> {
  const { workspaceId, principalId, role, by, expiresAt } = checked(grant, input);
  refusePlatformRole(role, workspaceId);
  refusePast(expiresAt);
  // A savepoint, so that an unknown principal leaves the caller's transaction usable.
  const { rows } = await tx
    .transaction((inner) =>
      inner.execute<{ id: string }>(sql`
        with granted as (
          insert into identity.role_binding (id, workspace_id, principal_id, role, granted_by, expires_at)
          values (${newId('rb')}, ${workspaceId}, ${principalId}, ${role}, ${by}, ${expiresAt?.toISOString() ?? null})
          on conflict (workspace_id, principal_id, role) where revoked_at is null and expires_at is null do nothing
          returning id
        )
        select id from granted union all
        select id from identity.role_binding
          where workspace_id = ${workspaceId} and principal_id = ${principalId} and role = ${role}
            and revoked_at is null and expires_at is null and not exists (select from granted)`),
    )
    .catch((error: unknown) => {
      if (sqlStateOf(error) === '23503') throw notFound(principalId);
      throw error;
    });
  return rows[0]?.id ?? '';
}

/** Throws BAD_USER_INPUT for the platform's role in another workspace. */
export function refusePlatformRole(role: string, workspaceId: string): void {
  if (role === PLATFORM_ADMINISTRATOR && workspaceId !== PLATFORM_WORKSPACE)
    throw new PlatformError('BAD_USER_INPUT', `role: ${role} is held in the workspace ${PLATFORM_WORKSPACE} only.`);
}

/** Throws BAD_USER_INPUT for an end that is past. */
export function refusePast(expiresAt: Date | undefined): void {
  if (expiresAt !== undefined && !(expiresAt.getTime() > Date.now()))
    throw new PlatformError('BAD_USER_INPUT', `expiresAt: found ${expiresAt.toISOString()}, expected a time to come.`, {
      details: { field: 'expiresAt' },
    });
}

/**
 * Takes every grant of the role to the principal itself, or the one that is named; what a group gives it keeps. Throws NOT_FOUND when there is none,
 * PRECONDITION_FAILED when nobody would be left to administer the workspace.
 */
export async function revokeRole(tx: Tx, input: RoleChange): Promise<void> {
  const { workspaceId, principalId, role, by, bindingId = null } = checked(revocation, input);
  await keepingAdministrators(tx, workspaceId, async () => {
    const { rows } = await tx.execute<{ id: string }>(sql`
      update identity.role_binding set revoked_at = clock_timestamp(), revoked_by = ${by}
      where workspace_id = ${workspaceId} and principal_id = ${principalId} and role = ${role} and revoked_at is null
        and (expires_at is null or expires_at > clock_timestamp())
        and (${bindingId}::text is null or id = ${bindingId})
      returning id`);
    if (rows.length === 0)
      throw new PlatformError('NOT_FOUND', `No such role is held: ${role} of ${principalId}.`, {
        details: { principalId, role },
      });
  });
}

/** Roles in force, sorted, those that groups give included. */
export async function rolesOf(tx: Tx, workspaceId: string, principalId: string): Promise<readonly string[]> {
  const { rows } = await tx.execute<{ role: string }>(sql`
    select distinct role from identity.role_in_force
    where workspace_id = ${workspaceId} and principal_id = ${principalId} order by role`);
  return rows.map(({ role }) => role);
}

/**
 * Refuses a change that takes a workspace's last administrator who is not disabled and whose role does not end by itself.
 * Changes of one workspace queue here.
 */
export async function keepingAdministrators(tx: Tx, workspaceId: string, work: () => Promise<void>): Promise<void> {
  await tx.execute(
    sql`select pg_advisory_xact_lock(hashtextextended('identity.administrators.' || ${workspaceId}, 0))`,
  );
  const before = await administrators(tx, workspaceId);
  await work();
  if (before > 0 && (await administrators(tx, workspaceId)) === 0)
    throw refused({
      rule: 'LAST_ADMINISTRATOR',
      found: 'the last administrator of the workspace',
      limit: 'one that remains',
      whatToDo: 'make somebody else administrator first',
    });
}

async function administrators(tx: Tx, workspaceId: string): Promise<number> {
  const { rows } = await tx.execute<{ count: number }>(sql`
    select count(distinct p.id)::int as count
    from identity.role_in_force r join identity.principal p on p.id = r.principal_id and p.disabled_at is null
    where r.workspace_id = ${workspaceId} and r.expires_at is null
      and r.role in (${ADMINISTRATOR}, ${PLATFORM_ADMINISTRATOR})`);
  return rows[0]?.count ?? 0;
}

export const notFound = (principalId: string): PlatformError =>
  new PlatformError('NOT_FOUND', 'Principal not found.', { details: { type: 'Principal', id: principalId } });

/** SQLSTATE of the database's refusal inside the wrappers around it. */
function sqlStateOf(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code, severity } = at as { code?: unknown; severity?: unknown };
    if (typeof code === 'string' && severity !== undefined) return code;
  }
  return undefined;
}
