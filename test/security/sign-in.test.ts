// A platform from its first start: who gets in, by which way, and who does not any more. Over HTTP, as strangers come.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CryptoKey, createRemoteJWKSet, decodeJwt, exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';
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

const form = (path: string, parameters: Record<string, string>) =>
  send(path, { method: 'POST', body: new URLSearchParams(parameters) });
const hire = async (kind: 'USER' | 'SERVICE', ...held: string[]): Promise<string> => {
  const made = await administer(
    `mutation($k: PrincipalKind!) { createPrincipal(input: { name: "somebody", kind: $k, zone: "AE" }) { principal { id } } }`,
    { k: kind },
  );
  const { id } = made.createPrincipal.principal;
  for (const role of held)
    await administer(
      'mutation($p: ID!, $r: String!) { grantRole(input: { principalId: $p, role: $r }) { principal { id } } }',
      { p: id, r: role },
    );
  return id;
};
const tokenFor = async (principalId: string): Promise<{ token: string; tokenId: string }> =>
  (
    await administer(
      'mutation($p: ID!) { issueAccessToken(input: { principalId: $p, ttlSeconds: 600 }) { token tokenId } }',
      { p: principalId },
    )
  ).issueAccessToken;

describe('a service account', () => {
  const assertion = (privateKey: CryptoKey, id: string, keyId: string, audience: string) =>
    new SignJWT({ jti: randomUUID() })
      .setProtectedHeader({ alg: 'ES256', kid: keyId })
      .setIssuer(id)
      .setSubject(id)
      .setAudience(audience)
      .setExpirationTime('60s')
      .sign(privateKey);
  const request = (client_assertion: string) =>
    form('/auth/token', {
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion,
    });

  it('signs in with a key that its administrator registered, until that is revoked', async () => {
    const id = await hire('SERVICE', 'viewer');
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    const register = (jwk: object) =>
      ask(
        administrator,
        `mutation($i: RegisterServiceKeyInput!) { registerServiceKey(input: $i) { serviceKey { id keyId } } }`,
        { i: { principalId: id, publicKey: JSON.stringify(jwk), expiresAt: new Date(Date.now() + 86_400_000) } },
      );
    const registered = await register(await exportJWK(publicKey));
    const { serviceKey } = registered.body.data.registerServiceKey;
    const { body: configuration } = await send('/.well-known/openid-configuration');
    const signed = await assertion(privateKey, id, serviceKey.keyId, configuration.token_endpoint);
    const answer = await request(signed);
    expect(answer).toMatchObject({ status: 200, body: { token_type: 'Bearer' } });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const { access_token: token } = answer.body;
    expect((await ask(token, '{ me { id kind roles } }')).body.data.me).toEqual({
      id,
      kind: 'SERVICE',
      roles: ['viewer'],
    });
    expect(await request(signed)).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    expect(await form('/auth/token', { grant_type: 'password' })).toMatchObject({
      status: 400,
      body: { error: 'unsupported_grant_type' },
    });
    const twice = await send('/auth/token', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'grant_type=client_credentials&grant_type=client_credentials',
    });
    expect(twice).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    expect((await post('/auth/token', { grant_type: 'client_credentials' })).status).toBe(400);

    await administer('mutation($k: ID!) { revokeServiceKey(input: { serviceKeyId: $k }) { serviceKey { id } } }', {
      k: serviceKey.id,
    });
    await refusedWithin(token);
    expect((await request(await assertion(privateKey, id, serviceKey.keyId, configuration.issuer))).status).toBe(401);
    const { serviceKeys } = await administer(
      'query($p: ID!) { serviceKeys(filter: { principalId: $p }) { edges { node { keyId revokedAt } } } }',
      { p: id },
    );
    expect(serviceKeys.edges).toEqual([{ node: { keyId: serviceKey.keyId, revokedAt: expect.any(String) } }]);
  });

  it('takes the word of the place its workload runs in', async () => {
    const id = await hire('SERVICE', 'viewer');
    await administer(
      'mutation($i: BindWorkloadIdentityInput!) { bindWorkloadIdentity(input: $i) { workloadIdentity { id } } }',
      { i: { principalId: id, issuer: oidc.issuer, subject: OIDC_SUBJECT } },
    );
    const exchange = async (resource: string) =>
      form('/auth/token', {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: await oidc.token({ resource }),
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        client_id: id,
      });
    const { status, body } = await exchange('urn:falaj:workloads');
    expect(status).toBe(200);
    expect((await ask(body.access_token, '{ me { id kind } }')).body.data.me).toEqual({ id, kind: 'SERVICE' });
    // Who signs in at this issuer is no workload, and a workload's token opens the graph for nobody.
    expect(await exchange('urn:falaj:platform')).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    expect((await ask(await oidc.token({ resource: 'urn:falaj:workloads' }), '{ me { id } }')).status).toBe(401);
  });
});

/** Check 7 of the acceptance: from then on every request is refused, two seconds later at the latest. */
async function refusedWithin(token: string): Promise<void> {
  await expect.poll(async () => (await ask(token, '{ me { id } }')).status, { timeout: 2_000 }).toBe(401);
}

describe('what is taken is taken', () => {
  const runOf = async (): Promise<string> => {
    const scientist = await tokenFor(await hire('USER', 'data-scientist'));
    const mutate = async (query: string) => (await ask(scientist.token, `mutation { ${query} }`)).body.data;
    const name = randomUUID();
    const { createExperiment } = await mutate(`createExperiment(input: { name: "${name}" }) { experiment { id } }`);
    const { createRun } = await mutate(
      `createRun(input: { experimentId: "${createExperiment.experiment.id}", name: "open" }) { run { id } }`,
    );
    return createRun.run.id;
  };
  /** Follows a run that does not end, and answers the first result and how the stream ended. */
  const follow = async (token: string, runId: string) => {
    const response = await fetch(new URL('/graphql/stream', platform.url), {
      method: 'POST',
      headers: {
        accept: 'text/event-stream',
        'content-type': 'application/json',
        authorization: `Bearer ${token}`,
        'x-falaj-workspace': workspace,
      },
      body: JSON.stringify({ query: `subscription { runProgress(runId: "${runId}") { state } }` }),
    });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const decoder = new TextDecoder();
    let text = '';
    const until = async (mark: string): Promise<string> => {
      for (;;) {
        if (text.includes(mark)) return text;
        const { value, done } = await reader.read();
        if (done) return text;
        text += decoder.decode(value, { stream: true });
      }
    };
    expect(await until('"state"')).toContain('RUNNING');
    return { ended: () => until('event: complete') };
  };

  it.each<[string, string, (principalId: string, token: { token: string; tokenId: string }) => Promise<unknown>]>([
    [
      'a role',
      'AUTHORISATION_CHANGED',
      (id) =>
        administer(`mutation { revokeRole(input: { principalId: "${id}", role: "viewer" }) { principal { id } } }`),
    ],
    [
      'the right to act at all',
      'UNAUTHENTICATED',
      (id) => administer(`mutation { disablePrincipal(input: { principalId: "${id}" }) { principal { id } } }`),
    ],
    [
      'every token',
      'UNAUTHENTICATED',
      (id) => administer(`mutation { signOutPrincipal(input: { principalId: "${id}" }) { principal { id } } }`),
    ],
    [
      'one token, by its id',
      'UNAUTHENTICATED',
      (id, { tokenId }) =>
        administer(
          `mutation { revokeAccessToken(input: { principalId: "${id}", tokenId: "${tokenId}" }) { tokenId } }`,
        ),
    ],
    ['one token, by its holder', 'UNAUTHENTICATED', (_, { token }) => form('/auth/revoke', { token })],
  ])('%s: the open subscription ends with %s, and the next request is refused', async (_, code, take) => {
    const runId = await runOf();
    const id = await hire('USER', 'viewer');
    const token = await tokenFor(id);
    const stream = await follow(token.token, runId);
    await take(id, token);
    expect(await stream.ended()).toContain(`"code":"${code}"`);
    if (code === 'UNAUTHENTICATED') await refusedWithin(token.token);
    else
      expect((await ask(token.token, `{ run(id: "${runId}") { id } }`)).body).toMatchObject({
        errors: [{ extensions: { code: 'NOT_FOUND' } }],
      });
  });

  it('the sight of a run, by a rule: the open subscription ends at the next event', async () => {
    const runId = await runOf();
    const { token } = await tokenFor(await hire('USER', 'viewer'));
    const stream = await follow(token, runId);
    await administer(
      'mutation { createPolicyRule(input: { id: "hide", effect: DENY, actions: ["read"], subject: "Run", roles: ["viewer"], reason: "HIDDEN" }) { policyRule { id } } }',
    );
    const scientist = await tokenFor(await hire('USER', 'data-scientist'));
    // Its owner ends it: that is the event.
    const finished = await ask(
      scientist.token,
      `mutation { finishRun(id: "${runId}", state: SUCCEEDED) { run { id } } }`,
    );
    expect(finished.body.errors).toBeUndefined();
    expect(await stream.ended()).toContain('"code":"AUTHORISATION_CHANGED"');
    await administer('mutation { retirePolicyRule(input: { id: "hide" }) { policyRule { id } } }');
  });

  it('nothing is taken by a token that opens nothing', async () => {
    const { token } = await tokenFor(await hire('USER', 'viewer'));
    for (const guess of ['no token at all', `${token}x`, ''])
      expect((await form('/auth/revoke', { token: guess })).status).toBe(200);
    expect((await ask(token, '{ me { id } }')).status).toBe(200);
  });
});

describe('a secret', () => {
  it('is shown to who has just signed in, and to nobody on an older word', async () => {
    const subject = await hire('USER', 'viewer');
    const issueFor = (token: string) =>
      ask(
        token,
        'mutation($p: ID!) { issueAccessToken(input: { principalId: $p, ttlSeconds: 60 }) { token tokenId } }',
        { p: subject },
      );
    const { principals } = await administer(
      'query { principals(first: 50, filter: { nameContains: "Amal" }) { edges { node { id } } } }',
    );
    const amal = principals.edges[0].node.id;
    await administer(
      'mutation($p: ID!) { grantRole(input: { principalId: $p, role: "administrator" }) { principal { id } } }',
      { p: amal },
    );
    const now = Math.floor(Date.now() / 1_000);
    const fresh = await issueFor(await oidc.token({ claims: { auth_time: now - 10, amr: ['otp'] } }));
    expect(fresh.body.data.issueAccessToken.token).toMatch(/^eyJ/);
    const old = [
      await oidc.token({ claims: { auth_time: now - 301, amr: ['otp'] } }),
      await oidc.token(),
      // Issued by an administrator: its bearer proved nothing.
      (await tokenFor(await hire('USER', 'administrator'))).token,
    ];
    for (const token of old)
      expect((await issueFor(token)).body).toMatchObject({
        data: null,
        errors: [{ extensions: { code: 'STEP_UP_REQUIRED' } }],
      });
    const { auditRecords } = await administer(
      'query($p: ID!) { auditRecords(first: 10, filter: { action: "issueAccessToken", subjectId: $p }) { edges { node { outcome reason } } } }',
      { p: subject },
    );
    const outcomes = auditRecords.edges.map(({ node }: { node: { outcome: string; reason: string | null } }) => node);
    expect(outcomes.filter(({ reason }: { reason: string | null }) => reason === 'STEP_UP_REQUIRED')).toHaveLength(3);
    expect(outcomes).toHaveLength(4);
  });
});

describe('an issuer that ends a session', () => {
  it('ends what it issued for that session, at once', async () => {
    const [one, other] = [await oidc.token({ claims: { sid: 'one' } }), await oidc.token({ claims: { sid: 'other' } })];
    for (const token of [one, other]) expect((await ask(token, '{ me { id } }')).status).toBe(200);
    await oidc.logout(`${platform.url}/auth/backchannel-logout`, 'one');
    await refusedWithin(one);
    expect((await ask(other, '{ me { id } }')).status).toBe(200);
    const forged = await form('/auth/backchannel-logout', { logout_token: other });
    expect(forged).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    expect(forged.headers.get('cache-control')).toBe('no-store');
  });
});

describe('who asks too often', () => {
  it('waits, by address, and is told how long', async () => {
    const attempts = await Promise.all(Array.from({ length: 320 }, () => form('/auth/revoke', { token: 'x' })));
    const late = attempts.find(({ status }) => status === 429);
    expect(late).toMatchObject({ body: { error: 'RATE_LIMITED' } });
    expect(Number(late?.headers.get('retry-after'))).toBeGreaterThan(0);
    // What is no way in is not held back.
    expect((await send('/.well-known/jwks.json')).status).toBe(200);
  });
});
