import { setTimeout as sleep } from 'node:timers/promises';
import { auditMigrations } from '@falaj/audit';
import { assertRowSecurity, type Tx } from '@falaj/database';
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDirectory, type Directory, identityMigrations, PLATFORM_WORKSPACE } from './index.js';
import { createWorkloadTokens } from './workload-tokens.js';

let test: TestDatabase;
let directory: Directory;
let clock = 0;
const root = 'pr_root';
beforeAll(async () => {
  test = await createTestDatabase({ migrations: [auditMigrations, identityMigrations] });
  directory = await createDirectory(test.database, { now: () => clock });
  await test.database.asSystem((tx) =>
    tx.execute(sql`insert into identity.principal (id, home_workspace_id, kind, name, zone)
      values (${root}, ${PLATFORM_WORKSPACE}, 'USER', 'root', 'AE')`),
  );
});
afterAll(async () => {
  await directory.close();
  await test.close();
});

const within = <T>(workspaceId: string, work: (tx: Tx) => Promise<T>) =>
  test.database.inWorkspace({ workspaceId, zones: ['AE'], principalId: root }, work);
let count = 0;
/** A workspace, its administrator `root`, a member without role, and a group with that member in it. */
async function setting() {
  const { id: workspaceId } = await within(PLATFORM_WORKSPACE, (tx) =>
    directory.createWorkspace(tx, { name: `w${++count}`, allowedZones: ['AE'], administratorId: root }),
  );
  const amal = await person(workspaceId, 'amal');
  const groupId = await within(workspaceId, async (tx) => {
    const { id } = await directory.createGroup(tx, { workspaceId, displayName: 'Scientists', by: root });
    await directory.addGroupMembers(tx, { workspaceId, groupId: id, principalIds: [amal], by: root });
    return id;
  });
  return { workspaceId, amal, groupId };
}
const person = (workspaceId: string, name: string) =>
  within(workspaceId, async (tx) => {
    const made = { homeWorkspaceId: workspaceId, kind: 'USER' as const, name, zone: 'AE' };
    return (await directory.createPrincipal(tx, made)).id;
  });
const roles = async (principalId: string, workspaceId: string) => {
  clock += 1_000;
  return (await directory.resolve({ issuer: 'https://x', subject: principalId, local: true }, workspaceId)).roles;
};
const soon = (ms: number) => new Date(Date.now() + ms);

describe('a role of a group', () => {
  it('is held by its members, once, beside their own, until they or the role or the group go', async () => {
    const { workspaceId, amal, groupId } = await setting();
    const here = { workspaceId, groupId, by: root };
    expect(await roles(amal, workspaceId)).toEqual([]);
    await within(workspaceId, async (tx) => {
      await directory.grantGroupRole(tx, { ...here, role: 'viewer' });
      await directory.grantGroupRole(tx, { ...here, role: 'viewer' });
      await directory.grantRole(tx, { workspaceId, principalId: amal, role: 'viewer', by: root });
      await directory.grantGroupRole(tx, { ...here, role: 'auditor' });
    });
    expect(await roles(amal, workspaceId)).toEqual(['auditor', 'viewer']);
    expect(await within(workspaceId, (tx) => directory.rolesOf(tx, workspaceId, amal))).toEqual(['auditor', 'viewer']);
    const { rows } = await within(workspaceId, (tx) =>
      tx.execute<Record<string, unknown>>(
        sql`select role, via, expires_at from identity.role_in_force where principal_id = ${amal} order by role, via`,
      ),
    );
    expect(rows).toEqual([
      { role: 'auditor', via: groupId, expires_at: null },
      { role: 'viewer', via: 'BINDING', expires_at: null },
      { role: 'viewer', via: groupId, expires_at: null },
    ]);
    await within(workspaceId, (tx) => directory.revokeGroupRole(tx, { ...here, role: 'viewer' }));
    expect(await roles(amal, workspaceId)).toEqual(['auditor', 'viewer']);
    await within(workspaceId, (tx) => directory.removeGroupMembers(tx, { ...here, principalIds: [amal] }));
    expect(await roles(amal, workspaceId)).toEqual(['viewer']);
    await within(workspaceId, async (tx) => {
      await directory.addGroupMembers(tx, { ...here, principalIds: [amal] });
      await directory.addGroupMembers(tx, { ...here, principalIds: [amal] });
    });
    expect(await roles(amal, workspaceId)).toEqual(['auditor', 'viewer']);
    await within(workspaceId, (tx) => directory.deleteGroup(tx, here));
    expect(await roles(amal, workspaceId)).toEqual(['viewer']);
    for (const change of [
      (tx: Tx) => directory.addGroupMembers(tx, { ...here, principalIds: [amal] }),
      (tx: Tx) => directory.grantGroupRole(tx, { ...here, role: 'viewer' }),
      (tx: Tx) => directory.deleteGroup(tx, here),
    ])
      await expect(within(workspaceId, change)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('keeps work alive that its member asked for, and ends it', async () => {
    const { workspaceId, amal, groupId } = await setting();
    const here = { workspaceId, groupId, by: root, role: 'data-scientist' };
    await within(workspaceId, (tx) => directory.grantGroupRole(tx, here));
    const tokens = await createWorkloadTokens(test.database, { now: () => clock });
    const token = await test.database.asSystem((tx) =>
      tokens.issue(tx, {
        workspaceId,
        workloadId: `run_${count}`,
        name: 'run',
        role: 'training-run',
        resources: [],
        zone: 'AE',
        zones: ['AE'],
        onBehalfOf: amal,
        seconds: 60,
      }),
    );
    expect((await tokens.resolve(token)).roles).toEqual(['training-run']);
    await within(workspaceId, (tx) => directory.revokeGroupRole(tx, here));
    clock += 1_000;
    await expect(tokens.resolve(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await tokens.close();
  });

  it('of the platform is given there alone, in the API and under it', async () => {
    const { workspaceId, groupId } = await setting();
    const here = { workspaceId, groupId, by: root, role: 'platform-administrator' };
    await expect(within(workspaceId, (tx) => directory.grantGroupRole(tx, here))).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
    });
    const insert = within(workspaceId, (tx) =>
      tx.execute(sql`insert into identity.group_role (id, workspace_id, group_id, role, granted_by)
        values ('gr_x', ${workspaceId}, ${groupId}, 'platform-administrator', ${root})`),
    );
    await expect(insert).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('does not let the last administrator vanish with member, role, group or time', async () => {
    const { workspaceId, amal, groupId } = await setting();
    const here = { workspaceId, groupId, by: root };
    const own = { workspaceId, principalId: root, role: 'administrator', by: root };
    await within(workspaceId, (tx) => directory.grantGroupRole(tx, { ...here, role: 'administrator' }));
    await within(workspaceId, (tx) => directory.revokeRole(tx, own));
    expect(await roles(amal, workspaceId)).toEqual(['administrator']);
    const expiring = { ...own, expiresAt: soon(60_000) };
    await within(workspaceId, (tx) => directory.grantRole(tx, expiring));
    for (const change of [
      (tx: Tx) => directory.removeGroupMembers(tx, { ...here, principalIds: [amal] }),
      (tx: Tx) => directory.revokeGroupRole(tx, { ...here, role: 'administrator' }),
      (tx: Tx) => directory.deleteGroup(tx, here),
      (tx: Tx) => directory.disablePrincipal(tx, amal),
    ])
      await expect(within(workspaceId, change)).rejects.toMatchObject({ details: { rule: 'LAST_ADMINISTRATOR' } });
    await within(workspaceId, (tx) => directory.grantRole(tx, own));
    await within(workspaceId, (tx) => directory.deleteGroup(tx, here));
  });
});

describe('a role that expires', () => {
  it('ends by itself, tells whoever remembers, and does not stand in the way of a lasting one', async () => {
    const { workspaceId, amal } = await setting();
    const grant = { workspaceId, principalId: amal, role: 'viewer', by: root };
    const live = await createDirectory(test.database);
    await within(workspaceId, (tx) => directory.grantRole(tx, { ...grant, expiresAt: soon(700) }));
    const claims = { issuer: 'https://x', subject: amal, local: true };
    await expect.poll(async () => (await live.resolve(claims, workspaceId)).roles).toEqual(['viewer']);
    let told = 0;
    live.onChange(() => told++);
    await expect.poll(() => told).toBe(1);
    expect((await live.resolve(claims, workspaceId)).roles).toEqual([]);
    await expect(within(workspaceId, (tx) => directory.revokeRole(tx, grant))).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await within(workspaceId, (tx) => directory.grantRole(tx, grant));
    await within(workspaceId, (tx) => directory.grantRole(tx, { ...grant, expiresAt: soon(60_000) }));
    expect(await roles(amal, workspaceId)).toEqual(['viewer']);
    await within(workspaceId, (tx) => directory.revokeRole(tx, grant));
    expect(await roles(amal, workspaceId)).toEqual([]);
    await live.close();
  });

  it('ends also where a group gave it, and is refused where its end is past', async () => {
    const { workspaceId, amal, groupId } = await setting();
    const grant = { workspaceId, groupId, role: 'viewer', by: root };
    await within(workspaceId, (tx) => directory.grantGroupRole(tx, { ...grant, expiresAt: soon(400) }));
    expect(await roles(amal, workspaceId)).toEqual(['viewer']);
    await sleep(410);
    expect(await roles(amal, workspaceId)).toEqual([]);
    for (const refused of [
      (tx: Tx) => directory.grantGroupRole(tx, { ...grant, expiresAt: soon(-1) }),
      (tx: Tx) =>
        directory.grantRole(tx, { workspaceId, principalId: amal, role: 'viewer', by: root, expiresAt: soon(-1) }),
    ])
      await expect(within<unknown>(workspaceId, refused)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});

describe('groups', () => {
  it('have names and external ids of their own in a workspace, in any case, until they are deleted', async () => {
    const { workspaceId, groupId } = await setting();
    const create = (displayName: string, externalId?: string) =>
      within(workspaceId, (tx) => directory.createGroup(tx, { workspaceId, displayName, by: root, externalId }));
    await expect(create('SCIENTISTS')).rejects.toMatchObject({ code: 'CONFLICT' });
    const { id } = await create('Approvers', 'x-1');
    await expect(create('Others', 'x-1')).rejects.toMatchObject({ code: 'CONFLICT' });
    const rename = within(workspaceId, (tx) =>
      directory.renameGroup(tx, { workspaceId, groupId: id, displayName: 'scientists', by: root }),
    );
    await expect(rename).rejects.toMatchObject({ code: 'CONFLICT' });
    await within(workspaceId, (tx) => directory.deleteGroup(tx, { workspaceId, groupId, by: root }));
    await within(workspaceId, (tx) =>
      directory.renameGroup(tx, { workspaceId, groupId: id, displayName: 'scientists', externalId: null, by: root }),
    );
    expect((await create('Others', 'x-1')).id).toMatch(/^grp_/);
  });

  it('are out of reach of other workspaces, and so are their members', async () => {
    const [one, two] = [await setting(), await setting()];
    const foreign = { workspaceId: one.workspaceId, groupId: one.groupId, by: root };
    for (const change of [
      (tx: Tx) => directory.addGroupMembers(tx, { ...foreign, principalIds: [two.amal] }),
      (tx: Tx) => directory.addGroupMembers(tx, { ...foreign, workspaceId: two.workspaceId, principalIds: [two.amal] }),
      (tx: Tx) => directory.grantGroupRole(tx, { ...foreign, role: 'administrator' }),
      (tx: Tx) => directory.deleteGroup(tx, foreign),
      (tx: Tx) =>
        directory.addGroupMembers(tx, {
          workspaceId: two.workspaceId,
          groupId: two.groupId,
          principalIds: [one.amal],
          by: root,
        }),
    ])
      await expect(within(two.workspaceId, change)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const { rows } = await within(two.workspaceId, (tx) =>
      tx.execute<{ n: number }>(sql`select count(*)::int as n from identity.role_in_force
        where workspace_id = ${one.workspaceId}`),
    );
    expect(rows[0]?.n).toBe(0);
  });

  it('keep on record who was in them', async () => {
    const { workspaceId } = await setting();
    for (const table of ['user_group', 'group_member', 'group_role'])
      await expect(within(workspaceId, (tx) => tx.execute(`delete from identity.${table}`))).rejects.toMatchObject({
        code: 'FORBIDDEN',
      });
  });
});

it('stand behind row-level security', () => assertRowSecurity(test.database));
