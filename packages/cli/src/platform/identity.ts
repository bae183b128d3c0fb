// Who a request acts as: a bearer token of a trusted issuer.

import type { Database } from '@falaj/database';
import {
  createDirectory,
  createInternalTokens,
  createLocalIssuer,
  createTokenVerifier,
  type Directory,
  type InternalTokens,
  type LocalIssuer,
  loadInternalKey,
  type TrustedIssuer,
} from '@falaj/identity';
import { anonymous, PlatformError, type Principal } from '@falaj/runtime';
import type { ResolvedConfig } from '../config.js';

export interface IdentityServices {
  readonly directory: Directory;
  readonly issuer: LocalIssuer;
  readonly tokens: InternalTokens;
  /** For the edge. Without credentials the caller is anonymous, to whom nothing exists. */
  authenticate(headers: Record<string, string | undefined>): Promise<Principal>;
}

/** Names the built-in issuer in its tokens; the address changes with the port, the name must not. */
const LOCAL_ISSUER = 'https://falaj.local';

export async function openIdentity(config: ResolvedConfig, database: Database): Promise<IdentityServices> {
  const directory = await createDirectory(database);
  const issuer = await createLocalIssuer({ issuer: LOCAL_ISSUER, dataDirectory: config.dataDirectory });
  const secret = process.env.FALAJ_INTERNAL_KEY;
  const tokens = createInternalTokens({
    key: await loadInternalKey(secret ? { pem: secret } : { dataDirectory: config.dataDirectory }),
  });
  const trusted: TrustedIssuer[] = [...(config.localIssuer ? [{ local: issuer }] : []), ...config.issuers];
  const verifier = createTokenVerifier({ issuers: trusted });
  return {
    directory,
    issuer,
    tokens,
    async authenticate(headers) {
      const { authorization } = headers;
      if (authorization === undefined) return anonymous;
      const [scheme, token] = authorization.split(' ');
      if (scheme?.toLowerCase() !== 'bearer' || !token) {
        throw new PlatformError('UNAUTHENTICATED', 'Authorization: expected "Bearer <token>".');
      }
      return directory.resolve(await verifier.verify(token), headers['x-falaj-workspace']);
    },
  };
}
