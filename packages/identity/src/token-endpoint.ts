// How programs come to tokens of the built-in issuer: with a key of their own (RFC 7523, private_key_jwt) or with a token
// of the place they run in (RFC 8693). Who calls is a stranger until something verified.
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { type AuditEntry, recordAudit } from '@falaj/audit';
import type { Database, Tx } from '@falaj/database';
import { PlatformError } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { type AccessToken, type LocalIssuer, PLATFORM_AUDIENCE, type TokenOptions } from './local-issuer.js';
import type { PublicJwk } from './public-jwk.js';
import type { TokenVerifier } from './token-verifier.js';

const TOKEN_SECONDS = 600;
const LONGEST_ASSERTION_SECONDS = 300;
const CLOCK_TOLERANCE_SECONDS = 5;
const LONGEST_ASSERTION = 16_384;
const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const SUBJECT_TOKEN_TYPES = ['jwt', 'id_token', 'access_token'].map(
  (name) => `urn:ietf:params:oauth:token-type:${name}`,
);

export interface TokenResponse {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  readonly expires_in: number;
  readonly issued_token_type?: string;
}

export interface TokenEndpoint {
  /**
   * Answers the parameters of a request. Throws UNAUTHENTICATED or BAD_USER_INPUT; `details.oauth` is the error code of
   * RFC 6749, section 5.2.
   */
  token(parameters: ReadonlyMap<string, string>): Promise<TokenResponse>;
}

export interface TokenEndpointOptions {
  readonly database: Database;
  readonly issuer: LocalIssuer;
  /** Issuers whose tokens may be exchanged. */
  readonly workloads: TokenVerifier;
  /** Throws RATE_LIMITED where a client that proved who it is asks too often. */
  readonly admit?: (clientId: string) => void;
  /** What a client assertion may name as its audience: the issuer and the address of this endpoint. */
  readonly audiences: () => readonly string[];
  /** Milliseconds since the epoch; tests move it. */
  readonly now?: () => number;
}

interface KeyRow {
  readonly id: string;
  readonly jwk: PublicJwk;
}

export function createTokenEndpoint(options: TokenEndpointOptions): TokenEndpoint {
  const { database, issuer, workloads, audiences, admit = () => undefined, now = Date.now } = options;

  const issue = async (
    tx: Tx,
    account: { id: string; homeWorkspaceId: string },
    token: TokenOptions,
    record: { action: string; details: Record<string, unknown> },
  ): Promise<AccessToken> => {
    admit(account.id);
    const issued = await issuer.issueAccessToken(account.id, token);
    await recordAudit(tx, auditOf(account, record.action, { ...record.details, tokenId: issued.tokenId }));
    return issued;
  };

  /** Verified, unspent, and spent by this call. */
  const clientCredentials = async (parameters: ReadonlyMap<string, string>): Promise<TokenResponse> => {
    if (parameters.get('client_assertion_type') !== JWT_BEARER)
      throw refusal('invalid_client', `client_assertion_type must be ${JWT_BEARER}`);
    const assertion = parameters.get('client_assertion') ?? '';
    const { clientId, kid } = claimedBy(assertion);
    if ((parameters.get('client_id') ?? clientId) !== clientId)
      throw refusal('invalid_client', 'client_id is not the one of the assertion');
    const keys = await keysOf(database, clientId);
    const { key, claims } = await verifiedBy(
      kid === undefined ? keys : keys.filter(({ jwk }) => jwk.kid === kid),
      assertion,
      { clientId, audience: [...audiences()], at: now() },
    );
    const issued = await database.asSystem(async (tx) => {
      // Together with the token: of two that come at once, in any process, one finds the other's row.
      const { rows: spent } = await tx.execute<{ token_id: string }>(sql`
        insert into identity.used_assertion (principal_id, token_id, expires_at)
        values (${clientId}, ${claims.jti}, to_timestamp(${claims.exp})) on conflict do nothing returning token_id`);
      if (spent.length === 0) return 'replayed';
      const account = await accountOf(
        tx,
        sql`
        select p.id, p.home_workspace_id as "homeWorkspaceId" from identity.service_key k
        join identity.principal p on p.id = k.principal_id
        where k.id = ${key.id} and k.revoked_at is null and k.expires_at > now() and p.disabled_at is null`,
      );
      if (account === undefined) throw refusal('invalid_client', 'The key is not in force any more');
      return issue(
        tx,
        account,
        { ttlSeconds: TOKEN_SECONDS, authenticated: ['pop'] },
        { action: 'issueServiceToken', details: { serviceKeyId: key.id } },
      );
    });
    if (issued === 'replayed') throw refusal('invalid_client', 'The client assertion was used already: sign a new one');
    return responseOf(issued, now());
  };

  const exchange = async (parameters: ReadonlyMap<string, string>): Promise<TokenResponse> => {
    for (const unsupported of ['actor_token', 'actor_token_type', 'resource', 'scope'])
      if (parameters.has(unsupported)) throw refusal('invalid_request', `${unsupported} is not supported`);
    if (!SUBJECT_TOKEN_TYPES.includes(parameters.get('subject_token_type') ?? ''))
      throw refusal('invalid_request', `subject_token_type must be one of ${SUBJECT_TOKEN_TYPES.join(', ')}`);
    if ((parameters.get('requested_token_type') ?? ACCESS_TOKEN) !== ACCESS_TOKEN)
      throw refusal('invalid_request', `requested_token_type must be ${ACCESS_TOKEN}`);
    if ((parameters.get('audience') ?? PLATFORM_AUDIENCE) !== PLATFORM_AUDIENCE)
      throw refusal('invalid_target', `audience must be ${PLATFORM_AUDIENCE}`);
    // Whoever bound the workload first does not decide what it becomes: it says itself.
    const clientId = parameters.get('client_id');
    if (clientId === undefined)
      throw refusal('invalid_request', 'client_id must name the service account that the workload is');
    const workload = await workloads.verify(parameters.get('subject_token') ?? '').catch((cause: unknown) => {
      throw refusal('invalid_grant', cause instanceof PlatformError ? cause.message.replace(/\.$/, '') : 'not valid');
    });
    const leftSeconds = Math.floor((workload.expiresAt.getTime() - now()) / 1_000);
    if (leftSeconds < 1) throw refusal('invalid_grant', 'The access token has expired');
    const issued = await database.asSystem(async (tx) => {
      const account = await accountOf(
        tx,
        sql`
        select p.id, p.home_workspace_id as "homeWorkspaceId" from identity.workload_identity w
        join identity.principal p on p.id = w.principal_id
        where w.principal_id = ${clientId} and w.issuer = ${workload.issuer} and w.subject = ${workload.subject}
          and w.revoked_at is null and p.disabled_at is null`,
      );
      if (account === undefined)
        throw refusal(
          'invalid_grant',
          'The workload is not bound to this service account, or the account is not in force',
        );
      return issue(
        tx,
        account,
        {
          ttlSeconds: Math.min(TOKEN_SECONDS, leftSeconds),
          actor: { iss: workload.issuer, sub: workload.subject },
        },
        { action: 'exchangeToken', details: { issuer: workload.issuer, workload: workload.subject } },
      );
    });
    return { ...responseOf(issued, now()), issued_token_type: ACCESS_TOKEN };
  };

  return {
    async token(parameters) {
      const grant = parameters.get('grant_type');
      if (grant === 'client_credentials') return clientCredentials(parameters);
      if (grant === TOKEN_EXCHANGE) return exchange(parameters);
      throw refusal('unsupported_grant_type', `grant_type must be client_credentials or ${TOKEN_EXCHANGE}`);
    },
  };
}

/** Unverified: who it says it is, and by which key. */
function claimedBy(assertion: string): { clientId: string; kid: string | undefined } {
  try {
    if (assertion.length > LONGEST_ASSERTION) throw new Error('too long');
    const { typ, kid } = decodeProtectedHeader(assertion);
    const { iss, sub } = decodeJwt(assertion);
    if (iss === undefined || iss !== sub) throw new Error('iss and sub differ');
    // Above all no access token, which is signed and names its subject too.
    if (typ !== undefined && !['JWT', 'client-authentication+jwt'].includes(typ)) throw new Error('another type');
    return { clientId: sub, kid };
  } catch {
    throw notValid();
  }
}

async function keysOf(database: Database, principalId: string): Promise<readonly KeyRow[]> {
  const { rows } = await database.asSystem((tx) =>
    tx.execute<KeyRow & Record<string, unknown>>(sql`
      select k.id, k.public_jwk as jwk from identity.service_key k join identity.principal p on p.id = k.principal_id
      where k.principal_id = ${principalId} and k.revoked_at is null and k.expires_at > now()
        and p.kind = 'SERVICE' and p.disabled_at is null order by k.id`),
  );
  return rows;
}

async function verifiedBy(
  keys: readonly KeyRow[],
  assertion: string,
  expected: { readonly clientId: string; readonly audience: string[]; readonly at: number },
): Promise<{ key: KeyRow; claims: { jti: string; exp: number } }> {
  for (const key of keys) {
    const publicKey = createPublicKey({ key: key.jwk as unknown as JsonWebKey, format: 'jwk' });
    const verified = await jwtVerify(assertion, publicKey, {
      algorithms: [key.jwk.alg],
      issuer: expected.clientId,
      subject: expected.clientId,
      audience: expected.audience,
      requiredClaims: ['exp', 'jti'],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(expected.at),
    }).catch(() => undefined);
    if (verified === undefined) continue;
    const { jti, exp } = verified.payload as { jti: string; exp: number };
    if (exp * 1_000 > expected.at + (LONGEST_ASSERTION_SECONDS + CLOCK_TOLERANCE_SECONDS) * 1_000)
      throw refusal('invalid_client', `The client assertion may live ${LONGEST_ASSERTION_SECONDS} s at most`);
    if (typeof jti !== 'string' || jti === '' || jti.length > 256)
      throw refusal('invalid_client', 'jti is 1 to 256 characters');
    return { key, claims: { jti, exp } };
  }
  throw notValid();
}

async function accountOf(
  tx: Tx,
  query: ReturnType<typeof sql>,
): Promise<{ id: string; homeWorkspaceId: string } | undefined> {
  const { rows } = await tx.execute<{ id: string; homeWorkspaceId: string }>(query);
  return rows[0];
}

const responseOf = ({ token, expiresAt }: AccessToken, now: number): TokenResponse => ({
  access_token: token,
  token_type: 'Bearer',
  expires_in: Math.max(0, Math.floor((expiresAt.getTime() - now) / 1_000)),
});

const auditOf = (
  account: { readonly id: string; readonly homeWorkspaceId: string },
  action: string,
  details: Record<string, unknown>,
): AuditEntry => ({
  workspaceId: account.homeWorkspaceId,
  actorId: account.id,
  actorKind: 'SERVICE',
  action,
  subjectType: 'Principal',
  subjectId: account.id,
  outcome: 'SUCCEEDED',
  reason: null,
  requestId: 'token endpoint',
  traceId: null,
  policyVersion: null,
  details,
});

/** The same for an unknown account, an unknown key and a wrong signature: strangers learn nothing of accounts. */
const notValid = (): PlatformError =>
  refusal(
    'invalid_client',
    'The client assertion is not valid: signed by a key in force, iss and sub the account, aud this issuer, exp and jti present',
  );

function refusal(oauth: string, why: string): PlatformError {
  return new PlatformError(oauth === 'invalid_client' ? 'UNAUTHENTICATED' : 'BAD_USER_INPUT', `${why}.`, {
    details: { oauth },
  });
}
