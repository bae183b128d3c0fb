import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { chmod, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Principal } from '@falaj/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createInternalTokens, loadInternalKey } from './index.js';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const principal: Principal = {
  id: 'pr_1',
  kind: 'USER',
  name: 'أمل',
  workspaceId: 'ws_1',
  roles: ['viewer'],
  zone: 'AE',
  zones: ['AE', 'AE-DIFC'],
};
let seconds = 1_000_000;
const tokens = createInternalTokens({ key: privateKey, now: () => seconds });
const body = '{"query":"{ me { id } }"}';
const purpose = { audience: 'models', body, requestId: 'r1' };
const refused = { code: 'UNAUTHENTICATED' };

beforeEach(() => {
  seconds = 1_000_000;
});

/** A token signed with the right key, whatever its claims. */
const forged = (change: (claims: Record<string, unknown>) => void): string => {
  const [header = '', payload = ''] = tokens.mint(principal, purpose).split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  change(claims);
  const signed = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${signed}.${sign(null, Buffer.from(signed), privateKey).toString('base64url')}`;
};

describe('internal tokens', () => {
  it('carry the principal whole, also to one who holds the public key only', async () => {
    const token = tokens.mint(principal, purpose);
    expect(await tokens.verify(token, 'models', body)).toEqual(principal);
    expect(await tokens.verify(token, 'models', Buffer.from(body))).toEqual(principal);
    const verifier = createInternalTokens({ key: publicKey, now: () => seconds });
    expect(await verifier.verify(token, 'models', body)).toEqual(principal);
    expect(() => verifier.mint(principal, purpose)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });

  it('carry what limits a workload, or a split platform would lose it', async () => {
    const work: Principal = { ...principal, kind: 'WORKLOAD', resources: ['run_1', 'ts_1'], onBehalfOf: 'pr_1' };
    expect(await tokens.verify(tokens.mint(work, purpose), 'models', body)).toEqual(work);
  });

  it('differ each time', () => {
    expect(tokens.mint(principal, purpose)).not.toBe(tokens.mint(principal, purpose));
  });

  it('fit one audience and one body', async () => {
    const token = tokens.mint(principal, purpose);
    await expect(tokens.verify(token, 'features', body)).rejects.toMatchObject(refused);
    await expect(tokens.verify(token, '', body)).rejects.toMatchObject(refused);
    await expect(tokens.verify(token, 'models', `${body} `)).rejects.toMatchObject(refused);
    await expect(tokens.verify(token, 'models', '')).rejects.toMatchObject(refused);
  });

  it('live for sixty seconds', async () => {
    const token = tokens.mint(principal, purpose);
    seconds += 59;
    expect(await tokens.verify(token, 'models', body)).toEqual(principal);
    seconds += 1;
    await expect(tokens.verify(token, 'models', body)).rejects.toMatchObject({
      ...refused,
      message: expect.stringContaining('expired'),
    });
  });

  it('of another key, with any byte changed or cut off, are refused', async () => {
    const other = createInternalTokens({ key: generateKeyPairSync('ed25519').privateKey, now: () => seconds });
    await expect(tokens.verify(other.mint(principal, purpose), 'models', body)).rejects.toMatchObject(refused);
    const token = tokens.mint(principal, purpose);
    for (let at = 0; at < token.length - 1; at += 3) {
      const changed = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
      await expect(tokens.verify(changed, 'models', body), `byte ${at}`).rejects.toMatchObject(refused);
    }
    for (const cut of [
      '',
      '.',
      '..',
      'a.b.c',
      token.slice(0, -4),
      token.split('.').slice(0, 2).join('.'),
      `${token}.x`,
      'x'.repeat(100_000),
    ])
      await expect(tokens.verify(cut, 'models', body)).rejects.toMatchObject(refused);
  });

  it('cannot choose their algorithm', async () => {
    const [, payload = ''] = tokens.mint(principal, purpose).split('.');
    const publicPem = publicKey.export({ type: 'spki', format: 'pem' });
    for (const alg of ['none', 'None', 'HS256', 'EdDSA']) {
      const header = Buffer.from(JSON.stringify({ alg, typ: 'falaj-internal+jwt' })).toString('base64url');
      const signature = createHmac('sha256', publicPem).update(`${header}.${payload}`).digest('base64url');
      await expect(tokens.verify(`${header}.${payload}.${signature}`, 'models', body)).rejects.toMatchObject(refused);
      await expect(tokens.verify(`${header}.${payload}.`, 'models', body)).rejects.toMatchObject(refused);
    }
  });

  it.each<[string, (claims: Record<string, unknown>) => void]>([
    ['a longer life', (claims) => Object.assign(claims, { exp: seconds + 3_600 })],
    ['a birth in the future', (claims) => Object.assign(claims, { iat: seconds + 60, exp: seconds + 120 })],
    ['another issuer', (claims) => Object.assign(claims, { iss: 'me' })],
    ['no expiry', (claims) => Reflect.deleteProperty(claims, 'exp')],
    ['no body hash', (claims) => Reflect.deleteProperty(claims, 'bh')],
    ['no roles', (claims) => Reflect.deleteProperty(claims.principal as object, 'roles')],
    ['a claim of a later version', (claims) => Object.assign(claims, { act: 'x' })],
  ])('with %s are refused although the key is right', async (_what, change) => {
    await expect(tokens.verify(forged(change), 'models', body)).rejects.toMatchObject(refused);
    expect(
      await tokens.verify(
        forged(() => {}),
        'models',
        body,
      ),
    ).toEqual(principal);
  });

  it('need an Ed25519 key', () => {
    const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    expect(() => createInternalTokens({ key: rsa })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});

describe('loadInternalKey', () => {
  let dataDirectory = '';
  beforeEach(async () => {
    dataDirectory = await mkdtemp(join(tmpdir(), 'falaj-identity-'));
  });
  afterEach(() => rm(dataDirectory, { recursive: true }));

  it('makes one key for all who race to be first, readable by the owner only', async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => loadInternalKey({ dataDirectory })));
    const texts = new Set(keys.map((key) => createPublicKey(key).export({ type: 'spki', format: 'pem' })));
    expect(texts.size).toBe(1);
    expect((await stat(join(dataDirectory, 'keys', 'internal.pem'))).mode & 0o777).toBe(0o600);
  });

  it('refuses a file that others may read', async () => {
    await loadInternalKey({ dataDirectory });
    await chmod(join(dataDirectory, 'keys', 'internal.pem'), 0o640);
    await expect(loadInternalKey({ dataDirectory })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('chmod 600'),
    });
  });

  it('takes the private or the public half from a secret, and names neither in an error', async () => {
    const privatePem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    expect((await loadInternalKey({ pem: privatePem })).type).toBe('private');
    expect((await loadInternalKey({ pem: publicKey.export({ type: 'spki', format: 'pem' }).toString() })).type).toBe(
      'public',
    );
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
      .privateKey.export({ type: 'pkcs8', format: 'pem' })
      .toString();
    for (const pem of ['', 'secret-value', rsa, privatePem.slice(0, 60)]) {
      const failed = await loadInternalKey({ pem }).catch((error: Error) => error as Error & { code: string });
      expect(failed).toMatchObject({ code: 'CONFIG_INVALID' });
      expect(String(failed)).not.toContain('secret-value');
    }
  });
});
