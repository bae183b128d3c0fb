// Tokens are signed statements and hold until they expire; what ends them before stands in the database and is looked up
// with the principal at each request.
import { recordAudit } from '@falaj/audit';
import type { Database, Tx } from '@falaj/database';
import { PlatformError } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { checked } from './input-checks.js';
import { ownPrincipal } from './principals.js';
import type { VerifiedClaims } from './token-verifier.js';

/** Ends every token of the principal that was issued until now, whoever issued it. Errors as of `ownPrincipal`. */
export async function signOutPrincipal(tx: Tx, principalId: string): Promise<void> {
  await ownPrincipal(tx, principalId);
  await endTokens(tx, principalId);
}

/** The same for a caller that has checked whose principal it is. */
export async function endTokens(tx: Tx, principalId: string): Promise<void> {
  await tx.execute(sql`
    update identity.principal set tokens_not_before = greatest(tokens_not_before, clock_timestamp())
    where id = ${principalId}`);
}

const revocation = z.strictObject({
  principalId: z.string().min(1),
  issuer: z.string().min(1).max(500),
  tokenId: z.string().min(1).max(500),
  /** Until when the token would have held; afterwards nothing needs to be remembered. */
  expiresAt: z.date(),
  /** Id of the principal who revokes. */
  by: z.string().min(1),
});

/** Ends one token (`jti`) of the principal. Idempotent. The caller has checked whose principal it is. */
export async function revokeToken(tx: Tx, input: z.input<typeof revocation>): Promise<void> {
  const { principalId, issuer, tokenId, expiresAt, by } = checked(revocation, input);
  await tx.execute(sql`
    insert into identity.revoked_token (principal_id, issuer, token_id, expires_at, revoked_by)
    values (${principalId}, ${issuer}, ${tokenId}, ${expiresAt.toISOString()}, ${by}) on conflict do nothing`);
}

/**
 * Whoever holds a token may end it (RFC 7009): on record in the home of its principal. One of an unknown principal opens
 * nothing anyhow. Throws BAD_USER_INPUT for a token without an id, which can only be ended with all others.
 */
export async function revokeOwnToken(database: Database, claims: VerifiedClaims): Promise<void> {
  const { issuer, subject, local, tokenId, expiresAt } = claims;
  if (tokenId === undefined)
    throw new PlatformError('BAD_USER_INPUT', 'The token has no jti: sign out its principal instead.', {
      details: { oauth: 'unsupported_token_type' },
    });
  await database.asSystem(async (tx) => {
    const { rows } = await tx.execute<{ id: string; kind: 'USER' | 'SERVICE'; workspaceId: string }>(sql`
      select id, kind, home_workspace_id as "workspaceId" from identity.principal
      where ${local ? sql`id = ${subject}` : sql`issuer = ${issuer} and subject = ${subject}`}`);
    const [principal] = rows;
    if (principal === undefined) return;
    await revokeToken(tx, { principalId: principal.id, issuer, tokenId, expiresAt, by: principal.id });
    await recordAudit(tx, {
      workspaceId: principal.workspaceId,
      actorId: principal.id,
      actorKind: principal.kind,
      action: 'revokeOwnToken',
      subjectType: 'Principal',
      subjectId: principal.id,
      outcome: 'SUCCEEDED',
      reason: null,
      requestId: 'token revocation',
      traceId: null,
      policyVersion: null,
      details: { issuer, tokenId },
    });
  });
}
