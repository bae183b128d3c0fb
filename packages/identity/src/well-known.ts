// What other parties need to verify tokens of the built-in issuer. Plain data: the gateway mounts it as it likes.
import type { LocalIssuer } from './local-issuer.js';

/** A public document, served with GET as application/json. */
export interface PublicDocument {
  readonly path: string;
  read(): Promise<object>;
}

const JWKS_PATH = '/.well-known/jwks.json';

export function issuerDocuments(issuer: LocalIssuer): readonly PublicDocument[] {
  return [
    { path: JWKS_PATH, read: () => issuer.jwks() },
    {
      path: '/.well-known/openid-configuration',
      // There is no authorization and no token endpoint: tokens come from the graph or the command line.
      read: async () => ({
        issuer: issuer.issuer,
        jwks_uri: `${issuer.issuer.replace(/\/$/, '')}${JWKS_PATH}`,
        response_types_supported: [],
        grant_types_supported: [],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['EdDSA'],
      }),
    },
  ];
}
