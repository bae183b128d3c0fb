// Where the keys of an OpenID Connect issuer are found: discovery (OpenID Connect Discovery 1.0, section 4), then its
// key set, both remembered. Nothing is followed to another place: redirects are errors.
import { createLogger, PlatformError } from '@falaj/runtime';
import { createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';

const log = createLogger('identity');
const TIMEOUT_MS = 5_000;
const RETRY_MS = 5_000;
const configuration = z.object({ issuer: z.string(), jwks_uri: z.string() });

/** Answers `jose` with the key for a token. Throws UNAUTHENTICATED while the issuer cannot be asked. */
export function remoteKeys(issuer: string, jwksUri: string | undefined): JWTVerifyGetKey {
  let found: Promise<ReturnType<typeof createRemoteJWKSet>> | undefined;
  let failedAt = Number.NEGATIVE_INFINITY;
  const open = async () => {
    const url = secureUrl(jwksUri ?? (await discover(issuer)), `the key set of ${issuer}`);
    return createRemoteJWKSet(url, { timeoutDuration: TIMEOUT_MS });
  };
  return async (header, token) => {
    if (found === undefined) {
      if (performance.now() - failedAt < RETRY_MS) throw unreachable(issuer);
      found = open();
      found.catch(() => {
        found = undefined;
        failedAt = performance.now();
      });
    }
    try {
      return await (await found)(header, token);
    } catch (cause) {
      // No key fits: that is the token's fault. Anything else is the issuer's.
      if (cause instanceof errors.JWKSNoMatchingKey || cause instanceof errors.JWKSMultipleMatchingKeys) throw cause;
      log.warn('the keys of an issuer cannot be had', { issuer, reason: String(cause) });
      throw unreachable(issuer, cause);
    }
  };
}

async function discover(issuer: string): Promise<string> {
  const url = secureUrl(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, `the issuer ${issuer}`);
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`discovery answered ${response.status}`);
  const found = configuration.parse(await response.json());
  if (found.issuer !== issuer) throw new Error(`discovery names another issuer: ${found.issuer}`);
  return found.jwks_uri;
}

/** Keys that come in clear text could be anybody's; on this very machine they may. Throws CONFIG_INVALID. */
export function secureUrl(text: string, what: string): URL {
  const url = URL.parse(text);
  const local = url !== null && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  if (url === null || url.username !== '' || !(url.protocol === 'https:' || (url.protocol === 'http:' && local)))
    throw new PlatformError(
      'CONFIG_INVALID',
      `The URL of ${what} must be https (http on this machine only); found ${text}.`,
    );
  return url;
}

const unreachable = (issuer: string, cause?: unknown): PlatformError =>
  new PlatformError('UNAUTHENTICATED', 'The keys of the token issuer cannot be had just now; try again shortly.', {
    details: { issuer },
    cause,
  });
