// The verifier against a real OpenID Connect issuer. What an attacker forges is forged from that issuer's own tokens.
import { createHmac, createPublicKey, type JsonWebKey } from 'node:crypto';
import { createTokenVerifier, type TrustedIssuer } from '@falaj/identity';
import { decodeJwt, importJWK, type JWTPayload, SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type KeyAlgorithm, OIDC_AUDIENCE, OIDC_SUBJECT, type OidcIssuer, startOidcIssuer } from './oidc-issuer.js';

let oidc: OidcIssuer;
let other: OidcIssuer;
beforeAll(async () => {
  [oidc, other] = [await startOidcIssuer('ES256'), await startOidcIssuer('ES256')];
});
afterAll(async () => {
  await oidc.close();
  await other.close();
});
afterEach(() => vi.useRealTimers());

const trust = ({ issuer }: OidcIssuer, options: Partial<TrustedIssuer> = {}): TrustedIssuer =>
  ({ issuer, audience: OIDC_AUDIENCE, ...options }) as TrustedIssuer;
const verifierOf = (issuer = oidc, options: Partial<TrustedIssuer> = {}, now = Date.now) =>
  createTokenVerifier({ issuers: [trust(issuer, options)], now });
const refused = (why: string) => ({ code: 'UNAUTHENTICATED', message: expect.stringContaining(why) });

/** The issuer's own claims under another signature or header. */
async function resigned(
  { key, issuer }: OidcIssuer,
  claims: JWTPayload,
  header: { alg?: string; typ?: string; kid?: string } = {},
): Promise<string> {
  return new SignJWT({ ...claims, iss: issuer })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: key.kid as string, ...header })
    .sign(await importJWK(key, 'ES256'));
}
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a real issuer', () => {
  it.each<KeyAlgorithm>(['ES256', 'EdDSA', 'RS256'])('is found by discovery and signs with %s', async (algorithm) => {
    const issuer = await startOidcIssuer(algorithm);
    try {
      const signedIn = Math.floor(Date.now() / 1_000) - 30;
      const token = await issuer.token({ claims: { auth_time: signedIn, amr: ['otp', 'pwd'], acr: 'gold' } });
      expect(await verifierOf(issuer).verify(token)).toEqual({
        issuer: issuer.issuer,
        subject: OIDC_SUBJECT,
        local: false,
        expiresAt: new Date((decodeJwt(token).exp ?? 0) * 1_000),
        issuedAt: new Date((decodeJwt(token).iat ?? 0) * 1_000),
        tokenId: decodeJwt(token).jti,
        session: { subject: OIDC_SUBJECT },
        authentication: { at: signedIn, methods: ['otp', 'pwd'], context: 'gold' },
      });
      // Allowed at another issuer is not allowed here.
      const algorithms = (['ES256', 'EdDSA', 'RS256'] as const).filter((name) => name !== algorithm);
      await expect(verifierOf(issuer, { algorithms }).verify(token)).rejects.toMatchObject(refused('algorithm'));
    } finally {
      await issuer.close();
    }
  });

  it('is asked for its keys once, however many tokens come', async () => {
    const before = oidc.keySetReads;
    const verifier = verifierOf();
    const tokens = await Promise.all(Array.from({ length: 8 }, () => oidc.token()));
    await Promise.all(tokens.map((token) => verifier.verify(token)));
    expect(oidc.keySetReads - before).toBe(1);
  });

  it('may rotate its key: the new one is fetched, the old one opens nothing once it is withdrawn', async () => {
    const issuer = await startOidcIssuer('ES256');
    try {
      const verifier = verifierOf(issuer, {}, () => Date.now());
      const old = await issuer.token();
      await verifier.verify(old);
      await issuer.rotate('EdDSA');
      const fresh = await issuer.token();
      // Strangers' key ids must not make the platform ask the issuer without end: there is a pause between two looks.
      await expect(verifier.verify(fresh)).rejects.toMatchObject(refused('not valid'));
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 31_000 });
      expect(await verifier.verify(fresh)).toMatchObject({ subject: OIDC_SUBJECT });
      await expect(verifier.verify(old)).rejects.toMatchObject(refused('not valid'));
      expect(issuer.keySetReads).toBe(2);
    } finally {
      await issuer.close();
    }
  });

  it('that does not answer lets nobody in', async () => {
    const gone = await startOidcIssuer('ES256');
    const token = await gone.token();
    await gone.close();
    await expect(verifierOf(gone).verify(token)).rejects.toMatchObject(refused('cannot be had'));
  });
});

describe('a token', () => {
  it('for another audience is refused', async () => {
    const token = await oidc.token({ resource: 'urn:another:service' });
    await expect(verifierOf().verify(token)).rejects.toMatchObject(refused('aud'));
  });

  it('of another issuer is refused, also when it borrows the name of a trusted one', async () => {
    await expect(verifierOf().verify(await other.token())).rejects.toMatchObject(refused('no trusted issuer'));
    const borrowed = await resigned({ ...other, issuer: oidc.issuer }, decodeJwt(await other.token()));
    await expect(verifierOf().verify(borrowed)).rejects.toMatchObject(refused('not valid'));
    const withKeyId = await resigned({ ...other, issuer: oidc.issuer }, decodeJwt(await other.token()), {
      kid: oidc.key.kid as string,
    });
    await expect(verifierOf().verify(withKeyId)).rejects.toMatchObject(refused('not valid'));
  });

  it('without a signature is refused, whatever case `none` is in', async () => {
    const claims = decodeJwt(await oidc.token());
    for (const alg of ['none', 'None', 'NONE', 'nOnE']) {
      const token = `${part({ alg, typ: 'at+jwt', kid: oidc.key.kid })}.${part(claims)}.`;
      await expect(verifierOf().verify(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    }
  });

  it('signed by HMAC with the public key as the secret is refused', async () => {
    const claims = decodeJwt(await oidc.token());
    const { kty, crv, x, y } = oidc.key;
    const publicKey = createPublicKey({ key: { kty, crv, x, y } as JsonWebKey, format: 'jwk' });
    for (const secret of [
      publicKey.export({ type: 'spki', format: 'pem' }),
      publicKey.export({ type: 'spki', format: 'der' }),
      JSON.stringify({ kty, crv, x, y }),
    ]) {
      const signed = `${part({ alg: 'HS256', typ: 'at+jwt', kid: oidc.key.kid })}.${part(claims)}`;
      const token = `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
      await expect(verifierOf().verify(token)).rejects.toMatchObject(refused('algorithm'));
    }
  });

  it('is judged on a clock that may differ by 5 s, and no more', async () => {
    const issued = Date.now();
    const token = await oidc.token({ seconds: 60 });
    const { iat = 0, exp = 0 } = decodeJwt(token);
    const at = (seconds: number) => verifierOf(oidc, {}, () => seconds * 1_000).verify(token);
    expect(issued / 1_000 - iat).toBeLessThan(2);
    for (const seconds of [iat - 5, iat, exp - 1, exp + 4])
      expect(await at(seconds)).toMatchObject({ subject: OIDC_SUBJECT });
    await expect(at(exp + 5)).rejects.toMatchObject(refused('expired'));
    await expect(at(iat - 6)).rejects.toMatchObject(refused('future'));
  });

  it('that lacks a claim, is of another type or was changed is refused', async () => {
    const token = await oidc.token();
    const claims = decodeJwt(token);
    for (const missing of ['exp', 'iat', 'sub', 'aud'] as const) {
      const { [missing]: _, ...rest } = claims;
      await expect(verifierOf().verify(await resigned(oidc, rest))).rejects.toMatchObject(refused(missing));
    }
    // An ID token is signed by the same key, and is no access token.
    await expect(verifierOf().verify(await resigned(oidc, claims, { typ: 'JWT' }))).rejects.toMatchObject(
      refused('typ'),
    );
    const [header, , signature] = token.split('.');
    const changed = `${header}.${part({ ...claims, sub: 'somebody-else' })}.${signature}`;
    await expect(verifierOf().verify(changed)).rejects.toMatchObject(refused('not valid'));
    const tomorrow = await resigned(oidc, { ...claims, auth_time: (claims.iat ?? 0) + 3_600 });
    await expect(verifierOf().verify(tomorrow)).rejects.toMatchObject(refused('sign-in in the future'));
  });
});
