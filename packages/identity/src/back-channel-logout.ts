// An issuer says that a session has ended there (OpenID Connect Back-Channel Logout 1.0): what it issued for that session
// opens nothing more here.
import { type AuditEntry, NO_WORKSPACE, recordAudit } from '@falaj/audit';
import type { Database, Tx } from '@falaj/database';
import { isPlatformError, PlatformError } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import { decodeJwt, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { z } from 'zod';
import { remoteKeys } from './issuer-keys.js';

/** An issuer whose logouts are taken. */
export interface LogoutIssuer {
  readonly issuer: string;
  /** Client id that its logout tokens name as their audience. */
  readonly logoutAudience: string;
  readonly jwksUri?: string | undefined;
  readonly algorithms?: readonly string[] | undefined;
}

export interface BackChannelLogout {
  /** Takes a logout token, once. Throws BAD_USER_INPUT (`details.oauth` is `invalid_request`) for everything else. */
  receive(logoutToken: string): Promise<void>;
}

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const LONGEST_TOKEN = 16_384;
const CLOCK_TOLERANCE_SECONDS = 5;
/** An issuer sends at once. */
const OLDEST_SECONDS = 300;
/** Longer than any issuer should let an access token live. */
const REMEMBERED_SECONDS = 7 * 86_400;

/** Section 2.4: `nonce` is forbidden, so that no ID token passes for one of these. */
const logoutClaims = z
  .looseObject({
    iat: z.number(),
    exp: z.number(),
    jti: z.string().min(1).max(256),
    sub: z.string().min(1).max(255).optional(),
    sid: z.string().min(1).max(255).optional(),
    nonce: z.undefined().optional(),
    events: z.looseObject({ [EVENT]: z.looseObject({}) }),
  })
  .refine(({ sub, sid }) => sub !== undefined || sid !== undefined);

/** `now`: milliseconds since the epoch; tests move it. */
export function createBackChannelLogout(options: {
  readonly database: Database;
  readonly issuers: readonly LogoutIssuer[];
  readonly now?: () => number;
}): BackChannelLogout {
  const { database, now = Date.now } = options;
  const known = new Map<string, { readonly issuer: LogoutIssuer; readonly keys: JWTVerifyGetKey }>(
    options.issuers.map((issuer) => [issuer.issuer, { issuer, keys: remoteKeys(issuer.issuer, issuer.jwksUri) }]),
  );

  return {
    async receive(logoutToken) {
      // Unverified, and used for nothing but to choose whose rules apply.
      const entry = known.get(claimedIssuer(logoutToken) ?? '');
      if (entry === undefined) throw refusal('no issuer whose logouts are taken here');
      const { issuer, logoutAudience, algorithms = ['EdDSA', 'ES256', 'RS256'] } = entry.issuer;
      const { payload } = await jwtVerify(logoutToken, entry.keys, {
        issuer,
        audience: logoutAudience,
        algorithms: [...algorithms],
        typ: 'logout+jwt',
        requiredClaims: ['iat', 'exp', 'jti', 'events'],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        maxTokenAge: OLDEST_SECONDS,
        currentDate: new Date(now()),
      }).catch((error: unknown) => {
        throw isPlatformError(error) ? error : refusal('a logout token that is not valid');
      });
      const claims = logoutClaims.safeParse(payload);
      if (!claims.success) throw refusal('claims that are not those of a logout token');
      const { iat, jti, sub, sid } = claims.data;
      await database.asSystem(async (tx) => {
        // Together with the end, so that of two at once one finds the other's row.
        const { rows: spent } = await tx.execute<{ token_id: string }>(sql`
          insert into identity.used_logout_token (issuer, token_id, expires_at)
          values (${issuer}, ${jti}, to_timestamp(${iat + OLDEST_SECONDS + 2 * CLOCK_TOLERANCE_SECONDS}))
          on conflict do nothing returning token_id`);
        if (spent.length === 0) throw refusal('a logout token that was taken already');
        // By the issuer's own clock, which also dates its tokens.
        await tx.execute(sql`
          insert into identity.ended_session (issuer, subject, sid, ended_at, expires_at)
          values (${issuer}, ${sub ?? null}, ${sid ?? null}, to_timestamp(${iat}),
            now() + make_interval(secs => ${REMEMBERED_SECONDS}))`);
        await recordAudit(tx, await recordOf(tx, { issuer, sub, sid, jti }));
      });
    },
  };
}

async function recordOf(
  tx: Tx,
  { issuer, sub, sid, jti }: { issuer: string; sub: string | undefined; sid: string | undefined; jti: string },
): Promise<AuditEntry> {
  const { rows } = await tx.execute<{ id: string; workspaceId: string }>(sql`
    select id, home_workspace_id as "workspaceId" from identity.principal
    where issuer = ${issuer} and subject = ${sub ?? null}`);
  return {
    workspaceId: rows[0]?.workspaceId ?? NO_WORKSPACE,
    actorId: issuer,
    actorKind: 'SERVICE',
    action: 'backChannelLogout',
    subjectType: 'Principal',
    subjectId: rows[0]?.id ?? null,
    outcome: 'SUCCEEDED',
    reason: null,
    requestId: 'back-channel logout',
    traceId: null,
    policyVersion: null,
    details: { tokenId: jti, ...(sid === undefined ? {} : { sid }) },
  };
}

function claimedIssuer(token: string): string | undefined {
  try {
    return token.length > LONGEST_TOKEN ? undefined : decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

const refusal = (found: string): PlatformError =>
  new PlatformError('BAD_USER_INPUT', `logout_token: found ${found}.`, { details: { oauth: 'invalid_request' } });
