// A real OpenID Connect issuer on this machine: discovery, keys and a token endpoint are oidc-provider's own.
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
// @ts-expect-error: the package has no types.
import Provider from 'oidc-provider';

export type KeyAlgorithm = 'ES256' | 'EdDSA' | 'RS256';

export interface OidcIssuer {
  readonly issuer: string;
  /** Public and private parts of the key that signs now. */
  readonly key: JWK;
  /** A token of the client credentials grant for the resource, with these claims more. */
  token(options?: {
    readonly resource?: string;
    readonly claims?: Readonly<Record<string, unknown>>;
    readonly seconds?: number;
  }): Promise<string>;
  /** Sends a back-channel logout of a session of the client to the address. Throws where it is not taken. */
  logout(to: string, sid: string): Promise<void>;
  /** A new key signs from now on; the old one leaves the key set. */
  rotate(algorithm?: KeyAlgorithm): Promise<void>;
  /** Requests for the key set so far. */
  readonly keySetReads: number;
  close(): Promise<void>;
}

export const OIDC_SUBJECT = 'a-client';
export const OIDC_AUDIENCE = 'urn:falaj:platform';
const CLIENT = { id: OIDC_SUBJECT, secret: 'a secret that only this test knows' };

/** Its tokens name the client as their subject: `OIDC_SUBJECT`. */
export async function startOidcIssuer(algorithm: KeyAlgorithm = 'ES256'): Promise<OidcIssuer> {
  let keySetReads = 0;
  let claims: Readonly<Record<string, unknown>> = {};
  let seconds = 300;
  let key: JWK = {};
  // biome-ignore lint/suspicious/noExplicitAny: the package has no types.
  let provider: any;
  let answer: RequestListener = (_request, response) => void response.writeHead(503).end();
  const server = createServer((request, response) => {
    if (request.url === '/jwks') keySetReads += 1;
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const serve = async (signing: KeyAlgorithm): Promise<void> => {
    const { privateKey } = await generateKeyPair(signing, {
      extractable: true,
      ...(signing === 'EdDSA' ? { crv: 'Ed25519' } : {}),
    });
    key = { ...(await exportJWK(privateKey)), kid: `key-${Date.now()}-${signing}`, alg: signing, use: 'sig' };
    provider = new Provider(issuer, {
      jwks: { keys: [key] },
      cookies: { keys: ['a key of cookies that nobody sends'] },
      clients: [
        {
          client_id: CLIENT.id,
          client_secret: CLIENT.secret,
          grant_types: ['client_credentials'],
          redirect_uris: [],
          response_types: [],
          // The default is RS256, for which there may be no key.
          id_token_signed_response_alg: signing,
        },
      ],
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        backchannelLogout: { enabled: true },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: (_context: unknown, resource: string) => ({
            scope: '',
            audience: resource,
            accessTokenTTL: seconds,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: signing } },
          }),
        },
      },
      extraTokenClaims: () => claims,
      // Its own dispatcher sends nothing to this machine, where the platform of a test runs.
      fetch: (url: URL, { dispatcher: _, ...options }: RequestInit & { dispatcher?: unknown }) => fetch(url, options),
    });
    answer = provider.callback();
  };
  await serve(algorithm);

  return {
    issuer,
    get key() {
      return key;
    },
    get keySetReads() {
      return keySetReads;
    },
    async token(options = {}) {
      claims = options.claims ?? {};
      seconds = options.seconds ?? 300;
      const response = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: {
          authorization: `Basic ${Buffer.from(`${CLIENT.id}:${encodeURIComponent(CLIENT.secret)}`).toString('base64')}`,
        },
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          resource: options.resource ?? OIDC_AUDIENCE,
        }),
      });
      const { access_token: token, ...rest } = (await response.json()) as { access_token?: string };
      if (!token) throw new Error(`The issuer gave no token: ${JSON.stringify(rest)}`);
      return token;
    },
    async logout(to, sid) {
      const client = await provider.Client.find(CLIENT.id);
      Object.assign(client, { backchannelLogoutUri: to, backchannelLogoutSessionRequired: true });
      await client.backchannelLogout(OIDC_SUBJECT, sid);
    },
    rotate: (next = algorithm) => serve(next),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
