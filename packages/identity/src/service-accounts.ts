// By what a service account proves who it is. Changes take the caller's transaction, in the home workspace of the account.
import type { Tx } from '@falaj/database';
import { PlatformError, refused } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { checked } from './input-checks.js';
import { newId } from './new-id.js';
import { ownPrincipal, type PrincipalRecord } from './principals.js';
import { readPublicJwk } from './public-jwk.js';
import { endTokens } from './revocations.js';

export const LONGEST_KEY_DAYS = 90;
/** Enough to replace one while another is in use, and few enough to know what each is for. */
const MOST_KEYS = 10;
const DAY_MS = 86_400_000;

const newKey = z.strictObject({
  principalId: z.string().min(1),
  /** Text of a JWK. */
  publicKey: z.string(),
  expiresAt: z.date(),
  by: z.string().min(1),
});
export type NewServiceKey = z.input<typeof newKey>;

/**
 * A public key with which the service signs its client assertions (RFC 7523). Throws BAD_USER_INPUT for a key that is not
 * allowed or lives over 90 days, CONFLICT for one that is registered or revoked already, PRECONDITION_FAILED for a person
 * or over ten keys, and the errors of `ownPrincipal`.
 */
export async function registerServiceKey(tx: Tx, input: NewServiceKey): Promise<{ id: string; keyId: string }> {
  const { principalId, publicKey, expiresAt, by } = checked(newKey, input);
  const { homeWorkspaceId } = await ownService(tx, principalId);
  const days = (expiresAt.getTime() - Date.now()) / DAY_MS;
  if (!(days > 0 && days <= LONGEST_KEY_DAYS))
    throw new PlatformError(
      'BAD_USER_INPUT',
      `expiresAt: found ${expiresAt.toISOString()}, expected within the next ${LONGEST_KEY_DAYS} days.`,
      { details: { field: 'expiresAt', limitDays: LONGEST_KEY_DAYS } },
    );
  const jwk = await readPublicJwk(publicKey);
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('identity.service_key.' || ${principalId}, 0))`);
  const { rows } = await tx.execute<{ live: number; known: boolean }>(sql`
    select count(*) filter (where revoked_at is null and expires_at > now())::int as live,
      coalesce(bool_or(kid = ${jwk.kid}), false) as known
    from identity.service_key where principal_id = ${principalId}`);
  const { live = 0, known = false } = rows[0] ?? {};
  if (known)
    throw new PlatformError(
      'CONFLICT',
      `The account has or had a key ${jwk.kid}: make a new one, or give another kid.`,
    );
  if (live >= MOST_KEYS)
    throw refused({
      rule: 'SERVICE_KEYS',
      found: `${live} keys in force`,
      limit: `${MOST_KEYS - 1} at most before another`,
      whatToDo: 'revoke a key that is used no longer',
    });
  const id = newId('key');
  await tx.execute(sql`
    insert into identity.service_key (id, workspace_id, principal_id, kid, public_jwk, created_by, expires_at)
    values (${id}, ${homeWorkspaceId}, ${principalId}, ${jwk.kid}, ${JSON.stringify(jwk)}::jsonb, ${by},
      ${expiresAt.toISOString()})`);
  return { id, keyId: jwk.kid };
}

/** The key opens nothing more, and tokens of the account end. Throws NOT_FOUND for one that is not in force. */
export async function revokeServiceKey(tx: Tx, { id, by }: { id: string; by: string }): Promise<void> {
  const { rows } = await tx.execute<{ principalId: string }>(sql`
    update identity.service_key set revoked_at = clock_timestamp(), revoked_by = ${by}
    where id = ${id} and revoked_at is null returning principal_id as "principalId"`);
  if (rows[0] === undefined) throw new PlatformError('NOT_FOUND', 'No such key is in force.', { details: { id } });
  await endTokens(tx, rows[0].principalId);
}

const newWorkload = z.strictObject({
  principalId: z.string().min(1),
  issuer: z.url().max(500),
  subject: z.string().min(1).max(500),
  by: z.string().min(1),
});
export type NewWorkloadIdentity = z.input<typeof newWorkload>;

/**
 * Tokens of the issuer for the subject may be exchanged for tokens of the service (RFC 8693). Throws CONFLICT where the
 * workload is bound to this service already, PRECONDITION_FAILED for a person, and the errors of `ownPrincipal`.
 */
export async function bindWorkloadIdentity(tx: Tx, input: NewWorkloadIdentity): Promise<{ id: string }> {
  const { principalId, issuer, subject, by } = checked(newWorkload, input);
  const { homeWorkspaceId } = await ownService(tx, principalId);
  const id = newId('wli');
  await tx.execute(sql`
    insert into identity.workload_identity (id, workspace_id, principal_id, issuer, subject, created_by)
    values (${id}, ${homeWorkspaceId}, ${principalId}, ${issuer}, ${subject}, ${by})`);
  return { id };
}

/** The workload is the service no more, and tokens of the account end. Throws NOT_FOUND for one that is not bound. */
export async function unbindWorkloadIdentity(tx: Tx, { id, by }: { id: string; by: string }): Promise<void> {
  const { rows } = await tx.execute<{ principalId: string }>(sql`
    update identity.workload_identity set revoked_at = clock_timestamp(), revoked_by = ${by}
    where id = ${id} and revoked_at is null returning principal_id as "principalId"`);
  if (rows[0] === undefined) throw new PlatformError('NOT_FOUND', 'No such workload is bound.', { details: { id } });
  await endTokens(tx, rows[0].principalId);
}

/** Throws PRECONDITION_FAILED for a person, and the errors of `ownPrincipal`. */
export async function ownService(tx: Tx, principalId: string): Promise<PrincipalRecord> {
  const principal = await ownPrincipal(tx, principalId);
  if (principal.kind === 'SERVICE') return principal;
  throw refused(
    {
      rule: 'SERVICE_CREDENTIALS',
      found: 'a person',
      limit: 'a service',
      whatToDo: 'create a principal of kind SERVICE and give it the key or the workload',
    },
    'PRECONDITION_FAILED',
    { principalId },
  );
}
