// A platform from its first start: who gets in, by which way, and who does not any more. Over HTTP, as strangers come.
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Processes, startWhole } from '../platform-processes.js';
import { OIDC_SUBJECT, type OidcIssuer, startOidcIssuer } from './oidc-issuer.js';

let oidc: OidcIssuer;
let platform: Processes & { readonly output: () => string };
let folder = '';
let administrator = '';
let workspace = '';

beforeAll(async () => {
  oidc = await startOidcIssuer('ES256');
  folder = mkdtempSync(join(tmpdir(), 'falaj-sign-in-'));
  platform = await startWhole(join(folder, 'data'), {
    configuration: join(import.meta.dirname, 'sign-in'),
    env: { FALAJ_TEST_ISSUER: oidc.issuer },
  });
});
afterAll(async () => {
  await platform?.stop();
  await oidc?.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: answers are judged by the expectations.
  readonly body: any;
}
const send = async (path: string, init: RequestInit = {}): Promise<Answer> => {
  const response = await fetch(new URL(path, platform.url), init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text.startsWith('{') ? JSON.parse(text) : text };
};
const post = (path: string, body: unknown) =>
  send(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
const ask = (token: string, query: string, variables = {}, at = workspace): Promise<Answer> =>
  send('/graphql', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${token}`,
      ...(at ? { 'x-falaj-workspace': at } : {}),
    },
    body: JSON.stringify({ query, variables }),
  });
/** As the administrator; every error fails the test. */
const administer = async (query: string, variables = {}) => {
  const { body } = await ask(administrator, query, variables);
  if (body.errors) throw new Error(JSON.stringify(body.errors));
  return body.data;
};

describe('the first start', () => {
  it('prints one code, takes wrong ones ever slower, and gives a token for the right one once', async () => {
    await expect.poll(() => platform.output()).toContain('first-sign-in');
    const [, code = ''] = /"code":"([^"]+)"/.exec(platform.output()) ?? [];
    expect(code).toHaveLength(27);
    expect((await readFile(join(folder, 'data', 'first-sign-in.code'), 'utf8')).trim()).toBe(code);

    for (const body of [{}, { code: '' }, { code: 7 }, { code, more: true }, 'code'])
      expect(await post('/auth/first-sign-in', body)).toMatchObject({ status: 400, body: { error: 'BAD_USER_INPUT' } });
    const wrong = { code: 'A'.repeat(27) };
    const guesses = await Promise.all(Array.from({ length: 12 }, () => post('/auth/first-sign-in', wrong)));
    const statuses = guesses.map(({ status }) => status).sort();
    expect(statuses).toEqual([401, 401, 401, ...Array.from({ length: 9 }, () => 429)]);
    // Whoever guesses locks the code's owner out for that second too.
    const held = await post('/auth/first-sign-in', { code });
    expect(held).toMatchObject({ status: 429, body: { error: 'RATE_LIMITED' } });
    expect(Number(held.headers.get('retry-after'))).toBe(1);
    await expect.poll(async () => (await post('/auth/first-sign-in', wrong)).status, { timeout: 5_000 }).toBe(401);
    expect(Number((await post('/auth/first-sign-in', wrong)).headers.get('retry-after'))).toBe(2);

    let signedIn: Answer | undefined;
    await expect
      .poll(
        async () => {
          signedIn = await post('/auth/first-sign-in', { code });
          return signedIn.status;
        },
        { timeout: 8_000, interval: 250 },
      )
      .toBe(200);
    expect(signedIn?.body).toMatchObject({ token_type: 'Bearer', expires_in: expect.any(Number) });
    expect(signedIn?.headers.get('cache-control')).toBe('no-store');
    expect(signedIn?.body.expires_in).toBeGreaterThan(590);
    administrator = signedIn?.body.access_token;
    expect((await post('/auth/first-sign-in', { code })).status).toBe(401);
    await expect(readFile(join(folder, 'data', 'first-sign-in.code'))).rejects.toMatchObject({ code: 'ENOENT' });

    const { body } = await ask(administrator, '{ me { id roles } }');
    expect(body.data.me).toEqual({ id: signedIn?.body.principal_id, roles: ['platform-administrator'] });
    const made = await administer(
      'mutation { createWorkspace(input: { name: "home", allowedZones: ["AE"] }) { workspace { id } } }',
    );
    workspace = made.createWorkspace.workspace.id;
  });

  it('publishes documents with which anybody verifies its tokens', async () => {
    const { body: configuration } = await send('/.well-known/openid-configuration');
    expect(configuration).toMatchObject({ issuer: decodeJwt(administrator).iss });
    expect(configuration.jwks_uri.startsWith(platform.url)).toBe(true);
    const { payload } = await jwtVerify(administrator, createRemoteJWKSet(new URL(configuration.jwks_uri)), {
      issuer: configuration.issuer,
      audience: 'falaj',
    });
    expect(payload).toMatchObject({ amr: ['otp'], auth_time: expect.any(Number) });
    expect(JSON.stringify((await send('/.well-known/jwks.json')).body)).not.toContain('"d"');
  });
});

describe('an issuer of the organisation', () => {
  it('lets in whom the directory knows, and nobody else', async () => {
    const token = await oidc.token();
    const unknown = await ask(token, '{ me { id } }');
    expect(unknown).toMatchObject({ status: 401, body: { errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] } });
    const made = await administer(
      `mutation($e: ExternalIdentityInput!) {
        createPrincipal(input: { name: "Amal", kind: USER, zone: "AE", external: $e }) { principal { id } } }`,
      { e: { issuer: oidc.issuer, subject: OIDC_SUBJECT } },
    );
    const { id } = made.createPrincipal.principal;
    await administer(
      `mutation($p: ID!) { grantRole(input: { principalId: $p, role: "auditor" }) { principal { id } } }`,
      { p: id },
    );
    const known = await ask(token, '{ me { id roles workspaceId } }');
    expect(known.body.data.me).toEqual({ id, roles: ['auditor'], workspaceId: workspace });
    for (const refused of [await oidc.token({ resource: 'urn:another:service' }), `${token}x`, 'x.y.z'])
      expect((await ask(refused, '{ me { id } }')).status).toBe(401);
  });
});
