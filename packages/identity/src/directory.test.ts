import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { auditMigrations, NO_WORKSPACE } from '@falaj/audit';
import { assertRowSecurity, type Tx } from '@falaj/database';
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bootstrap, createDirectory, type Directory, identityMigrations, PLATFORM_WORKSPACE } from './index.js';

let test: TestDatabase;
let directory: Directory;
let clock = 0;
let administratorId = '';
let folder = '';
beforeEach(async () => {
  clock = 0;
  test = await createTestDatabase({ migrations: [auditMigrations, identityMigrations] });
  directory = await createDirectory(test.database, { now: () => clock });
  folder = await mkdtemp(join(tmpdir(), 'falaj-identity-'));
  administratorId = (await bootstrap(test.database, { dataDirectory: folder })).administratorId;
});
afterEach(async () => {
  await rm(folder, { recursive: true });
  await directory.close();
  await test.close();
});

const within = <T>(workspaceId: string, work: (tx: Tx) => Promise<T>, principalId = administratorId) =>
  test.database.inWorkspace({ workspaceId, zones: ['AE'], principalId }, work);
const workspace = async (name: string, allowedZones = ['AE', 'AE-DIFC']) =>
  (await within(PLATFORM_WORKSPACE, (tx) => directory.createWorkspace(tx, { name, allowedZones, administratorId }))).id;
const member = async (workspaceId: string, name: string, ...roles: string[]) =>
  within(workspaceId, async (tx) => {
    const { id } = await directory.createPrincipal(tx, {
      homeWorkspaceId: workspaceId,
      kind: 'USER',
      name,
      zone: 'AE',
    });
    for (const role of roles)
      await directory.grantRole(tx, { workspaceId, principalId: id, role, by: administratorId });
    return id;
  });
const local = (subject: string) => ({ issuer: 'http://127.0.0.1:4000', subject, local: true });
/** Passes the memory, for tests that are not about it. */
const resolve = (...args: Parameters<Directory['resolve']>) => {
  clock += 1_000;
  return directory.resolve(...args);
};

describe('resolve', () => {
  it('answers roles and zones of the only workspace, sorted', async () => {
    const ws = await workspace('flights');
    const id = await member(ws, 'amal', 'viewer', 'auditor');
    expect(await resolve(local(id))).toEqual({
      id,
      kind: 'USER',
      name: 'amal',
      workspaceId: ws,
      roles: ['auditor', 'viewer'],
      zone: 'AE',
      zones: ['AE', 'AE-DIFC'],
    });
  });

  it('answers the asked workspace of several, and none when it was not asked', async () => {
    const [one, two] = [await workspace('one'), await workspace('two', ['AE-ADGM'])];
    const id = await member(one, 'amal', 'viewer');
    await within(two, (tx) =>
      directory.grantRole(tx, { workspaceId: two, principalId: id, role: 'approver', by: 'x' }),
    );
    expect(await resolve(local(id), two)).toMatchObject({ workspaceId: two, roles: ['approver'], zones: ['AE-ADGM'] });
    expect(await resolve(local(id), one)).toMatchObject({ workspaceId: one, roles: ['viewer'] });
    expect(await resolve(local(id))).toMatchObject({ workspaceId: NO_WORKSPACE, roles: [], zones: [] });
  });

  it.each(['ws_of_others', 'ws_that_is_nowhere', PLATFORM_WORKSPACE, NO_WORKSPACE])(
    'gives an outsider of %s no roles, no zones and no workspace in which a row could be',
    async (asked) => {
      const other = await workspace('others');
      const id = await member(await workspace('mine'), 'omar', 'administrator');
      const principal = await resolve(local(id), asked === 'ws_of_others' ? other : asked);
      expect(principal).toMatchObject({ workspaceId: NO_WORKSPACE, roles: [], zones: [] });
      const { rows } = await within(principal.workspaceId, (tx) =>
        tx.execute<{ id: string }>(sql`select id from identity.workspace`),
      );
      expect(rows).toEqual([]);
    },
  );

  it('prefers the platform for those who administer it, or they could create no second workspace', async () => {
    const ws = await workspace('flights');
    expect(await resolve(local(administratorId))).toMatchObject({ workspaceId: PLATFORM_WORKSPACE, zones: [] });
    expect(await resolve(local(administratorId), ws)).toMatchObject({ workspaceId: ws, roles: ['administrator'] });
  });

  it('keeps the built-in issuer and others apart: an id in a foreign token is nobody', async () => {
    const ws = await workspace('flights');
    const external = { issuer: 'https://login.example', subject: 'amal@example' };
    const { id } = await within(ws, (tx) =>
      directory.createPrincipal(tx, { homeWorkspaceId: ws, kind: 'USER', name: 'amal', zone: 'AE', external }),
    );
    expect(await resolve({ ...external, local: false })).toMatchObject({ id });
    for (const claims of [
      { issuer: external.issuer, subject: id, local: false },
      { issuer: 'https://evil.example', subject: external.subject, local: false },
      { ...external, local: true },
    ])
      await expect(resolve(claims)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('refuses a disabled principal, and takes a revoked role, at the next request although it remembers', async () => {
    const ws = await workspace('flights');
    const id = await member(ws, 'amal', 'viewer', 'auditor');
    expect((await directory.resolve(local(id))).roles).toEqual(['auditor', 'viewer']);
    await within(ws, (tx) => directory.revokeRole(tx, { workspaceId: ws, principalId: id, role: 'auditor', by: 'x' }));
    await expect.poll(async () => (await directory.resolve(local(id))).roles).toEqual(['viewer']);
    await within(ws, (tx) => directory.disablePrincipal(tx, id));
    await expect.poll(() => directory.resolve(local(id)).catch((error) => error.code)).toBe('UNAUTHENTICATED');
  });

  it('remembers for less than a second, for when no notice comes', async () => {
    const ws = await workspace('flights');
    const id = await member(ws, 'amal', 'viewer');
    const deaf = await createDirectory({ ...test.database, listen: async () => async () => {} }, { now: () => clock });
    await deaf.resolve(local(id));
    await within(ws, (tx) => directory.disablePrincipal(tx, id));
    clock += 999;
    expect((await deaf.resolve(local(id))).name).toBe('amal');
    clock += 1;
    await expect(deaf.resolve(local(id))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('lets a new member in at once, before any notice comes', async () => {
    const deaf = await createDirectory(
      { ...test.database, listen: async () => async () => undefined },
      { now: () => 0 },
    );
    expect((await deaf.resolve(local(administratorId))).workspaceId).toBe(PLATFORM_WORKSPACE);
    const ws = await workspace('flights');
    expect((await deaf.resolve(local(administratorId), ws)).roles).not.toEqual([]);
    await deaf.close();
  });

  it('does not remember a failed look-up', async () => {
    const ws = await workspace('flights');
    const id = await member(ws, 'amal', 'viewer');
    let down = true;
    const shaky = await createDirectory({
      ...test.database,
      asSystem: (work) => (down ? Promise.reject(new Error('down')) : test.database.asSystem(work)),
    });
    await expect(shaky.resolve(local(id))).rejects.toThrow('down');
    down = false;
    expect(await shaky.resolve(local(id))).toMatchObject({ id });
    await shaky.close();
  });
});

describe('roles', () => {
  it('may be granted again and twice, and keep their history', async () => {
    const ws = await workspace('flights');
    const id = await member(ws, 'amal', 'viewer', 'viewer');
    const change = { workspaceId: ws, principalId: id, role: 'viewer', by: administratorId };
    await within(ws, (tx) => directory.revokeRole(tx, change));
    expect(await within(ws, (tx) => directory.rolesOf(tx, ws, id))).toEqual([]);
    await within(ws, (tx) => directory.grantRole(tx, change));
    const { rows } = await within(ws, (tx) =>
      tx.execute<{ live: boolean }>(
        sql`select revoked_at is null as live from identity.role_binding where principal_id = ${id} order by granted_at`,
      ),
    );
    expect(rows).toEqual([{ live: false }, { live: true }]);
    await expect(within(ws, (tx) => tx.execute(sql`delete from identity.role_binding`))).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
  });

  it('are refused for an unknown principal without breaking the transaction', async () => {
    const ws = await workspace('flights');
    const seen = await within(ws, async (tx) => {
      const grant = directory.grantRole(tx, { workspaceId: ws, principalId: 'pr_0', role: 'viewer', by: 'x' });
      await expect(grant).rejects.toMatchObject({ code: 'NOT_FOUND' });
      return directory.rolesOf(tx, ws, administratorId);
    });
    expect(seen).toEqual(['administrator']);
    const revoke = within(ws, (tx) =>
      directory.revokeRole(tx, { workspaceId: ws, principalId: administratorId, role: 'viewer', by: 'x' }),
    );
    await expect(revoke).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('cannot be granted into another workspace', async () => {
    const [mine, other] = [await workspace('mine'), await workspace('other')];
    const id = await member(mine, 'amal');
    const grant = within(mine, (tx) =>
      directory.grantRole(tx, { workspaceId: other, principalId: id, role: 'viewer', by: 'x' }),
    );
    await expect(grant).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('of the platform are out of reach of a workspace, in the API and under it', async () => {
    const ws = await workspace('flights');
    const id = await member(ws, 'amal', 'administrator');
    const grant = within(ws, (tx) =>
      directory.grantRole(tx, { workspaceId: ws, principalId: id, role: 'platform-administrator', by: id }),
    );
    await expect(grant).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    const insert = within(ws, (tx) =>
      tx.execute(sql`insert into identity.role_binding (id, workspace_id, principal_id, role, granted_by)
        values ('rb_x', ${ws}, ${id}, 'platform-administrator', ${id})`),
    );
    await expect(insert).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('of the last administrator stay, also when two resign at once', async () => {
    const ws = await workspace('flights');
    const other = await member(ws, 'second', 'administrator');
    const change = (principalId: string) => ({ workspaceId: ws, principalId, role: 'administrator', by: principalId });
    let second = Promise.resolve();
    await within(ws, async (tx) => {
      await directory.revokeRole(tx, change(administratorId));
      second = within(ws, (inner) => directory.revokeRole(inner, change(other)));
      second.catch(() => undefined);
      // Time enough for the second to commit first, were it not made to wait.
      await sleep(300);
    });
    await expect(second).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
  });

  it('the last administrator cannot be disabled either', async () => {
    const ws = await workspace('flights');
    const id = await member(ws, 'amal', 'administrator');
    await within(ws, (tx) =>
      directory.revokeRole(tx, { workspaceId: ws, principalId: administratorId, role: 'administrator', by: id }),
    );
    await expect(within(ws, (tx) => directory.disablePrincipal(tx, id))).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
    });
  });

  it.each(['', 'Admin', 'a b', 'x'.repeat(64), "x'; drop table"])('refuses the name %j', async (role) => {
    const ws = await workspace('flights');
    const grant = within(ws, (tx) =>
      directory.grantRole(tx, { workspaceId: ws, principalId: administratorId, role, by: 'x' }),
    );
    await expect(grant).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});

describe('principals', () => {
  it('of another home can have their roles taken, but are neither disabled nor signed in for', async () => {
    const [home, host] = [await workspace('home'), await workspace('host')];
    const id = await member(home, 'amal', 'viewer');
    await within(host, (tx) =>
      directory.grantRole(tx, { workspaceId: host, principalId: id, role: 'viewer', by: 'x' }),
    );
    await expect(within(host, (tx) => directory.ownPrincipal(tx, id))).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(within(host, (tx) => directory.disablePrincipal(tx, id))).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const { rows } = await within(host, (tx) =>
      tx.execute<{ id: string }>(sql`update identity.principal set disabled_at = now() where id = ${id} returning id`),
    );
    expect(rows).toEqual([]);
    expect(await within(home, (tx) => directory.ownPrincipal(tx, id))).toMatchObject({ id, disabled: false });
  });

  it('are invisible to other workspaces', async () => {
    const [mine, other] = [await workspace('mine'), await workspace('other')];
    const id = await member(mine, 'amal', 'viewer');
    await expect(within(other, (tx) => directory.ownPrincipal(tx, id))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const page = await within(other, (tx) => directory.listPrincipals(tx, { first: 10 }));
    expect(page.principals.map((row) => row.id)).toEqual([administratorId]);
  });

  it('list in pages without gap or repeat', async () => {
    const ws = await workspace('flights');
    const made = [administratorId];
    for (let i = 0; i < 5; i++) made.push(await member(ws, `p${i}`));
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await within(ws, (tx) => directory.listPrincipals(tx, { first: 2, ...(after && { after }) }));
      seen.push(...page.principals.map((row) => row.id));
      after = page.next ?? undefined;
    } while (after);
    expect(seen.sort()).toEqual(made.sort());
    await expect(within(ws, (tx) => directory.listPrincipals(tx, { first: 0 }))).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
    });
  });

  it('that sign in at an issuer get their tokens there; services, and those of the built-in one, here', async () => {
    const ws = await workspace('flights');
    const external = (kind: 'USER' | 'SERVICE') =>
      within(ws, async (tx) => {
        const subject = { issuer: 'https://login.example', subject: kind };
        const made = { homeWorkspaceId: ws, kind, name: 'x', zone: 'AE', external: subject };
        return (await directory.createPrincipal(tx, made)).id;
      });
    const person = await external('USER');
    await expect(within(ws, (tx) => directory.tokenOwner(tx, person))).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      details: { rule: 'SIGNS_IN_ELSEWHERE' },
    });
    for (const id of [await external('SERVICE'), await member(ws, 'amal')])
      expect(await within(ws, (tx) => directory.tokenOwner(tx, id))).toMatchObject({ id });
  });

  it('have one external subject each', async () => {
    const ws = await workspace('flights');
    const create = () =>
      within(ws, (tx) =>
        directory.createPrincipal(tx, {
          homeWorkspaceId: ws,
          kind: 'SERVICE',
          name: 'ci',
          zone: 'AE',
          external: { issuer: 'https://login.example', subject: 'ci' },
        }),
      );
    await create();
    await expect(create()).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it.each([
    ['name', { name: '' }],
    ['name', { name: ' amal' }],
    ['name', { name: 'am\u0000al' }],
    ['email', { email: 'not an address' }],
    ['zone', { zone: 'Dubai' }],
    ['kind', { kind: 'ROBOT' }],
    ['external.issuer', { external: { issuer: 'nowhere', subject: 'x' } }],
  ])('refuse a wrong %s', async (path, change) => {
    const ws = await workspace('flights');
    const create = within(ws, (tx) =>
      directory.createPrincipal(tx, {
        homeWorkspaceId: ws,
        kind: 'USER',
        name: 'amal',
        zone: 'AE',
        ...(change as object),
      }),
    );
    await expect(create).rejects.toMatchObject({ code: 'BAD_USER_INPUT', message: expect.stringContaining(path) });
  });
});

describe('workspaces', () => {
  it('come from the platform only, and leave the transaction in its own scope', async () => {
    const ws = await workspace('flights');
    const scope = await within(PLATFORM_WORKSPACE, async (tx) => {
      await directory.createWorkspace(tx, { name: 'second', allowedZones: ['AE'], administratorId });
      return (await tx.execute<{ scope: string }>(sql`select falaj.workspace() as scope`)).rows[0]?.scope;
    });
    expect(scope).toBe(PLATFORM_WORKSPACE);
    const create = within(ws, (tx) =>
      directory.createWorkspace(tx, { name: 'third', allowedZones: ['AE'], administratorId }),
    );
    await expect(create).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('have unique names, zones of known form and a default among them', async () => {
    await workspace('flights');
    await expect(workspace('flights')).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(workspace('x', [])).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    await expect(workspace('x', ['Dubai'])).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    const create = within(PLATFORM_WORKSPACE, (tx) =>
      directory.createWorkspace(tx, { name: 'x', allowedZones: ['AE'], defaultZone: 'US', administratorId }),
    );
    await expect(create).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('are seen from within, all of them from the platform', async () => {
    const [one] = [await workspace('one'), await workspace('two')];
    const names = async (from: string) =>
      (
        await within(from, (tx) => tx.execute<{ name: string }>(sql`select name from identity.workspace order by name`))
      ).rows.map((row) => row.name);
    expect(await names(one)).toEqual(['one']);
    expect(await names(PLATFORM_WORKSPACE)).toEqual(['one', 'platform', 'two']);
  });

  it('memberships are listed across all of them', async () => {
    const [one, two] = [await workspace('one'), await workspace('two')];
    clock += 1_000;
    const found = await directory.membershipsOf(administratorId);
    expect(found.map(({ workspaceId }) => workspaceId).sort()).toEqual([one, PLATFORM_WORKSPACE, two].sort());
  });
});

it('stands behind row-level security', () => assertRowSecurity(test.database));
