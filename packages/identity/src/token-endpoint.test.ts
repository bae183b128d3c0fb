import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auditMigrations, listAudit } from '@falaj/audit';
import { openDatabase, type Tx } from '@falaj/database';
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import { RateBuckets } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import { decodeJwt, type JWK, SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createDirectory,
  createLocalIssuer,
  createTokenEndpoint,
  createTokenVerifier,
  type Directory,
  identityMigrations,
  type LocalIssuer,
  revokeOwnToken,
  type TokenEndpoint,
} from './index.js';

const ISSUER = 'https://falaj.example';
const ENDPOINT = 'https://falaj.example/auth/token';
const WORKSPACE = 'ws_home';
const DAY = 86_400_000;

let test: TestDatabase;
let directory: Directory;
let issuer: LocalIssuer;
let endpoint: TokenEndpoint;
let folder = '';
let clock = 0;
let service = '';
/** Stands for the API server of a cluster: keys without discovery, tokens without a type. */
let cluster: Server;
const clusterKey = generateKeyPairSync('rsa', { modulusLength: 2_048 });
let clusterIssuer = '';

const within = <T>(work: (tx: Tx) => Promise<T>, workspaceId = WORKSPACE) =>
  test.database.inWorkspace({ workspaceId, zones: ['AE'], principalId: 'pr_admin' }, work);
const endpointOn = (database = test.database, admit?: (clientId: string) => void): TokenEndpoint =>
  createTokenEndpoint({
    database,
    ...(admit ? { admit } : {}),
    issuer,
    workloads: createTokenVerifier({
      issuers: [{ issuer: clusterIssuer, audience: 'falaj', jwksUri: `${clusterIssuer}/jwks`, tokenType: 'any' }],
    }),
    audiences: () => [ISSUER, ENDPOINT],
  });

beforeAll(async () => {
  cluster = createServer((_request, response) => {
    const jwk = { ...clusterKey.publicKey.export({ format: 'jwk' }), kid: 'cluster', alg: 'RS256', use: 'sig' };
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] }));
  }).listen(0, '127.0.0.1');
  await once(cluster, 'listening');
  clusterIssuer = `http://127.0.0.1:${(cluster.address() as AddressInfo).port}`;
  test = await createTestDatabase({ migrations: [auditMigrations, identityMigrations] });
  directory = await createDirectory(test.database, { now: () => clock });
  folder = await mkdtemp(join(tmpdir(), 'falaj-identity-'));
  issuer = await createLocalIssuer({ issuer: ISSUER, dataDirectory: folder });
  endpoint = endpointOn();
  await test.database.asSystem((tx) =>
    tx.execute(sql`insert into identity.workspace (id, name, allowed_zones, default_zone)
      values (${WORKSPACE}, 'home', '{AE}', 'AE'), ('ws_other', 'other', '{AE}', 'AE')`),
  );
});
afterAll(async () => {
  await directory.close();
  await test.close();
  await rm(folder, { recursive: true });
  cluster.close();
});
const hire = (kind: 'USER' | 'SERVICE', homeWorkspaceId = WORKSPACE) =>
  within(
    async (tx) => (await directory.createPrincipal(tx, { homeWorkspaceId, kind, name: 'scorer', zone: 'AE' })).id,
    homeWorkspaceId,
  );
beforeEach(async () => {
  service = await hire('SERVICE');
});

interface Key {
  readonly jwk: JWK;
  readonly privateKey: KeyObject;
  readonly alg: string;
  readonly keyId: string;
  readonly id: string;
}
const pairs = {
  EdDSA: () => generateKeyPairSync('ed25519'),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2_048 }),
};
const soon = (days = 30) => new Date(Date.now() + days * DAY);
const register = (publicKey: object | string, options: { principalId?: string; expiresAt?: Date } = {}) =>
  within((tx) =>
    directory.registerServiceKey(tx, {
      principalId: service,
      publicKey: typeof publicKey === 'string' ? publicKey : JSON.stringify(publicKey),
      expiresAt: soon(),
      by: 'pr_admin',
      ...options,
    }),
  );
async function keyOf(alg: keyof typeof pairs = 'EdDSA'): Promise<Key> {
  const { publicKey, privateKey } = pairs[alg]();
  const jwk = publicKey.export({ format: 'jwk' }) as JWK;
  return { jwk, privateKey, alg, ...(await register(jwk)) };
}
const seconds = () => Math.floor(Date.now() / 1_000);
const assertionOf = (
  key: Pick<Key, 'privateKey' | 'alg' | 'keyId'>,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
) =>
  new SignJWT({ iss: service, sub: service, aud: ISSUER, exp: seconds() + 60, jti: randomUUID(), ...claims })
    .setProtectedHeader({ alg: key.alg, kid: key.keyId, ...header })
    .sign(key.privateKey);
const ask = (client_assertion: string, more: Record<string, string> = {}, at = endpoint) =>
  at.token(
    new Map(
      Object.entries({
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion,
        ...more,
      }),
    ),
  );
const verify = (token: string) => createTokenVerifier({ issuers: [{ local: issuer }] }).verify(token);
/** Past the directory's memory. */
const resolve = async (token: string) => {
  clock += 1_000;
  return directory.resolve(await verify(token), WORKSPACE);
};
const refusedClient = { code: 'UNAUTHENTICATED', details: { oauth: 'invalid_client' } };
const trail = async (action: string) =>
  (await test.database.asSystem((tx) => listAudit(tx, { limit: 500 }))).records.filter(
    (record) => record.action === action && record.actorId === service,
  );

describe('a service with a key', () => {
  it('is counted once it proved who it is, so that nobody uses up what it may ask', async () => {
    const key = await keyOf();
    const rates = new RateBuckets('tokens', 1);
    const counted: string[] = [];
    const at = endpointOn(test.database, (clientId) => {
      counted.push(clientId);
      rates.take(clientId);
    });
    const stranger = { ...key, privateKey: pairs.EdDSA().privateKey };
    for (let n = 0; n < 3; n += 1)
      await expect(ask(await assertionOf(stranger), {}, at)).rejects.toMatchObject(refusedClient);
    expect(counted).toEqual([]);
    await ask(await assertionOf(key), {}, at);
    const held = await assertionOf(key);
    await expect(ask(held, {}, at)).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: expect.any(Number) });
    // What was held back was not spent.
    expect((await ask(held)).token_type).toBe('Bearer');
    expect(counted).toEqual([service, service]);
  });

  it.each(['EdDSA', 'ES256', 'RS256'] as const)('gets a token of ten minutes with %s, on record', async (alg) => {
    const key = await keyOf(alg);
    const answer = await ask(await assertionOf(key), { client_id: service });
    expect(answer).toMatchObject({ token_type: 'Bearer' });
    expect(answer.expires_in).toBeGreaterThan(590);
    expect(await resolve(answer.access_token)).toMatchObject({
      id: service,
      kind: 'SERVICE',
      authentication: { methods: ['pop'] },
    });
    expect(await trail('issueServiceToken')).toEqual([
      expect.objectContaining({
        workspaceId: WORKSPACE,
        actorKind: 'SERVICE',
        details: { serviceKeyId: key.id, tokenId: decodeJwt(answer.access_token).jti },
      }),
    ]);
  });

  it('may name the token endpoint as the audience and its type, and leave the key id out', async () => {
    const key = await keyOf();
    await ask(await assertionOf(key, { aud: [ENDPOINT] }, { typ: 'client-authentication+jwt' }));
    await ask(await assertionOf(key, {}, { kid: undefined, typ: 'JWT' }));
  });

  it('signs each assertion anew: of two that come at once, in two processes, one opens', async () => {
    const assertion = await assertionOf(await keyOf());
    const elsewhere = await openDatabase({ url: test.url, applicationName: 'falaj test' });
    try {
      const second = endpointOn(elsewhere);
      const answers = await Promise.allSettled(
        [endpoint, second, endpoint, second].map((at) => ask(assertion, {}, at)),
      );
      expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      await expect(ask(assertion, {}, second)).rejects.toMatchObject({
        ...refusedClient,
        message: expect.stringContaining('used already'),
      });
    } finally {
      await elsewhere.close();
    }
  });

  it.each<[string, () => Record<string, unknown>]>([
    ['another audience', () => ({ aud: 'https://another.example' })],
    ['no audience', () => ({ aud: undefined })],
    ['the past', () => ({ exp: seconds() - 6 })],
    ['no end', () => ({ exp: undefined })],
    ['an hour', () => ({ exp: seconds() + 3_600 })],
    ['no id', () => ({ jti: undefined })],
    ['an empty id', () => ({ jti: '' })],
    ['the future', () => ({ nbf: seconds() + 60 })],
    ['another issuer', () => ({ iss: 'pr_another' })],
    ['another subject', () => ({ sub: 'pr_another' })],
    ['an account that is none', () => ({ iss: 'pr_another', sub: 'pr_another' })],
  ])('is refused an assertion for %s', async (_, claims) => {
    await expect(ask(await assertionOf(await keyOf(), claims()))).rejects.toMatchObject(refusedClient);
  });

  it('is refused with a key that is not its own, with its own access token, and with an HMAC of its public key', async () => {
    const key = await keyOf();
    const stranger = { ...pairs.EdDSA(), alg: 'EdDSA', keyId: key.keyId };
    await expect(ask(await assertionOf(stranger))).rejects.toMatchObject(refusedClient);
    const { access_token } = await ask(await assertionOf(key));
    await expect(ask(access_token)).rejects.toMatchObject(refusedClient);
    const typed = await assertionOf(key, {}, { typ: 'at+jwt' });
    await expect(ask(typed)).rejects.toMatchObject(refusedClient);
    const shared = await new SignJWT({ iss: service, sub: service, aud: ISSUER, exp: seconds() + 60, jti: 'x' })
      .setProtectedHeader({ alg: 'HS256', kid: key.keyId })
      .sign(Buffer.from(key.jwk.x as string, 'base64url'));
    for (const assertion of [shared, 'x.y.z', '', 'x'.repeat(20_000)])
      await expect(ask(assertion)).rejects.toMatchObject(refusedClient);
    await expect(ask(await assertionOf(key), { client_id: 'pr_another' })).rejects.toMatchObject(refusedClient);
    await expect(ask(await assertionOf(key), { client_assertion_type: 'urn:another' })).rejects.toMatchObject(
      refusedClient,
    );
    await expect(ask(await assertionOf(key), { grant_type: 'password' })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { oauth: 'unsupported_grant_type' },
    });
  });

  it('loses it all when the key is revoked: the key, and tokens that it got', async () => {
    const key = await keyOf();
    const other = await keyOf('ES256');
    const { access_token } = await ask(await assertionOf(key));
    await resolve(access_token);
    await within((tx) => directory.revokeServiceKey(tx, { id: key.id, by: 'pr_admin' }));
    await expect(resolve(access_token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(ask(await assertionOf(key))).rejects.toMatchObject(refusedClient);
    await expect(register(key.jwk)).rejects.toMatchObject({ code: 'CONFLICT' });
    // The other key still opens.
    await ask(await assertionOf(other));
  });

  it('is refused with a key that expired, and when it is disabled', async () => {
    const key = await keyOf();
    await test.database.asSystem(async (tx) => {
      await tx.execute(sql`reset role`);
      await tx.execute(sql`update identity.service_key set created_at = now() - interval '2 days',
        expires_at = now() - interval '1 second' where id = ${key.id}`);
    });
    await expect(ask(await assertionOf(key))).rejects.toMatchObject(refusedClient);
    const fresh = await keyOf();
    await within((tx) => directory.disablePrincipal(tx, service));
    await expect(ask(await assertionOf(fresh))).rejects.toMatchObject(refusedClient);
  });
});

describe('a key', () => {
  it('is public, strong, of a service of this workspace, and lives 90 days at most', async () => {
    const { publicKey, privateKey } = pairs.EdDSA();
    const jwk = publicKey.export({ format: 'jwk' });
    const refused = { code: 'BAD_USER_INPUT' };
    await expect(register(privateKey.export({ format: 'jwk' }))).rejects.toMatchObject({
      ...refused,
      message: expect.stringContaining('private key'),
    });
    for (const other of [
      { kty: 'oct', k: 'c2VjcmV0' },
      generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' }),
      generateKeyPairSync('ed448').publicKey.export({ format: 'jwk' }),
      generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey.export({ format: 'jwk' }),
      { ...jwk, alg: 'HS256' },
      { ...jwk, kid: 'with space' },
      { ...jwk, x: 'short' },
      'not json',
      '[]',
      privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    ])
      await expect(register(other)).rejects.toMatchObject(refused);
    for (const expiresAt of [soon(91), soon(-1), new Date(Number.NaN)])
      await expect(register(jwk, { expiresAt })).rejects.toMatchObject(refused);
    await expect(register(jwk, { principalId: await hire('USER') })).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
    });
    await expect(register(jwk, { principalId: await hire('SERVICE', 'ws_other') })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    const { keyId } = await register({ ...jwk, kid: 'mine', use: 'sig', key_ops: ['verify'] });
    expect(keyId).toBe('mine');
    const { rows } = await within((tx) =>
      tx.execute<{ public_jwk: object }>(sql`select public_jwk from identity.service_key where kid = 'mine'`),
    );
    expect(rows).toEqual([{ public_jwk: { kty: 'OKP', crv: 'Ed25519', x: jwk.x, alg: 'EdDSA', kid: 'mine' } }]);
  });

  it('is one of ten at most, however many register at once', async () => {
    const attempts = await Promise.allSettled(
      Array.from({ length: 14 }, () => register(pairs.EdDSA().publicKey.export({ format: 'jwk' }))),
    );
    expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
  });

  it('is seen and revoked in its own workspace only', async () => {
    const { id } = await keyOf();
    const seen = (workspaceId: string) =>
      within(
        async (tx) =>
          (await tx.execute<{ id: string }>(sql`select id from identity.service_key where id = ${id}`)).rows,
        workspaceId,
      );
    expect(await seen(WORKSPACE)).toHaveLength(1);
    expect(await seen('ws_other')).toHaveLength(0);
    await expect(
      within((tx) => directory.revokeServiceKey(tx, { id, by: 'pr_other' }), 'ws_other'),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('a workload', () => {
  const SUBJECT = 'system:serviceaccount:scoring:nightly';
  const projected = (claims: Record<string, unknown> = {}, key = clusterKey.privateKey) =>
    new SignJWT({ iss: clusterIssuer, sub: SUBJECT, aud: ['falaj'], iat: seconds(), exp: seconds() + 3_600, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'cluster' })
      .sign(key);
  const exchange = (subject_token: string, more: Record<string, string> = {}) =>
    endpoint.token(
      new Map(
        Object.entries({
          grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
          subject_token,
          subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
          client_id: service,
          ...more,
        }),
      ),
    );
  const bind = (subject = SUBJECT, principalId = service) =>
    within((tx) => directory.bindWorkloadIdentity(tx, { principalId, issuer: clusterIssuer, subject, by: 'pr_admin' }));
  const refusedGrant = { code: 'BAD_USER_INPUT', details: { oauth: 'invalid_grant' } };

  it('exchanges the token of its cluster for one of its service, until it is unbound', async () => {
    await expect(exchange(await projected())).rejects.toMatchObject(refusedGrant);
    const { id } = await bind();
    await expect(bind()).rejects.toMatchObject({ code: 'CONFLICT' });
    const answer = await exchange(await projected());
    expect(answer).toMatchObject({
      token_type: 'Bearer',
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    });
    expect(decodeJwt(answer.access_token)).toMatchObject({
      sub: service,
      act: { iss: clusterIssuer, sub: SUBJECT },
    });
    const principal = await resolve(answer.access_token);
    expect(principal).toMatchObject({ id: service, kind: 'SERVICE' });
    // Nobody has signed in just now: nothing secret is open to it.
    expect(principal.authentication).toBeUndefined();
    expect(await trail('exchangeToken')).toEqual([
      expect.objectContaining({ details: expect.objectContaining({ issuer: clusterIssuer, workload: SUBJECT }) }),
    ]);
    const short = await exchange(await projected({ exp: seconds() + 30 }));
    expect(short.expires_in).toBeLessThanOrEqual(30);
    await within((tx) => directory.unbindWorkloadIdentity(tx, { id, by: 'pr_admin' }));
    await expect(resolve(answer.access_token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(exchange(await projected())).rejects.toMatchObject(refusedGrant);
    // And may be bound again.
    await bind();
    expect((await exchange(await projected())).token_type).toBe('Bearer');
  });

  it('is what it says it is, whoever bound it first', async () => {
    const subject = 'system:serviceaccount:scoring:wanted';
    const squatter = await hire('SERVICE', 'ws_other');
    await within(
      (tx) => directory.bindWorkloadIdentity(tx, { principalId: squatter, issuer: clusterIssuer, subject, by: 'pr_x' }),
      'ws_other',
    );
    const token = await projected({ sub: subject });
    await expect(exchange(token)).rejects.toMatchObject(refusedGrant);
    await bind(subject);
    expect(decodeJwt((await exchange(token)).access_token).sub).toBe(service);
    await expect(exchange(token, { client_id: '' })).rejects.toMatchObject(refusedGrant);
    const nameless = new Map([
      ['grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange'],
      ['subject_token', token],
      ['subject_token_type', 'urn:ietf:params:oauth:token-type:jwt'],
    ]);
    await expect(endpoint.token(nameless)).rejects.toMatchObject({ details: { oauth: 'invalid_request' } });
  });

  it('is refused with any other token', async () => {
    const mine = 'system:serviceaccount:scoring:mine';
    await bind(mine);
    const local = await issuer.issueAccessToken(service);
    for (const token of [
      await projected({ sub: mine, aud: ['https://kubernetes.default.svc'] }),
      await projected({ sub: mine, iss: 'https://another.example' }),
      await projected({ sub: mine, exp: seconds() - 60 }),
      await projected({ sub: mine }, generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey),
      await projected({ sub: 'system:serviceaccount:scoring:other' }),
      local.token,
      '',
    ])
      await expect(exchange(token)).rejects.toMatchObject(refusedGrant);
    const good = await projected({ sub: mine });
    for (const more of [
      { subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' },
      { actor_token: good },
      { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' },
      { audience: 'another' },
      { scope: 'everything' },
    ] as Record<string, string>[])
      await expect(exchange(good, more)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    await within((tx) => directory.disablePrincipal(tx, service));
    await expect(exchange(good)).rejects.toMatchObject(refusedGrant);
  });
});

describe('a token', () => {
  it('ends with a sign-out, and one of the next second holds', async () => {
    const { token } = await issuer.issueAccessToken(service);
    await resolve(token);
    await within((tx) => directory.signOutPrincipal(tx, service));
    await expect(resolve(token)).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      message: expect.stringContaining('revoked'),
    });
    const claims = await verify(token);
    clock += 1_000;
    expect(await directory.resolve({ ...claims, issuedAt: new Date(Date.now() + 1_000) })).toMatchObject({
      id: service,
    });
    await expect(within((tx) => directory.signOutPrincipal(tx, service), 'ws_other')).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('ends alone, by its id, in every process at once', async () => {
    const [one, two] = [await issuer.issueAccessToken(service), await issuer.issueAccessToken(service)];
    const elsewhere = await openDatabase({ url: test.url, applicationName: 'falaj test' });
    // Its clock stands: only the notice makes it forget.
    const other = await createDirectory(elsewhere, { now: () => 0 });
    try {
      expect(await other.resolve(await verify(one.token))).toMatchObject({ id: service });
      await revokeOwnToken(test.database, await verify(one.token));
      await revokeOwnToken(test.database, await verify(one.token));
      await expect
        .poll(async () => other.resolve(await verify(one.token)).catch((error) => error.code))
        .toBe('UNAUTHENTICATED');
      expect(await other.resolve(await verify(two.token))).toMatchObject({ id: service });
    } finally {
      await other.close();
      await elsewhere.close();
    }
  });

  it('of another workspace is out of reach of an administrator', async () => {
    const { token, tokenId } = await issuer.issueAccessToken(service);
    const revoke = (workspaceId: string) =>
      within(
        (tx) =>
          directory.revokeToken(tx, { principalId: service, issuer: ISSUER, tokenId, expiresAt: soon(1), by: 'x' }),
        workspaceId,
      );
    await expect(revoke('ws_other')).rejects.toMatchObject({ code: expect.any(String) });
    await resolve(token);
    await revoke(WORKSPACE);
    await expect(resolve(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});
