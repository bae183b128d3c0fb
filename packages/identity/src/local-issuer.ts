// The built-in issuer: for local use and service accounts, where no OpenID Connect issuer is configured.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { PlatformError } from '@falaj/runtime';
import { type CryptoKey, errors, type JSONWebKeySet, type JWTHeaderParameters, type KeyObject, SignJWT } from 'jose';
import { openSigningKeys } from './signing-keys.js';

/** Audience of tokens for the platform's own API. */
export const PLATFORM_AUDIENCE = 'falaj';
const LONGEST_TOKEN_SECONDS = 900;
const DEFAULT_TOKEN_SECONDS = 600;

export interface AccessToken {
  readonly token: string;
  /** By which it can be revoked (`jti`). */
  readonly tokenId: string;
  readonly expiresAt: Date;
}

export interface TokenOptions {
  readonly ttlSeconds?: number;
  readonly audience?: string;
  /** Where the principal itself has just proved who it is: how. Without it the token opens nothing secret. */
  readonly authenticated?: readonly string[];
  /** Who holds the token on behalf of the principal (`act` of RFC 8693). */
  readonly actor?: { readonly iss: string; readonly sub: string };
}

export interface LocalIssuer {
  readonly issuer: string;
  /**
   * A token that says no more than who the principal is: roles are looked up at each request. The caller has checked
   * that it may act for the principal. Throws BAD_USER_INPUT for a lifetime outside 1 to 900 seconds.
   */
  issueAccessToken(principalId: string, options?: TokenOptions): Promise<AccessToken>;
  /** Public keys of all tokens that may still be valid. */
  jwks(): Promise<JSONWebKeySet>;
  /** The key for a token's header, as `jose` asks for it. */
  verificationKey(header: JWTHeaderParameters): Promise<CryptoKey | KeyObject>;
  /** A new signing key; the old one is accepted until its last token has expired. */
  rotateKey(): Promise<void>;
}

/** Keys live in `<dataDirectory>/keys/issuer`, 0600. `issuer` is the URL that tokens bear and where its documents are served. */
export async function createLocalIssuer(options: {
  readonly issuer: string;
  readonly dataDirectory: string;
  /** Milliseconds since the epoch; tests move it. */
  readonly now?: () => number;
}): Promise<LocalIssuer> {
  const { issuer, dataDirectory, now = Date.now } = options;
  const keys = await openSigningKeys({
    folder: join(dataDirectory, 'keys', 'issuer'),
    acceptReplacedMs: (LONGEST_TOKEN_SECONDS + 60) * 1_000,
    now,
  });
  return {
    issuer,
    async issueAccessToken(principalId, options = {}) {
      const { ttlSeconds = DEFAULT_TOKEN_SECONDS, audience = PLATFORM_AUDIENCE, authenticated, actor } = options;
      if (!Number.isInteger(ttlSeconds) || ttlSeconds < 1 || ttlSeconds > LONGEST_TOKEN_SECONDS)
        throw new PlatformError(
          'BAD_USER_INPUT',
          `ttlSeconds: found ${ttlSeconds}, expected a whole number from 1 to ${LONGEST_TOKEN_SECONDS}.`,
          { details: { field: 'ttlSeconds', found: ttlSeconds, limit: LONGEST_TOKEN_SECONDS } },
        );
      const [{ kid, privateKey }] = await keys.inUse();
      const issuedAt = Math.floor(now() / 1_000);
      const tokenId = randomUUID();
      const token = await new SignJWT({
        client_id: PLATFORM_AUDIENCE,
        ...(authenticated ? { auth_time: issuedAt, amr: [...authenticated] } : {}),
        ...(actor ? { act: actor } : {}),
      })
        .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(principalId)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + ttlSeconds)
        .setJti(tokenId)
        .sign(privateKey);
      return { token, tokenId, expiresAt: new Date((issuedAt + ttlSeconds) * 1_000) };
    },
    async jwks() {
      return { keys: (await keys.inUse()).map(({ publicJwk }) => publicJwk) };
    },
    async verificationKey({ kid }) {
      const key = (await keys.inUse()).find((candidate) => candidate.kid === kid);
      if (key === undefined) throw new errors.JWKSNoMatchingKey();
      return key.publicKey;
    },
    rotateKey: () => keys.rotate(),
  };
}
