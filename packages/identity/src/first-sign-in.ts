import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database } from '@falaj/database';
import { FIRST_SIGN_IN_CODE, redeemBootstrapCode } from './bootstrap.js';
import type { AccessToken, LocalIssuer } from './local-issuer.js';

/** The first administrator's way in: the one-time code for a token of ten minutes. Errors as of `redeemBootstrapCode`. */
export async function firstSignIn(
  database: Database,
  issuer: LocalIssuer,
  { code, dataDirectory }: { readonly code: string; readonly dataDirectory: string },
): Promise<AccessToken & { readonly principalId: string }> {
  const principalId = await redeemBootstrapCode(database, code);
  await rm(join(dataDirectory, FIRST_SIGN_IN_CODE), { force: true });
  return { ...(await issuer.issueAccessToken(principalId, { authenticated: ['otp'] })), principalId };
}
