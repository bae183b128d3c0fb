import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  calculateJwkThumbprint,
  createLocalJWKSet,
  decodeProtectedHeader,
  type JWK,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createLocalIssuer,
  createTokenVerifier,
  issuerDocuments,
  type LocalIssuer,
  type TrustedIssuer,
} from './index.js';

const refused = { code: 'UNAUTHENTICATED' };
const ISSUER = 'http://127.0.0.1:4000';
let dataDirectory = '';
let now = 0;
let local: LocalIssuer;
beforeEach(async () => {
  now = Date.now();
  dataDirectory = await mkdtemp(join(tmpdir(), 'falaj-identity-'));
  local = await createLocalIssuer({ issuer: ISSUER, dataDirectory, now: () => now });
});
afterEach(() => rm(dataDirectory, { recursive: true }));
const verifierOf = (...issuers: TrustedIssuer[]) => createTokenVerifier({ issuers, now: () => now });

describe('the built-in issuer', () => {
  it('issues tokens that name the principal and nothing else, and verify', async () => {
    const { token, tokenId, expiresAt } = await local.issueAccessToken('pr_1', { ttlSeconds: 60 });
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'EdDSA', typ: 'at+jwt' });
    const claims = await verifierOf({ local }).verify(token);
    expect(claims).toEqual({
      issuer: ISSUER,
      subject: 'pr_1',
      local: true,
      expiresAt,
      issuedAt: new Date(expiresAt.getTime() - 60_000),
      tokenId,
    });
    expect(expiresAt.getTime() - now).toBeLessThanOrEqual(60_000);
  });

  it.each([0, -1, 901, 1.5, Number.NaN])('refuses a life of %s seconds', async (ttlSeconds) => {
    await expect(local.issueAccessToken('pr_1', { ttlSeconds })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('keeps its key over a restart, in a file of its owner', async () => {
    const { token } = await local.issueAccessToken('pr_1');
    const again = await createLocalIssuer({ issuer: ISSUER, dataDirectory, now: () => now });
    expect(await verifierOf({ local: again }).verify(token)).toMatchObject({ subject: 'pr_1' });
    const folder = join(dataDirectory, 'keys', 'issuer');
    const files = await readdir(folder);
    expect(files).toEqual(['0001.json']);
    expect((await stat(join(folder, '0001.json'))).mode & 0o777).toBe(0o600);
    await chmod(join(folder, '0001.json'), 0o604);
    await expect(createLocalIssuer({ issuer: ISSUER, dataDirectory })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });

  it('has one key however many processes start at once', async () => {
    const fresh = join(dataDirectory, 'fresh');
    const issuers = await Promise.all(
      Array.from({ length: 6 }, () => createLocalIssuer({ issuer: ISSUER, dataDirectory: fresh })),
    );
    const kids = await Promise.all(issuers.map(async (issuer) => (await issuer.jwks()).keys.map(({ kid }) => kid)));
    expect(new Set(kids.flat()).size).toBe(1);
  });

  it('signs with the new key after a rotation, in other processes too, and drops the old one when its tokens are gone', async () => {
    const other = await createLocalIssuer({ issuer: ISSUER, dataDirectory, now: () => now });
    const old = (await other.issueAccessToken('pr_1', { ttlSeconds: 900 })).token;
    await local.rotateKey();
    now += 1_000;
    const fresh = (await other.issueAccessToken('pr_1')).token;
    expect(decodeProtectedHeader(fresh).kid).not.toBe(decodeProtectedHeader(old).kid);
    for (const token of [old, fresh]) await verifierOf({ local }).verify(token);
    expect((await local.jwks()).keys).toHaveLength(2);
    now += 1_000_000;
    expect((await local.jwks()).keys.map(({ kid }) => kid)).toEqual([decodeProtectedHeader(fresh).kid]);
  });

  it('publishes public keys only, with which others verify', async () => {
    const [jwks, configuration] = await Promise.all(issuerDocuments(local).map(({ read }) => read(ISSUER)));
    expect(JSON.stringify(jwks)).not.toContain('"d"');
    expect(configuration).toMatchObject({ issuer: ISSUER, jwks_uri: `${ISSUER}/.well-known/jwks.json` });
    const { token } = await local.issueAccessToken('pr_1');
    await jwtVerify(token, createLocalJWKSet(jwks as { keys: JWK[] }), { issuer: ISSUER, audience: 'falaj' });
  });
});

describe('the verifier', () => {
  it('refuses what has expired, also from memory', async () => {
    const verifier = verifierOf({ local });
    const { token } = await local.issueAccessToken('pr_1', { ttlSeconds: 10 });
    await verifier.verify(token);
    now += 16_000;
    await expect(verifier.verify(token)).rejects.toMatchObject({
      ...refused,
      message: expect.stringContaining('expired'),
    });
  });

  it('refuses another audience', async () => {
    const { token } = await local.issueAccessToken('pr_1', { audience: 'elsewhere' });
    await expect(verifierOf({ local }).verify(token)).rejects.toMatchObject({
      ...refused,
      message: expect.stringContaining('aud'),
    });
  });

  it('refuses an issuer that is not configured', async () => {
    const { token } = await local.issueAccessToken('pr_1');
    await expect(verifierOf().verify(token)).rejects.toMatchObject({
      ...refused,
      message: expect.stringContaining('trusted issuer'),
    });
  });

  it.each(['', 'x', 'a.b.c', '...', 'é'.repeat(20_000)])('refuses what is no token', async (token) => {
    await expect(verifierOf({ local }).verify(token)).rejects.toMatchObject(refused);
  });

  it('refuses a token without signature and one signed with the public key as a secret', async () => {
    const { token } = await local.issueAccessToken('pr_1');
    const [, payload = ''] = token.split('.');
    const [jwk] = (await local.jwks()).keys;
    const pem = createPublicKey({ key: jwk as never, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    const encoded = (header: object) => Buffer.from(JSON.stringify(header)).toString('base64url');
    for (const alg of ['none', 'NONE', 'HS256']) {
      const signed = `${encoded({ alg, typ: 'at+jwt', kid: jwk?.kid })}.${payload}`;
      for (const secret of [pem, JSON.stringify(jwk), Buffer.from(jwk?.x ?? '', 'base64url')])
        await expect(
          verifierOf({ local }).verify(`${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`),
        ).rejects.toMatchObject(refused);
      await expect(verifierOf({ local }).verify(`${signed}.`)).rejects.toMatchObject(refused);
    }
  });

  it('refuses a key that the token brings along', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const jwk = publicKey.export({ format: 'jwk' }) as JWK;
    const token = await new SignJWT({})
      .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', jwk, kid: (await local.jwks()).keys[0]?.kid as string })
      .setIssuer(ISSUER)
      .setAudience('falaj')
      .setSubject('pr_1')
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(privateKey);
    await expect(verifierOf({ local }).verify(token)).rejects.toMatchObject(refused);
  });

  it('is configured with public-key algorithms, an audience, one entry an issuer and https only', () => {
    const issuer = { issuer: 'https://login.example', audience: 'falaj' };
    for (const wrong of [
      [{ ...issuer, algorithms: ['HS256'] as never }],
      [{ ...issuer, algorithms: [] }],
      [{ ...issuer, audience: '' }],
      [issuer, issuer],
      [{ ...issuer, issuer: 'http://login.example' }],
      [{ ...issuer, issuer: 'ftp://login.example' }],
    ])
      expect(() => createTokenVerifier({ issuers: wrong })).toThrow(
        expect.objectContaining({ code: 'CONFIG_INVALID' }),
      );
  });
});

describe('an OpenID Connect issuer', () => {
  let provider: Provider;
  beforeEach(async () => {
    provider = await startProvider();
  });
  afterEach(() => provider.stop());
  const trusted = (change: object = {}): TrustedIssuer => ({ issuer: provider.url, audience: 'falaj', ...change });

  it.each(['EdDSA', 'ES256', 'RS256'] as const)('is found by discovery and verified with %s', async (alg) => {
    const token = await provider.token({ alg });
    expect(await verifierOf(trusted()).verify(token)).toMatchObject({
      issuer: provider.url,
      subject: 'amal',
      local: false,
    });
  });

  it('is asked for its keys once, not for each token', async () => {
    const verifier = verifierOf(trusted());
    for (let i = 0; i < 5; i++) await verifier.verify(await provider.token());
    expect(provider.requests).toEqual(['/.well-known/openid-configuration', '/keys']);
  });

  it('is verified by a given key set without discovery', async () => {
    await verifierOf(trusted({ jwksUri: `${provider.url}/keys` })).verify(await provider.token());
    expect(provider.requests).toEqual(['/keys']);
  });

  it('names the principal in the configured claim', async () => {
    const token = await provider.token({ claims: { oid: 'object-7' } });
    expect(await verifierOf(trusted({ subjectClaim: 'oid' })).verify(token)).toMatchObject({ subject: 'object-7' });
    await expect(verifierOf(trusted({ subjectClaim: 'email' })).verify(token)).rejects.toMatchObject(refused);
    const odd = await provider.token({ claims: { oid: 7 } });
    await expect(verifierOf(trusted({ subjectClaim: 'oid' })).verify(odd)).rejects.toMatchObject(refused);
  });

  it('is held to its algorithms and to the type of its tokens', async () => {
    await expect(
      verifierOf(trusted({ algorithms: ['ES256'] })).verify(await provider.token({ alg: 'RS256' })),
    ).rejects.toMatchObject(refused);
    const idToken = await provider.token({ typ: 'JWT' });
    await expect(verifierOf(trusted()).verify(idToken)).rejects.toMatchObject(refused);
    expect(await verifierOf(trusted({ tokenType: 'JWT' })).verify(idToken)).toMatchObject({ subject: 'amal' });
    await expect(verifierOf(trusted()).verify(await provider.token({ typ: undefined }))).rejects.toMatchObject(refused);
  });

  it.each<[string, JWTPayload]>([
    ['another audience', { aud: 'elsewhere' }],
    ['no expiry', { exp: undefined as never }],
    ['an expiry in the past', { exp: Math.floor(Date.now() / 1_000) - 60 }],
    ['a birth in the future', { iat: Math.floor(Date.now() / 1_000) + 600, exp: Math.floor(Date.now() / 1_000) + 900 }],
    ['a start in the future', { nbf: Math.floor(Date.now() / 1_000) + 600 }],
    ['no subject', { sub: undefined as never }],
    ['an empty subject', { sub: '' }],
  ])('cannot have a token with %s accepted', async (_what, claims) => {
    await expect(verifierOf(trusted()).verify(await provider.token({ claims }))).rejects.toMatchObject(refused);
  });

  it('cannot speak for the built-in issuer or for another', async () => {
    for (const iss of [ISSUER, 'https://other.example'])
      await expect(
        verifierOf(trusted(), { local }).verify(await provider.token({ claims: { iss } })),
      ).rejects.toMatchObject(refused);
  });

  it('cannot have its public key used as a secret', async () => {
    const claims = {
      iss: provider.url,
      aud: 'falaj',
      sub: 'amal',
      iat: Math.floor(now / 1_000),
      exp: Math.floor(now / 1_000) + 60,
    };
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
      .sign(Buffer.from(provider.publicPem('RS256')));
    await expect(verifierOf(trusted()).verify(token)).rejects.toMatchObject({
      ...refused,
      message: expect.stringContaining('algorithm'),
    });
  });

  it('is refused when its discovery document names another issuer, redirects, or it is down', async () => {
    provider.claimedIssuer = 'https://other.example';
    await expect(verifierOf(trusted()).verify(await provider.token())).rejects.toMatchObject(refused);
    provider.claimedIssuer = undefined;
    provider.redirect = true;
    await expect(verifierOf(trusted()).verify(await provider.token())).rejects.toMatchObject(refused);
    provider.redirect = false;
    const token = await provider.token();
    await provider.stop();
    await expect(verifierOf(trusted()).verify(token)).rejects.toMatchObject(refused);
  });
});

type Algorithm = 'EdDSA' | 'ES256' | 'RS256';

interface Provider {
  readonly url: string;
  readonly requests: string[];
  claimedIssuer: string | undefined;
  redirect: boolean;
  publicPem(alg: Algorithm): string;
  token(options?: { alg?: Algorithm; typ?: string | undefined; claims?: JWTPayload }): Promise<string>;
  stop(): Promise<void>;
}

/** A small OpenID Connect issuer: discovery and a key set over HTTP. */
async function startProvider(): Promise<Provider> {
  const pairs: Record<Algorithm, { publicKey: KeyObject; privateKey: KeyObject }> = {
    EdDSA: generateKeyPairSync('ed25519'),
    ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  };
  const jwks = await Promise.all(
    Object.entries(pairs).map(async ([alg, { publicKey }]) => {
      const jwk = publicKey.export({ format: 'jwk' }) as JWK;
      return { ...jwk, alg, use: 'sig', kid: await calculateJwkThumbprint(jwk) };
    }),
  );
  const server: Server = createServer((request, response) => {
    provider.requests.push(request.url ?? '');
    if (provider.redirect && request.url !== '/elsewhere' && request.url !== '/keys')
      return response.writeHead(302, { location: `${provider.url}/elsewhere` }).end();
    response.setHeader('content-type', 'application/json');
    if (request.url === '/keys') return response.end(JSON.stringify({ keys: jwks }));
    if (request.url === '/.well-known/openid-configuration' || request.url === '/elsewhere')
      return response.end(
        JSON.stringify({ issuer: provider.claimedIssuer ?? provider.url, jwks_uri: `${provider.url}/keys` }),
      );
    return response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const provider: Provider = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    claimedIssuer: undefined,
    redirect: false,
    publicPem: (alg) => pairs[alg].publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    async token({ alg = 'ES256', claims = {}, ...rest } = {}) {
      const typ = 'typ' in rest ? rest.typ : 'at+jwt';
      const iat = Math.floor(Date.now() / 1_000);
      const payload = {
        iss: provider.url,
        aud: 'falaj',
        sub: 'amal',
        iat,
        exp: iat + 300,
        jti: randomUUID(),
        ...claims,
      };
      const kid = jwks.find((jwk) => jwk.alg === alg)?.kid as string;
      return new SignJWT(JSON.parse(JSON.stringify(payload)) as JWTPayload)
        .setProtectedHeader({ alg, kid, ...(typ === undefined ? {} : { typ }) })
        .sign(pairs[alg].privateKey);
    },
    stop: () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections()),
  };
  return provider;
}
