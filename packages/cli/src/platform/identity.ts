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
  isProvisioningToken,
  isWorkloadToken,
  type LocalIssuer,
  loadInternalKey,
  provisionerOf,
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
  /** For SCIM, where the secret of a directory opens too. */
  authenticateProvisioner(headers: Record<string, string | undefined>, workspaceId: string): Promise<Principal>;
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
  const authenticate: IdentityServices['authenticate'] = async (headers) => {
    const token = bearerOf(headers);
    if (token === undefined) return anonymous;
    const workspaceId = headers['x-falaj-workspace'];
    if (isWorkloadToken(token)) return workloads.resolve(token, workspaceId);
    return directory.resolve(await verifier.verify(token), workspaceId);
  };
  return {
    directory,
    issuer,
    verifier,
    tokens,
    workloads,
    authenticate,
    async authenticateProvisioner(headers, workspaceId) {
      const token = bearerOf(headers);
      if (token === undefined || !isProvisioningToken(token))
        return authenticate({ ...headers, 'x-falaj-workspace': workspaceId });
      const { principalId, issuedAt } = await provisionerOf(database, token, workspaceId);
      return directory.resolve({ issuer: issuer.issuer, subject: principalId, local: true, issuedAt }, workspaceId);
    },
  };
}

/** Throws UNAUTHENTICATED for another scheme. */
function bearerOf({ authorization }: Record<string, string | undefined>): string | undefined {
  if (authorization === undefined) return undefined;
  const [scheme, token] = authorization.split(' ');
  if (scheme?.toLowerCase() !== 'bearer' || !token)
    throw new PlatformError('UNAUTHENTICATED', 'Authorization: expected "Bearer <token>".');
  return token;
}
