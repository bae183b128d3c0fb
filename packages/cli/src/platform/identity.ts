// Who a request acts as: a bearer token of a trusted issuer, or of a work that runs.

import type { Database } from '@falaj/database';
import {
  createDirectory,
  createInternalTokens,
  createLocalIssuer,
  createTokenVerifier,
  createWorkloadTokens,
  type Directory,
  type InternalTokens,
  isWorkloadToken,
  type LocalIssuer,
  loadInternalKey,
  type TokenVerifier,
  type TrustedIssuer,
  type WorkloadTokens,
} from '@falaj/identity';
import { anonymous, PlatformError, type Principal } from '@falaj/runtime';
import type { ResolvedConfig } from '../config.js';

export interface IdentityServices {
  readonly directory: Directory;
  readonly issuer: LocalIssuer;
  readonly verifier: TokenVerifier;
  readonly tokens: InternalTokens;
  readonly workloads: WorkloadTokens;
  /** For the edge. Without credentials the caller is anonymous, to whom nothing exists. */
  authenticate(headers: Record<string, string | undefined>): Promise<Principal>;
}

/** Names the built-in issuer in its tokens; the address changes with the port, the name must not. */
const LOCAL_ISSUER = 'https://falaj.local';

export async function openIdentity(config: ResolvedConfig, database: Database): Promise<IdentityServices> {
  const directory = await createDirectory(database);
  const workloads = await createWorkloadTokens(database);
  const issuer = await createLocalIssuer({
    issuer: config.publicUrl ?? LOCAL_ISSUER,
    dataDirectory: config.dataDirectory,
  });
  const secret = process.env.FALAJ_INTERNAL_KEY;
  const tokens = createInternalTokens({
    key: await loadInternalKey(secret ? { pem: secret } : { dataDirectory: config.dataDirectory }),
  });
  const trusted: TrustedIssuer[] = [...(config.localIssuer ? [{ local: issuer }] : []), ...config.issuers];
  const verifier = createTokenVerifier({ issuers: trusted });
  return {
    directory,
    issuer,
    verifier,
    tokens,
    workloads,
    async authenticate(headers) {
      const { authorization } = headers;
      if (authorization === undefined) return anonymous;
      const [scheme, token] = authorization.split(' ');
      if (scheme?.toLowerCase() !== 'bearer' || !token) {
        throw new PlatformError('UNAUTHENTICATED', 'Authorization: expected "Bearer <token>".');
      }
      const workspaceId = headers['x-falaj-workspace'];
      if (isWorkloadToken(token)) return workloads.resolve(token, workspaceId);
      return directory.resolve(await verifier.verify(token), workspaceId);
    },
  };
}
