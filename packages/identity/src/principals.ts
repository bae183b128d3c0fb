import type { Tx } from '@falaj/database';
import { PlatformError, refused } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { checked, displayName, zoneCode } from './input-checks.js';
import { newId } from './new-id.js';
import { keepingAdministrators, notFound } from './role-bindings.js';

/** A principal as the directory keeps it; what a request acts as is `Principal` of the runtime. */
export interface PrincipalRecord {
  readonly id: string;
  readonly homeWorkspaceId: string;
  readonly kind: 'USER' | 'SERVICE';
  readonly name: string;
  readonly email: string | null;
  /** Where the principal works from. */
  readonly zone: string;
  readonly disabled: boolean;
}

const newPrincipal = z.strictObject({
  /** Only this workspace may disable the principal and issue tokens for it. */
  homeWorkspaceId: z.string().min(1),
  kind: z.enum(['USER', 'SERVICE']),
  name: displayName,
  email: z.email().max(320).nullish(),
  zone: zoneCode,
  /** How an OpenID Connect issuer names the principal; absent for one that uses tokens of the built-in issuer. */
  external: z.strictObject({ issuer: z.url(), subject: z.string().min(1).max(255) }).optional(),
});

export type NewPrincipal = z.input<typeof newPrincipal>;

/** Throws CONFLICT when the external subject is known already. */
export async function createPrincipal(tx: Tx, input: NewPrincipal): Promise<PrincipalRecord> {
  const { homeWorkspaceId, kind, name, email = null, zone, external } = checked(newPrincipal, input);
  const id = newId('pr');
  await tx.execute(sql`
    insert into identity.principal (id, home_workspace_id, kind, name, email, issuer, subject, zone)
    values (${id}, ${homeWorkspaceId}, ${kind}, ${name}, ${email}, ${external?.issuer ?? null},
      ${external?.subject ?? null}, ${zone})`);
  return { id, homeWorkspaceId, kind, name, email, zone, disabled: false };
}

/**
 * The principal, where the transaction's workspace may act for it: see its home. Throws
 * NOT_FOUND, FORBIDDEN when another workspace is its home, PRECONDITION_FAILED when it is disabled.
 */
export async function ownPrincipal(tx: Tx, principalId: string): Promise<PrincipalRecord> {
  const { rows } = await tx.execute<Row & { own: boolean }>(sql`
    select ${columns}, coalesce(home_workspace_id = falaj.workspace(), true) as own
    from identity.principal where id = ${principalId}`);
  const row = rows[0];
  if (row === undefined) throw notFound(principalId);
  const { own, ...record } = row;
  if (!own)
    throw new PlatformError(
      'FORBIDDEN',
      'The principal belongs to another workspace: that one disables it and issues its tokens; here its roles can be revoked.',
      { details: { principalId } },
    );
  if (record.disabled)
    throw refused(
      {
        rule: 'PRINCIPAL_DISABLED',
        found: 'a principal that is disabled',
        limit: 'one that is not',
        whatToDo: 'act for another; one that its directory disabled is enabled there',
      },
      'PRECONDITION_FAILED',
      { principalId },
    );
  return record;
}

/**
 * The same where a token is to be issued that acts as the principal. A person of an OpenID Connect issuer proves there who
 * it is, also to other workspaces, so nobody else may say it: PRECONDITION_FAILED. Other errors as of `ownPrincipal`.
 */
export async function tokenOwner(tx: Tx, principalId: string): Promise<PrincipalRecord> {
  const principal = await ownPrincipal(tx, principalId);
  const { rows } = await tx.execute<{ issuer: string | null }>(sql`
    select issuer from identity.principal where id = ${principalId}`);
  const issuer = rows[0]?.issuer;
  if (principal.kind === 'USER' && issuer)
    throw refused(
      {
        rule: 'SIGNS_IN_ELSEWHERE',
        found: `a person who signs in at ${issuer}`,
        limit: 'a principal of the built-in issuer',
        whatToDo: 'let the person sign in there, or issue the token for a service',
      },
      'PRECONDITION_FAILED',
      { principalId },
    );
  return principal;
}

/** From now on the principal is UNAUTHENTICATED everywhere. Idempotent. Errors as of `ownPrincipal` and `revokeRole`. */
export async function disablePrincipal(tx: Tx, principalId: string): Promise<void> {
  const { homeWorkspaceId } = await ownPrincipal(tx, principalId);
  await keepingAdministrators(tx, homeWorkspaceId, async () => {
    await tx.execute(sql`
      update identity.principal set disabled_at = clock_timestamp() where id = ${principalId} and disabled_at is null`);
  });
}

/** From now on the principal works from the zone. Answers the zone before. Errors as of `ownPrincipal`. */
export async function relocatePrincipal(tx: Tx, principalId: string, zone: string): Promise<string> {
  const { zone: before } = await ownPrincipal(tx, principalId);
  await tx.execute(sql`
    update identity.principal set zone = ${checked(zoneCode, zone)} where id = ${principalId} and zone <> ${zone}`);
  return before;
}

export interface PrincipalPage {
  readonly principals: readonly PrincipalRecord[];
  /** Cursor of the next page; null at the end. */
  readonly next: string | null;
}

/** Principals that the transaction may see, oldest first: in a workspace its own and its members, past ones included. */
export async function listPrincipals(tx: Tx, options: { first: number; after?: string }): Promise<PrincipalPage> {
  const { first, after = '' } = checked(
    z.strictObject({ first: z.number().int().min(1).max(500), after: z.string().optional() }),
    options,
  );
  const { rows } = await tx.execute<Row>(sql`
    select ${columns} from identity.principal where id > ${after} order by id limit ${first + 1}`);
  const principals = rows.slice(0, first);
  return { principals, next: rows.length > first ? (principals.at(-1)?.id ?? null) : null };
}

/**
 * The ids given and those of every other principal of the same persons, as far as the directory tells: principals that
 * share an e-mail address, whatever its case. For rules such as four eyes.
 */
export async function principalsOfPersons(tx: Tx, principalIds: readonly string[]): Promise<readonly string[]> {
  const ids = sql`array[${sql.join(
    principalIds.map((id) => sql`${id}`),
    sql`, `,
  )}]::text[]`;
  const { rows } = await tx.execute<{ id: string }>(sql`
    select distinct other.id from identity.principal one
    join identity.principal other on lower(trim(other.email)) = lower(trim(one.email))
    where one.id = any (${ids})`);
  return [...new Set([...principalIds, ...rows.map(({ id }) => id)])];
}

interface Row extends PrincipalRecord, Record<string, unknown> {}

const columns = sql`id, home_workspace_id as "homeWorkspaceId", kind, name, email, zone, disabled_at is not null as disabled`;
