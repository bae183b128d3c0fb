// What other parties need to verify tokens of the built-in issuer, and to ask it for some. Plain data: who serves it
// chooses how.
import type { LocalIssuer } from './local-issuer.js';

/** A public document, served with GET as application/json. */
export interface PublicDocument {
  readonly path: string;
  /** `address`: where the platform is reached, without a slash at the end. */
  read(address: string): Promise<object>;
}

export const TOKEN_PATH = '/auth/token';
export const REVOCATION_PATH = '/auth/revoke';
export const LOGOUT_PATH = '/auth/backchannel-logout';
const JWKS_PATH = '/.well-known/jwks.json';

/** OpenID Connect Discovery 1.0, section 3, and RFC 8414. A strict client asks at the issuer's own address. */
export function issuerDocuments(issuer: LocalIssuer): readonly PublicDocument[] {
  return [
    { path: JWKS_PATH, read: () => issuer.jwks() },
    {
      path: '/.well-known/openid-configuration',
      read: async (address) => ({
        issuer: issuer.issuer,
        jwks_uri: `${address}${JWKS_PATH}`,
        token_endpoint: `${address}${TOKEN_PATH}`,
        token_endpoint_auth_methods_supported: ['private_key_jwt'],
        token_endpoint_auth_signing_alg_values_supported: ['EdDSA', 'ES256', 'RS256'],
        revocation_endpoint: `${address}${REVOCATION_PATH}`,
        revocation_endpoint_auth_methods_supported: ['none'],
        grant_types_supported: ['client_credentials', 'urn:ietf:params:oauth:grant-type:token-exchange'],
        // Nobody signs in through a browser here.
        response_types_supported: [],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['EdDSA'],
      }),
    },
  ];
}
