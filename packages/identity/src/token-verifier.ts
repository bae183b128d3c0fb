// One way in for every access token: the built-in issuer's and those of the configured OpenID Connect issuers. The
// issuer's own entry decides algorithms, type and audience; nothing that the token says of itself does.
import { createHash } from 'node:crypto';
import { isPlatformError, PlatformError, type Principal } from '@falaj/runtime';
import { decodeJwt, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { remoteKeys, secureUrl } from './issuer-keys.js';
import { type LocalIssuer, PLATFORM_AUDIENCE } from './local-issuer.js';

/** Public-key algorithms only: with a shared secret, whoever verifies could also sign. */
const algorithms = ['EdDSA', 'ES256', 'RS256'] as const;
export type TokenAlgorithm = (typeof algorithms)[number];

/** Whose tokens are accepted, and how. */
export type TrustedIssuer =
  | { readonly local: LocalIssuer; readonly audience?: string }
  | {
      /** Exactly as in the tokens and in the discovery document. */
      readonly issuer: string;
      readonly audience: string;
      /** Default: found by discovery. */
      readonly jwksUri?: string | undefined;
      /** Default: all three. */
      readonly algorithms?: readonly TokenAlgorithm[] | undefined;
      /**
       * Type in the token's header; default `at+jwt` (RFC 9068). Issuers before that RFC write `JWT`; `any` for one that
       * writes none, such as Kubernetes.
       */
      readonly tokenType?: string | undefined;
      /** The claim that names the principal; default `sub`. */
      readonly subjectClaim?: string | undefined;
    };

/** `sub` and `sid` of a token, whatever claim names its principal. */
export interface Session {
  readonly subject?: string;
  readonly id?: string;
}

/** What a verified token says. Who that is here, the directory knows. */
export interface VerifiedClaims {
  readonly issuer: string;
  /** Id of the principal when `local`, else the issuer's own name for it. */
  readonly subject: string;
  /** Issued by this platform itself. */
  readonly local: boolean;
  readonly expiresAt: Date;
  readonly issuedAt: Date;
  /** `jti`, by which it can be revoked alone. */
  readonly tokenId?: string;
  /** What the issuer ends a session by; absent where the token names neither, and for the built-in issuer. */
  readonly session?: Session;
  /** Where the issuer says when its subject signed in. */
  readonly authentication?: NonNullable<Principal['authentication']>;
}

export interface TokenVerifier {
  /** Throws UNAUTHENTICATED for everything that is not a valid token of a trusted issuer. */
  verify(token: string): Promise<VerifiedClaims>;
}

interface Entry {
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
  readonly tokenType: string;
  readonly subjectClaim: string;
  readonly local: boolean;
  readonly keys: JWTVerifyGetKey;
}

const LONGEST_TOKEN = 16_384;
const CLOCK_TOLERANCE_SECONDS = 5;
/** A verified token is not verified again for this long; roles and disabling are the directory's, at most a second old. */
const REMEMBERED_MS = 30_000;
const MOST_REMEMBERED = 5_000;

/** Throws CONFIG_INVALID for two entries of one issuer, an algorithm outside the list or an issuer in clear text. */
export function createTokenVerifier({
  issuers,
  now = Date.now,
}: {
  readonly issuers: readonly TrustedIssuer[];
  /** Milliseconds since the epoch; tests move it. */
  readonly now?: () => number;
}): TokenVerifier {
  const entries = new Map<string, Entry>();
  for (const issuer of issuers) {
    const entry = entryOf(issuer);
    if (entries.has(entry.issuer))
      throw new PlatformError('CONFIG_INVALID', `The issuer ${entry.issuer} is configured twice.`);
    entries.set(entry.issuer, entry);
  }
  const remembered = new Map<string, { readonly claims: VerifiedClaims; readonly until: number }>();

  return {
    async verify(token) {
      if (token.length > LONGEST_TOKEN) refuse('is too long');
      const digest = createHash('sha256').update(token).digest('base64');
      const known = remembered.get(digest);
      if (known !== undefined && now() < known.until) return known.claims;
      const claims = await verifyWith(entries, token, new Date(now()));
      remembered.delete(digest);
      if (remembered.size >= MOST_REMEMBERED) remembered.delete(remembered.keys().next().value as string);
      remembered.set(digest, { claims, until: Math.min(now() + REMEMBERED_MS, claims.expiresAt.getTime()) });
      return claims;
    },
  };
}

async function verifyWith(entries: ReadonlyMap<string, Entry>, token: string, at: Date): Promise<VerifiedClaims> {
  // Unverified, and used for nothing but to choose whose rules apply.
  const entry = entries.get(claimedIssuer(token) ?? '') ?? refuse('is of no trusted issuer');
  const { payload } = await jwtVerify(token, entry.keys, {
    issuer: entry.issuer,
    audience: entry.audience,
    algorithms: [...entry.algorithms],
    ...(entry.tokenType === 'any' ? {} : { typ: entry.tokenType }),
    requiredClaims: ['exp', 'iat', entry.subjectClaim],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    currentDate: at,
  }).catch(explain);
  const subject = payload[entry.subjectClaim];
  if (typeof subject !== 'string' || subject === '') refuse(`names no principal in ${entry.subjectClaim}`);
  const { iat, exp, jti } = payload as { iat: number; exp: number; jti?: string };
  const future = at.getTime() / 1_000 + CLOCK_TOLERANCE_SECONDS;
  if (iat > future) refuse('is from the future');
  const authentication = authenticationOf(payload);
  if (authentication && authentication.at > future) refuse('is of a sign-in in the future');
  return {
    issuer: entry.issuer,
    subject,
    local: entry.local,
    expiresAt: new Date(exp * 1_000),
    issuedAt: new Date(iat * 1_000),
    ...(jti ? { tokenId: jti } : {}),
    ...(entry.local ? {} : { session: sessionOf(payload) }),
    ...(authentication ? { authentication } : {}),
  };
}

const sessionOf = ({ sub, sid }: JWTPayload): Session => ({
  ...(sub === undefined ? {} : { subject: sub }),
  ...(typeof sid === 'string' ? { id: sid } : {}),
});

/** Claims of another form than OpenID Connect's say nothing. */
function authenticationOf({ auth_time: time, amr, acr }: JWTPayload): Principal['authentication'] {
  if (typeof time !== 'number' || !Number.isFinite(time)) return undefined;
  return {
    at: Math.floor(time),
    methods: Array.isArray(amr) ? amr.filter((method) => typeof method === 'string') : [],
    ...(typeof acr === 'string' ? { context: acr } : {}),
  };
}

function claimedIssuer(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

function entryOf(trusted: TrustedIssuer): Entry {
  if ('local' in trusted)
    return {
      issuer: trusted.local.issuer,
      audience: trusted.audience ?? PLATFORM_AUDIENCE,
      algorithms: ['EdDSA'],
      tokenType: 'at+jwt',
      subjectClaim: 'sub',
      local: true,
      keys: (header) => trusted.local.verificationKey(header),
    };
  const allowed = trusted.algorithms ?? algorithms;
  const unknown = allowed.filter((name) => !algorithms.includes(name));
  if (unknown.length > 0 || allowed.length === 0)
    throw new PlatformError(
      'CONFIG_INVALID',
      `Issuer ${trusted.issuer}: algorithms must be some of ${algorithms.join(', ')}; found ${unknown.join(', ') || 'none'}.`,
    );
  if (trusted.audience === '')
    throw new PlatformError(
      'CONFIG_INVALID',
      `Issuer ${trusted.issuer}: an audience is needed, or tokens for others would pass.`,
    );
  secureUrl(trusted.issuer, 'an issuer');
  return {
    issuer: trusted.issuer,
    audience: trusted.audience,
    algorithms: allowed,
    tokenType: trusted.tokenType ?? 'at+jwt',
    subjectClaim: trusted.subjectClaim ?? 'sub',
    local: false,
    keys: remoteKeys(trusted.issuer, trusted.jwksUri),
  };
}

/** Says enough to mend a client, and nothing of keys. */
function explain(error: unknown): never {
  if (isPlatformError(error)) throw error;
  if (error instanceof errors.JWTExpired) refuse('has expired');
  if (error instanceof errors.JWTClaimValidationFailed) refuse(`has a wrong or missing claim: ${error.claim}`);
  if (error instanceof errors.JOSEAlgNotAllowed) refuse('is signed with an algorithm that is not allowed');
  refuse('is not valid');
}

function refuse(why: string): never {
  throw new PlatformError('UNAUTHENTICATED', `The access token ${why}.`);
}
