// A directory that can only be given a secret to keep gets one that opens SCIM in one workspace and nothing else. It is
// looked up at each request; only its digest is stored.
import { createHash, randomBytes } from 'node:crypto';
import type { Database, Tx } from '@falaj/database';
import { PlatformError, refused } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { checked } from './input-checks.js';
import { newId } from './new-id.js';
import { ownService } from './service-accounts.js';

const PREFIX = 'falaj_pt_';
const LONGEST_DAYS = 365;
/** One in use, one to change to. */
const MOST_TOKENS = 2;
const DAY_MS = 86_400_000;

const newToken = z.strictObject({ principalId: z.string().min(1), expiresAt: z.date(), by: z.string().min(1) });

/** Whether a bearer token is one of these, by its form. */
export const isProvisioningToken = (token: string): boolean => token.startsWith(PREFIX);

/**
 * A token of a service, shown once. Throws BAD_USER_INPUT for an end that is not within 365 days, PRECONDITION_FAILED for a
 * person or where two are in force, and the errors of `ownPrincipal`.
 */
export async function issueProvisioningToken(
  tx: Tx,
  input: z.input<typeof newToken>,
): Promise<{ id: string; token: string }> {
  const { principalId, expiresAt, by } = checked(newToken, input);
  const { homeWorkspaceId } = await ownService(tx, principalId);
  const days = (expiresAt.getTime() - Date.now()) / DAY_MS;
  if (!(days > 0 && days <= LONGEST_DAYS))
    throw new PlatformError(
      'BAD_USER_INPUT',
      `expiresAt: found ${expiresAt.toISOString()}, expected within the next ${LONGEST_DAYS} days.`,
      { details: { field: 'expiresAt', limitDays: LONGEST_DAYS } },
    );
  await tx.execute(
    sql`select pg_advisory_xact_lock(hashtextextended('identity.provisioning_token.' || ${principalId}, 0))`,
  );
  const { rows } = await tx.execute<{ live: number }>(sql`
    select count(*)::int as live from identity.provisioning_token
    where principal_id = ${principalId} and revoked_at is null and expires_at > now()`);
  const { live = 0 } = rows[0] ?? {};
  if (live >= MOST_TOKENS)
    throw refused({
      rule: 'PROVISIONING_TOKENS',
      found: `${live} tokens in force`,
      limit: `${MOST_TOKENS - 1} at most before another`,
      whatToDo: 'revoke the one that the directory uses no longer',
    });
  const id = newId('pt');
  const token = `${PREFIX}${randomBytes(32).toString('base64url')}`;
  await tx.execute(sql`
    insert into identity.provisioning_token (id, workspace_id, principal_id, digest, created_by, expires_at)
    values (${id}, ${homeWorkspaceId}, ${principalId}, ${digestOf(token)}, ${by}, ${expiresAt.toISOString()})`);
  return { id, token };
}

/** Throws NOT_FOUND for one that is not in force. */
export async function revokeProvisioningToken(tx: Tx, { id, by }: { id: string; by: string }): Promise<void> {
  const { rows } = await tx.execute<{ id: string }>(sql`
    update identity.provisioning_token set revoked_at = clock_timestamp(), revoked_by = ${by}
    where id = ${id} and revoked_at is null returning id`);
  if (rows[0] === undefined) throw new PlatformError('NOT_FOUND', 'No such token is in force.', { details: { id } });
}

/** Whose token it is, in the workspace that it is for. Throws UNAUTHENTICATED for every other. */
export async function provisionerOf(
  database: Database,
  token: string,
  workspaceId: string,
): Promise<{ principalId: string; issuedAt: Date }> {
  const { rows } = await database.asSystem((tx) =>
    tx.execute<{ principalId: string; issuedAt: number }>(sql`
      select principal_id as "principalId", (extract(epoch from created_at) * 1000)::float8 as "issuedAt"
      from identity.provisioning_token
      where digest = ${digestOf(token)} and workspace_id = ${workspaceId} and revoked_at is null and expires_at > now()`),
  );
  const [found] = rows;
  if (found === undefined)
    throw new PlatformError('UNAUTHENTICATED', 'The provisioning token is unknown here, revoked or too old.');
  return { principalId: found.principalId, issuedAt: new Date(found.issuedAt) };
}

const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();
