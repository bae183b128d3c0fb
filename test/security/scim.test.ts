// The directory of an organisation keeps people and groups over SCIM, with the requests that Entra ID and Okta document.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operatorTokenOf, type Processes, startWhole } from '../platform-processes.js';
import { OIDC_SUBJECT, type OidcIssuer, startOidcIssuer } from './oidc-issuer.js';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: answers are judged by the expectations.
  readonly body: any;
}
interface Place {
  readonly id: string;
  readonly provisionerId: string;
  readonly token: string;
}

let oidc: OidcIssuer;
let platform: Processes;
let folder = '';
let operator = '';
let home: Place;
let abroad: Place;

const ask = async (token: string, query: string, at = home?.id): Promise<Answer> => {
  const response = await fetch(new URL('/graphql', platform.url), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${token}`,
      ...(at ? { 'x-falaj-workspace': at } : {}),
    },
    body: JSON.stringify({ query }),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
};
const administer = async (query: string, at = home?.id) => {
  const { body } = await ask(operator, query, at);
  if (body.errors) throw new Error(JSON.stringify(body.errors));
  return body.data;
};
const hire = async (workspaceId: string, kind: string, ...roles: string[]) => {
  const made = await administer(
    `mutation { createPrincipal(input: { name: "mine", kind: ${kind}, zone: "AE" }) { principal { id } } }`,
    workspaceId,
  );
  const { id } = made.createPrincipal.principal;
  for (const role of roles)
    await administer(
      `mutation { grantRole(input: { principalId: "${id}", role: "${role}" }) { principal { id } } }`,
      workspaceId,
    );
  return { id, token: await tokenFor(id, workspaceId) };
};
const tokenFor = async (id: string, workspaceId: string): Promise<string> =>
  (
    await administer(
      `mutation { issueAccessToken(input: { principalId: "${id}", ttlSeconds: 900 }) { token } }`,
      workspaceId,
    )
  ).issueAccessToken.token;
const workspace = async (name: string): Promise<Place> => {
  const { createWorkspace } = await administer(
    `mutation { createWorkspace(input: { name: "${name}", allowedZones: ["AE"] }) { workspace { id } } }`,
    'platform',
  );
  const { id } = createWorkspace.workspace;
  const provisioner = await hire(id, 'SERVICE', 'provisioner');
  return { id, provisionerId: provisioner.id, token: provisioner.token };
};

const scim = async (
  method: string,
  path: string,
  body?: unknown,
  { at = home, token = at.token, type = 'application/scim+json' }: { at?: Place; token?: string; type?: string } = {},
): Promise<Answer> => {
  const response = await fetch(new URL(`/scim/v2/${at.id}/${path}`, platform.url), {
    method,
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body === undefined ? {} : { 'content-type': type }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
};
const patch = (path: string, ...operations: object[]) =>
  scim('PATCH', path, { schemas: [PATCH], Operations: operations });
const find = (resource: string, filter: string, more = '') =>
  scim('GET', `${resource}?filter=${encodeURIComponent(filter)}${more}`);
const trail = async (action: string, subjectId: string) =>
  (
    await administer(
      `{ auditRecords(filter: { action: "${action}", subjectId: "${subjectId}" }) { edges { node { actorId outcome details } } } }`,
    )
  ).auditRecords.edges.map(({ node }: { node: object }) => node);

/** As Entra ID creates a user; what is not kept is there too. */
const entraUser = (externalId: string, userName: string) => ({
  schemas: [USER, 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'],
  externalId,
  userName,
  active: true,
  emails: [{ primary: true, type: 'work', value: `${userName}@example.org` }],
  meta: { resourceType: 'User' },
  name: { formatted: 'Amal Haddad', familyName: 'Haddad', givenName: 'Amal' },
  roles: [],
  'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { department: 'Flights' },
});
/** As Okta does. */
const oktaUser = (externalId: string, userName: string) => ({
  schemas: [USER],
  userName,
  name: { givenName: 'Omar', familyName: 'Saleh' },
  emails: [{ primary: true, value: 'omar@example.org', type: 'work' }],
  displayName: 'Omar Saleh',
  locale: 'en-US',
  externalId,
  groups: [],
  password: '1mz050nq',
  active: true,
});

beforeAll(async () => {
  oidc = await startOidcIssuer('ES256');
  folder = mkdtempSync(join(tmpdir(), 'falaj-scim-'));
  platform = await startWhole(join(folder, 'data'), {
    configuration: join(import.meta.dirname, 'sign-in'),
    env: { FALAJ_TEST_ISSUER: oidc.issuer },
  });
  operator = await operatorTokenOf(platform.dataDirectory);
  home = await workspace('home');
  abroad = await workspace('abroad');
});
afterAll(async () => {
  await platform?.stop();
  await oidc?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('who asks', () => {
  it('is a service with the role, in its own workspace; anybody else is refused, and told nothing', async () => {
    const viewer = await hire(home.id, 'SERVICE', 'viewer', 'administrator');
    const person = await hire(home.id, 'USER', 'provisioner');
    for (const token of ['', 'wrong', `${home.token}x`]) {
      const refused = await scim('GET', 'Users', undefined, { token });
      expect(refused).toMatchObject({
        status: 401,
        body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: '401' },
      });
      expect(refused.headers.get('www-authenticate')).toBe('Bearer');
    }
    for (const [at, token] of [
      [home, viewer.token],
      [home, person.token],
      [home, operator],
      [abroad, home.token],
      [{ ...home, id: 'ws_nowhere' }, home.token],
    ] as const) {
      expect(await scim('GET', 'Users', undefined, { at, token })).toMatchObject({
        status: 403,
        body: { status: '403' },
      });
      expect((await scim('POST', 'Users', entraUser('x', 'x'), { at, token })).status).toBe(403);
    }
    expect((await find('Users', 'userName eq "x"')).body.totalResults).toBe(0);
    const [refusal] = await administer(
      `{ auditRecords(first: 1, filter: { action: "scim", actorId: "${viewer.id}" }) { edges { node { outcome reason } } } }`,
    ).then(({ auditRecords }) => auditRecords.edges);
    expect(refusal.node).toEqual({ outcome: 'REFUSED', reason: 'FORBIDDEN' });
  });

  it('opens nothing of the graph', async () => {
    const { body } = await ask(home.token, '{ me { roles } principals { totalCount } groups { totalCount } }');
    expect(body.data).toEqual({
      me: { roles: ['provisioner'] },
      principals: { totalCount: 1 },
      groups: { totalCount: 0 },
    });
    const grant = await ask(
      home.token,
      `mutation { grantRole(input: { principalId: "${home.provisionerId}", role: "administrator" }) { principal { id } } }`,
    );
    expect(grant.body.errors[0].extensions.code).toBe('FORBIDDEN');
  });
});

describe('a secret that a directory holds', () => {
  const issue = (expiresAt: Date, principalId = home.provisionerId) =>
    ask(
      operator,
      `mutation { issueProvisioningToken(input: { principalId: "${principalId}", expiresAt: "${expiresAt.toISOString()}" }) { token tokenId } }`,
    );
  const soon = new Date(Date.now() + 3_600_000);
  const status = async (token: string, at = home) =>
    (await scim('GET', 'Users?count=0', undefined, { at, token })).status;

  it('opens SCIM in its workspace and nothing else, until it is taken', async () => {
    const { token, tokenId } = (await issue(soon)).body.data.issueProvisioningToken;
    const { token: other } = (await issue(soon)).body.data.issueProvisioningToken;
    expect(await status(token)).toBe(200);
    expect(await status(token, abroad)).toBe(401);
    expect(await status(`${token}x`)).toBe(401);
    expect((await ask(token, '{ me { id } }')).status).toBe(401);
    expect((await issue(soon)).body.errors[0].extensions.details.rule).toBe('PROVISIONING_TOKENS');
    await administer(
      `mutation { revokeProvisioningToken(input: { provisioningTokenId: "${tokenId}" }) { provisioningToken { revokedAt } } }`,
    );
    expect([await status(token), await status(other)]).toEqual([401, 200]);
    await administer(
      `mutation { signOutPrincipal(input: { principalId: "${home.provisionerId}" }) { principal { id } } }`,
    );
    await expect.poll(() => status(other), { timeout: 2_000 }).toBe(401);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    home = { ...home, token: await tokenFor(home.provisionerId, home.id) };
    const { provisioningTokens } = await administer(
      `{ provisioningTokens(filter: { principalId: "${home.provisionerId}" }) { edges { node { revokedAt } } } }`,
    );
    expect(provisioningTokens.edges.map(({ node }: { node: object }) => node)).toEqual([
      { revokedAt: null },
      { revokedAt: expect.any(String) },
    ]);
  });

  it('is for a service, and for a year at most', async () => {
    const person = await hire(home.id, 'USER', 'provisioner');
    expect((await issue(soon, person.id)).body.errors[0].extensions.details.rule).toBe('SERVICE_CREDENTIALS');
    for (const wrong of [new Date(Date.now() - 1), new Date(Date.now() + 366 * 86_400_000)])
      expect((await issue(wrong)).body.errors[0].extensions.code).toBe('BAD_USER_INPUT');
  });
});

describe('Entra ID', () => {
  it('finds nobody, creates, changes, disables, enables and deletes a person', async () => {
    expect(await find('Users', 'userName eq "amal"')).toMatchObject({
      status: 200,
      body: { totalResults: 0, Resources: [] },
    });
    const made = await scim('POST', 'Users', entraUser(OIDC_SUBJECT, 'amal'));
    expect(made).toMatchObject({
      status: 201,
      body: {
        schemas: [USER],
        externalId: OIDC_SUBJECT,
        userName: 'amal',
        active: true,
        emails: [{ primary: true, type: 'work', value: 'amal@example.org' }],
        name: { formatted: 'Amal Haddad' },
        meta: { resourceType: 'User' },
      },
    });
    expect(made.headers.get('content-type')).toContain('application/scim+json');
    const { id, meta } = made.body;
    expect(made.headers.get('location')).toBe(meta.location);
    expect(Object.keys(made.body)).not.toContain('roles');
    expect((await fetch(meta.location, { headers: { authorization: `Bearer ${home.token}` } })).status).toBe(200);

    const changed = await patch(
      `Users/${id}`,
      { op: 'Replace', path: 'emails[type eq "work"].value', value: 'amal.haddad@example.org' },
      { op: 'Add', path: 'emails[type eq "home"].value', value: 'a@example.org' },
      { op: 'Replace', path: 'name.familyName', value: 'Haddad-Saleh' },
      { op: 'Add', path: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department', value: 'Crew' },
    );
    expect(changed.body).toMatchObject({
      name: { familyName: 'Haddad-Saleh', givenName: 'Amal' },
      emails: [
        { primary: true, type: 'work', value: 'amal.haddad@example.org' },
        { type: 'home', value: 'a@example.org' },
      ],
    });
    expect(
      await find('Users', 'emails[type eq "work"].value eq "AMAL.haddad@example.org" and active eq true'),
    ).toMatchObject({
      body: { totalResults: 1, Resources: [{ id }] },
    });

    await administer(`mutation { grantRole(input: { principalId: "${id}", role: "viewer" }) { principal { id } } }`);
    const session = await oidc.token();
    // Nobody else says who the person is, not even an administrator of its home.
    const issued = await ask(
      operator,
      `mutation { issueAccessToken(input: { principalId: "${id}", ttlSeconds: 60 }) { token } }`,
    );
    expect(issued.body.errors[0].extensions.details.rule).toBe('SIGNS_IN_ELSEWHERE');
    expect((await ask(session, '{ me { id roles } }')).body.data.me).toEqual({ id, roles: ['viewer'] });
    const ended = await openStream(session);
    expect((await patch(`Users/${id}`, { op: 'Replace', path: 'active', value: 'False' })).body.active).toBe(false);
    const from = Date.now();
    await expect.poll(async () => (await ask(session, '{ me { id } }')).status, { timeout: 2_000 }).toBe(401);
    expect(await ended.code).toBe('UNAUTHENTICATED');
    expect(Date.now() - from).toBeLessThan(60_000);

    expect((await patch(`Users/${id}`, { op: 'Replace', path: 'active', value: 'True' })).body.active).toBe(true);
    // What was issued before has ended for good; a new sign-in finds what the person held.
    expect((await ask(session, '{ me { id } }')).status).toBe(401);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const again = await oidc.token();
    await expect.poll(async () => (await ask(again, '{ me { roles } }')).body.data?.me.roles).toEqual(['viewer']);

    expect((await scim('DELETE', `Users/${id}`)).status).toBe(204);
    expect((await scim('GET', `Users/${id}`)).status).toBe(404);
    expect((await scim('DELETE', `Users/${id}`)).status).toBe(404);
    await expect.poll(async () => (await ask(again, '{ me { id } }')).status, { timeout: 2_000 }).toBe(401);
    const back = await scim('POST', 'Users', entraUser(OIDC_SUBJECT, 'amal'));
    expect(back).toMatchObject({ status: 201, body: { id } });
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect((await ask(await oidc.token(), '{ me { id roles } }')).body.data.me).toEqual({ id, roles: [] });

    expect(await trail('scimCreateUser', id)).toHaveLength(2);
    expect(await trail('scimPatchUser', id)).toEqual([
      { actorId: home.provisionerId, outcome: 'SUCCEEDED', details: { changed: ['active'], active: true } },
      { actorId: home.provisionerId, outcome: 'SUCCEEDED', details: { changed: ['active'], active: false } },
      { actorId: home.provisionerId, outcome: 'SUCCEEDED', details: { changed: ['name', 'emails'] } },
    ]);
    expect(await trail('scimDeleteUser', id)).toHaveLength(1);
  });

  it('keeps groups, whose roles an administrator grants', async () => {
    const { id: userId } = (await find('Users', 'externalId eq "a-client"')).body.Resources[0];
    const made = await scim('POST', 'Groups', {
      schemas: [GROUP, 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'],
      externalId: '8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159',
      displayName: 'Scientists',
      meta: { resourceType: 'Group' },
      members: [],
    });
    expect(made).toMatchObject({ status: 201, body: { displayName: 'Scientists', members: [] } });
    const { id } = made.body;
    await administer(
      `mutation { grantGroupRole(input: { groupId: "${id}", role: "data-scientist" }) { group { fromDirectory } } }`,
    );
    const added = await patch(`Groups/${id}`, { op: 'Add', path: 'members', value: [{ $ref: null, value: userId }] });
    expect(added.status).toBe(204);
    const session = await oidc.token();
    const roles = async () => (await ask(session, '{ me { roles } }')).body.data?.me.roles;
    await expect.poll(roles, { timeout: 2_000 }).toEqual(['data-scientist']);
    const found = await find('Groups', 'displayName eq "scientists"', '&excludedAttributes=members');
    expect(found.body.Resources).toEqual([expect.not.objectContaining({ members: expect.anything() })]);
    expect((await scim('GET', `Groups/${id}`)).body.members).toMatchObject([{ value: userId }]);
    expect((await find('Groups', `id eq "${id}" and members eq "${userId}"`)).body.totalResults).toBe(1);
    await patch(`Groups/${id}`, { op: 'Replace', path: 'displayName', value: 'Data scientists' });
    await patch(`Groups/${id}`, { op: 'Remove', path: 'members', value: [{ $ref: null, value: userId }] });
    await expect.poll(roles, { timeout: 2_000 }).toEqual([]);
    expect((await scim('GET', `Groups/${id}`)).body).toMatchObject({ displayName: 'Data scientists', members: [] });
    expect((await scim('DELETE', `Groups/${id}`)).status).toBe(204);
    expect((await trail('scimPatchGroup', id)).map(({ details }: { details: object }) => details)).toEqual([
      { added: [], removed: [userId] },
      { added: [], removed: [], displayName: 'Data scientists' },
      { added: [userId], removed: [] },
    ]);
  });
});

describe('Okta', () => {
  it('creates, replaces, deactivates without a path, and pushes groups', async () => {
    const none = await find('Users', 'userName eq "omar@example.org"', '&startIndex=1&count=100');
    expect(none.body).toMatchObject({ totalResults: 0, startIndex: 1, itemsPerPage: 0 });
    const user = oktaUser('00ujl29u0le5T6Aj10h7', 'omar@example.org');
    const { body } = await scim('POST', 'Users', user, { type: 'application/json' });
    const { id } = body;
    expect(body).toMatchObject({ displayName: 'Omar Saleh', name: { givenName: 'Omar' } });
    expect(JSON.stringify(body)).not.toContain('1mz050nq');
    const replaced = await scim('PUT', `Users/${id}`, { ...user, id, displayName: 'Omar S.', emails: [] });
    expect(replaced).toMatchObject({ status: 200, body: { displayName: 'Omar S.', emails: [] } });
    const shown = await administer(`{ principal(id: "${id}") { name email zone disabledAt } }`);
    expect(shown.principal).toEqual({ name: 'Omar S.', email: null, zone: 'AE', disabledAt: null });

    const group = (await scim('POST', 'Groups', { schemas: [GROUP], displayName: 'Crew', members: [{ value: id }] }))
      .body;
    expect(group.members).toMatchObject([{ value: id }]);
    const renamed = await patch(`Groups/${group.id}`, { op: 'replace', value: { id: group.id, displayName: 'Cabin' } });
    expect(renamed.status).toBe(204);
    await patch(
      `Groups/${group.id}`,
      { op: 'remove', path: `members[value eq "${id}"]` },
      { op: 'add', path: 'members', value: [{ value: id, display: 'omar' }] },
    );
    expect((await scim('GET', `Groups/${group.id}`)).body).toMatchObject({
      displayName: 'Cabin',
      members: [{ value: id }],
    });
    await scim('PUT', `Groups/${group.id}`, { schemas: [GROUP], displayName: 'Cabin', members: [] });
    expect((await scim('GET', `Groups/${group.id}`)).body.members).toEqual([]);

    expect((await patch(`Users/${id}`, { op: 'replace', value: { active: false } })).body.active).toBe(false);
    expect((await find('Users', 'active eq false')).body.Resources.map((one: { id: string }) => one.id)).toEqual([id]);
    // Whom an administrator disabled, no directory enables.
    await patch(`Users/${id}`, { op: 'replace', value: { active: true } });
    await administer(`mutation { disablePrincipal(input: { principalId: "${id}" }) { principal { id } } }`);
    expect((await patch(`Users/${id}`, { op: 'replace', value: { active: true } })).body.active).toBe(false);
    await patch(`Users/${id}`, { op: 'replace', value: { active: false } });
    expect((await patch(`Users/${id}`, { op: 'replace', value: { active: true } })).body.active).toBe(false);
  });
});

describe('what is asked for', () => {
  it.each([
    ['Users?filter=userName', 'invalidFilter'],
    ['Users?filter=userName%20eq', 'invalidFilter'],
    ['Users?filter=userName%20eq%205', 'invalidFilter'],
    ['Users?filter=password%20eq%20%22x%22', 'invalidFilter'],
    ['Users?filter=userName%20eq%20%22x%22)%20or%201=1', 'invalidFilter'],
    [`Users?filter=${'('.repeat(60)}active%20pr${')'.repeat(60)}`, 'invalidFilter'],
    ['Users?filter=constructor%20pr', 'invalidFilter'],
    ['Users?startIndex=one', 'invalidValue'],
    ['Users?sortBy=password', 'invalidPath'],
    ['Users?count=1&count=2', 'invalidSyntax'],
  ])('is refused with its type: %s', async (path, scimType) => {
    expect(await scim('GET', path)).toMatchObject({ status: 400, body: { status: '400', scimType } });
  });

  it.each([
    ['POST', 'Users', '{', 'invalidSyntax'],
    ['POST', 'Users', { userName: 'x' }, 'invalidValue'],
    ['POST', 'Users', { externalId: 'x', userName: ' ' }, 'invalidValue'],
    ['POST', 'Users', { externalId: 'x', userName: 'x', active: 'perhaps' }, 'invalidValue'],
    ['POST', 'Users', { externalId: 'x', userName: 'x', emails: [{ value: 'x' }] }, 'invalidValue'],
    ['POST', 'Groups', { displayName: 'x', members: [{ value: 'pr_nobody' }] }, 'invalidValue'],
    ['POST', 'Groups', { members: [] }, 'invalidValue'],
  ] as const)('is refused with its type: %s %s %j', async (method, path, body, scimType) => {
    expect(await scim(method, path, body)).toMatchObject({ status: 400, body: { scimType } });
  });

  it('is one page, sorted, filtered and cut to size', async () => {
    const names = ['p1', 'p2', 'p3', 'p4', 'p5'];
    for (const name of names) await scim('POST', 'Users', oktaUser(`id-${name}`, name));
    const page = (startIndex: number, more = '') =>
      scim('GET', `Users?filter=userName%20sw%20%22P%22&sortBy=userName&startIndex=${startIndex}&count=2${more}`);
    const seen: string[] = [];
    for (const start of [1, 3, 5]) {
      const { body } = await page(start);
      expect(body).toMatchObject({ totalResults: 5, startIndex: start });
      seen.push(...body.Resources.map(({ userName }: { userName: string }) => userName));
    }
    expect(seen).toEqual(names);
    const { body } = await page(1, '&sortOrder=descending&attributes=userName');
    expect(body.Resources.map(({ meta: _, ...one }: { meta: object }) => one)).toEqual([
      { schemas: [USER], id: expect.any(String), userName: 'p5' },
      { schemas: [USER], id: expect.any(String), userName: 'p4' },
    ]);
    expect((await scim('GET', 'Users?count=0')).body).toMatchObject({ itemsPerPage: 0, Resources: [] });
    const either = 'userName eq "p1" or (userName sw "p" and not (userName ge "p2")) or name.givenName ew "nobody"';
    expect((await find('Users', either)).body.totalResults).toBe(1);
  });

  it('is described', async () => {
    const { body } = await scim('GET', 'ServiceProviderConfig');
    expect(body).toMatchObject({ patch: { supported: true }, bulk: { supported: false }, filter: { maxResults: 200 } });
    expect((await scim('GET', 'ResourceTypes')).body).toMatchObject({ totalResults: 2 });
    expect((await scim('GET', `Schemas/${USER}`)).body.attributes.map(({ name }: { name: string }) => name)).toContain(
      'emails',
    );
    for (const nowhere of ['Bulk', 'Schemas/urn:x', 'Users/x/y', 'Me', 'Users/pr_nobody'])
      expect((await scim('GET', nowhere)).status).toBe(404);
    const large = await scim('POST', 'Users', { userName: 'x'.repeat(1_100_000) });
    expect(large).toMatchObject({ status: 413, body: { status: '413' } });
  });
});

describe('two at once', () => {
  it('create one person, by user name and by subject', async () => {
    const answers = await Promise.all(
      Array.from({ length: 4 }, (_, n) => scim('POST', 'Users', oktaUser(`twin-${n}`, n % 2 ? 'TWIN' : 'twin'))),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
    expect(answers.find(({ status }) => status === 409)?.body).toMatchObject({ scimType: 'uniqueness', status: '409' });
    const same = await Promise.all(
      Array.from({ length: 3 }, (_, n) => scim('POST', 'Users', oktaUser('same', `same-${n}`))),
    );
    expect(same.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
  });

  it('add different members, and none is lost', async () => {
    const users = (await find('Users', 'userName sw "p"')).body.Resources as { id: string }[];
    const { id } = (await scim('POST', 'Groups', { displayName: 'All', members: [] })).body;
    await Promise.all(
      users.map((user) => patch(`Groups/${id}`, { op: 'add', path: 'members', value: [{ value: user.id }] })),
    );
    const members = (await scim('GET', `Groups/${id}`)).body.members.map(({ value }: { value: string }) => value);
    expect(members.sort()).toEqual(users.map((user) => user.id).sort());
  });
});

describe('what a directory may not', () => {
  it('change by what somebody signs in, or reach groups and people that are not its own', async () => {
    const { id } = (await find('Users', 'userName eq "p1"')).body.Resources[0];
    for (const change of [
      await patch(`Users/${id}`, { op: 'replace', path: 'externalId', value: 'id-of-the-administrator' }),
      await scim('PUT', `Users/${id}`, oktaUser('id-of-the-administrator', 'p1')),
    ])
      expect(change).toMatchObject({ status: 400, body: { scimType: 'mutability' } });
    const { createGroup } = await administer('mutation { createGroup(input: { name: "Admins" }) { group { id } } }');
    const own = createGroup.group.id;
    expect((await find('Groups', 'displayName eq "Admins"')).body.totalResults).toBe(0);
    expect((await patch(`Groups/${own}`, { op: 'add', path: 'members', value: [{ value: id }] })).status).toBe(404);
    expect(await scim('POST', 'Groups', { displayName: 'admins' })).toMatchObject({ status: 409 });
    const { id: group } = (await scim('POST', 'Groups', { displayName: 'Mine' })).body;
    const stranger = await patch(`Groups/${group}`, {
      op: 'add',
      path: 'members',
      value: [{ value: home.provisionerId }],
    });
    expect(stranger).toMatchObject({ status: 400, body: { scimType: 'invalidValue' } });
    expect(await scim('POST', 'Users', oktaUser('x', 'x'), { at: abroad })).toMatchObject({ status: 201 });
  });

  it('disable, rename or find a person of another workspace', async () => {
    const subject = 'id-p2';
    const { id } = (await find('Users', `externalId eq "${subject}"`)).body.Resources[0];
    const to = { at: abroad };
    expect((await scim('GET', `Users/${id}`, undefined, to)).status).toBe(404);
    const joined = await scim('POST', 'Users', { ...oktaUser('other', subject), displayName: 'Mallory' }, to);
    expect(joined).toMatchObject({ status: 201, body: { id, displayName: 'Mallory' } });
    await administer(
      `mutation { grantRole(input: { principalId: "${id}", role: "viewer" }) { principal { id } } }`,
      abroad.id,
    );
    const rolesAbroad = async () =>
      (await administer(`{ principal(id: "${id}") { name roles disabledAt } }`, abroad.id)).principal;
    expect(await rolesAbroad()).toEqual({ name: 'Omar Saleh', roles: ['viewer'], disabledAt: null });
    const body = { schemas: [PATCH], Operations: [{ op: 'replace', value: { active: false } }] };
    expect((await scim('PATCH', `Users/${id}`, body, to)).body.active).toBe(false);
    expect(await rolesAbroad()).toEqual({ name: 'Omar Saleh', roles: [], disabledAt: null });
    expect((await scim('GET', `Users/${id}`)).body).toMatchObject({ active: true, displayName: 'Omar Saleh' });
    expect((await scim('DELETE', `Users/${id}`, undefined, to)).status).toBe(204);
    expect((await scim('GET', `Users/${id}`)).body.active).toBe(true);
    const service = await administer(
      `mutation { createPrincipal(input: { name: "ci", kind: SERVICE, zone: "AE",
        external: { issuer: "${oidc.issuer}", subject: "ci" } }) { principal { id } } }`,
    );
    expect(service.createPrincipal.principal.id).toMatch(/^pr_/);
    expect(await scim('POST', 'Users', oktaUser('other', 'ci'), to)).toMatchObject({ status: 409 });
  });

  it('take the last administrator', async () => {
    const { id } = (await scim('POST', 'Users', oktaUser('boss', 'boss'))).body;
    const change = (mutation: string, who: string) =>
      ask(
        operator,
        `mutation { ${mutation}(input: { principalId: "${who}", role: "administrator" }) { principal { id } } }`,
      );
    await change('grantRole', id);
    const administrators = await administer(
      '{ workspaces { edges { node { members(first: 50) { edges { node { role principal { id } } } } } } } }',
    );
    const { edges } = administrators.workspaces.edges[0].node.members;
    for (const { node } of edges)
      if (node.role === 'administrator' && node.principal.id !== id) await change('revokeRole', node.principal.id);
    const refused = await patch(`Users/${id}`, { op: 'replace', value: { active: false } });
    expect(refused).toMatchObject({ status: 412, body: { detail: expect.stringContaining('LAST_ADMINISTRATOR') } });
    expect((await scim('DELETE', `Users/${id}`)).status).toBe(412);
    expect((await scim('GET', `Users/${id}`)).body.active).toBe(true);
  });
});

/** A stream of the caller; `code` is with what it ends. */
async function openStream(token: string): Promise<{ readonly code: Promise<string | undefined> }> {
  const { token: scientist } = await hire(home.id, 'SERVICE', 'data-scientist');
  const run = async (query: string) => (await ask(scientist, `mutation { ${query} }`)).body.data;
  const { createExperiment } = await run('createExperiment(input: { name: "open" }) { experiment { id } }');
  const { createRun } = await run(
    `createRun(input: { experimentId: "${createExperiment.experiment.id}", name: "open" }) { run { id } }`,
  );
  const stream = await fetch(new URL('/graphql/stream', platform.url), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      authorization: `Bearer ${token}`,
      'x-falaj-workspace': home.id,
    },
    body: JSON.stringify({ query: `subscription { runProgress(runId: "${createRun.run.id}") { state } }` }),
  });
  return { code: stream.text().then((text) => /"code":"([A-Z_]+)"/.exec(text)?.[1]) };
}
