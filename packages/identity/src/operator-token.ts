import { recordAudit } from '@falaj/audit';
import type { Database } from '@falaj/database';
import { PlatformError } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import type { AccessToken, LocalIssuer } from './local-issuer.js';
import { PLATFORM_WORKSPACE } from './role-bindings.js';

const OPERATOR_TOKEN_SECONDS = 600;

/**
 * How the command line signs in on its own machine: whoever can read the issuer's key file may act as any principal, so
 * it may as well have a token, short and on record. `principal` is an id, or a name where only one bears it. Throws
 * NOT_FOUND, BAD_USER_INPUT for an ambiguous name, PRECONDITION_FAILED for a disabled principal.
 */
export async function operatorToken(
  database: Database,
  issuer: LocalIssuer,
  options: { readonly principal: string; readonly ttlSeconds?: number },
): Promise<AccessToken & { readonly principalId: string }> {
  const { principal, ttlSeconds = OPERATOR_TOKEN_SECONDS } = options;
  return database.asSystem(async (tx) => {
    const { rows } = await tx.execute<{ id: string; disabled: boolean }>(sql`
      select id, disabled_at is not null as disabled from identity.principal
      where id = ${principal} or name = ${principal} order by (id = ${principal}) desc, id limit 2`);
    const [found, other] = rows;
    if (found === undefined) throw new PlatformError('NOT_FOUND', `No principal has the id or name ${principal}.`);
    if (found.id !== principal && other !== undefined)
      throw new PlatformError('BAD_USER_INPUT', `Several principals are named ${principal}: give the id.`);
    if (found.disabled) throw new PlatformError('PRECONDITION_FAILED', `The principal ${principal} is disabled.`);
    const issued = await issuer.issueAccessToken(found.id, { ttlSeconds, authenticated: ['swk'] });
    await recordAudit(tx, {
      workspaceId: PLATFORM_WORKSPACE,
      actorId: 'operator',
      actorKind: 'SERVICE',
      action: 'issueOperatorToken',
      subjectType: 'Principal',
      subjectId: found.id,
      outcome: 'SUCCEEDED',
      reason: null,
      requestId: 'command line',
      traceId: null,
      policyVersion: null,
      details: { ttlSeconds, tokenId: issued.tokenId },
    });
    return { ...issued, principalId: found.id };
  });
}
