// Credentials of single pieces of work, over a real PostgreSQL.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auditMigrations } from '@falaj/audit';
import { assertRowSecurity, type Tx } from '@falaj/database';
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { bootstrap } from './bootstrap.js';
import { createDirectory, type Directory } from './directory.js';
import { identityMigrations } from './migrations.js';
import { PLATFORM_WORKSPACE } from './role-bindings.js';
import { createWorkloadTokens, isWorkloadToken, type WorkloadGrant, type WorkloadTokens } from './workload-tokens.js';

let test: TestDatabase;
let directory: Directory;
let tokens: WorkloadTokens;
let folder = '';
let workspaceId = '';
let owner = '';
let administratorId = '';
/** Milliseconds; each look passes the memory, for tests that are not about it. */
let clock = 0;

beforeEach(async () => {
  test = await createTestDatabase({ migrations: [auditMigrations, identityMigrations] });
  directory = await createDirectory(test.database);
  tokens = await createWorkloadTokens(test.database, { now: () => clock });
  folder = await mkdtemp(join(tmpdir(), 'falaj-identity-'));
  administratorId = (await bootstrap(test.database, { dataDirectory: folder })).administratorId;
  const platform = { workspaceId: PLATFORM_WORKSPACE, zones: [], principalId: administratorId };
  workspaceId = await test.database.inWorkspace(platform, async (tx) => {
    const made = { name: 'flights', allowedZones: ['AE', 'AE-DIFC'], administratorId };
    return (await directory.createWorkspace(tx, made)).id;
  });
  owner = await within(async (tx) => {
    const { id } = await directory.createPrincipal(tx, {
      homeWorkspaceId: workspaceId,
      kind: 'USER',
      name: 'a',
      zone: 'AE',
    });
    await directory.grantRole(tx, { workspaceId, principalId: id, role: 'data-scientist', by: administratorId });
    return id;
  });
});
afterEach(async () => {
  await tokens.close();
  await directory.close();
  await test.close();
  await rm(folder, { recursive: true });
});

const within = <T>(work: (tx: Tx) => Promise<T>) =>
  test.database.inWorkspace({ workspaceId, zones: ['AE'], principalId: administratorId }, work);
const system = <T>(work: (tx: Tx) => Promise<T>) => test.database.asSystem(work);
const issue = (change: Partial<WorkloadGrant> = {}) =>
  system((tx) =>
    tokens.issue(tx, {
      workspaceId,
      workloadId: 'run_1',
      name: 'trial',
      role: 'training-run',
      resources: ['run_1', 'ts_1'],
      zone: 'AE',
      zones: ['AE'],
      onBehalfOf: owner,
      seconds: 60,
      ...change,
    }),
  );
const resolve = (token: string, workspace?: string) => {
  clock += 1_000;
  return tokens.resolve(token, workspace);
};
const ended = { code: 'UNAUTHENTICATED' };

it('act as the work, with its one role, its resources and its zones, answerable to a person', async () => {
  const token = await issue();
  expect(isWorkloadToken(token)).toBe(true);
  expect(await resolve(token)).toEqual({
    id: 'run_1',
    kind: 'WORKLOAD',
    name: 'trial',
    workspaceId,
    roles: ['training-run'],
    zone: 'AE',
    zones: ['AE'],
    resources: ['run_1', 'ts_1'],
    onBehalfOf: owner,
  });
  await expect(resolve(token, workspaceId)).resolves.toMatchObject({ id: 'run_1' });
  await expect(resolve(token, PLATFORM_WORKSPACE)).rejects.toMatchObject(ended);
  await expect(resolve(`${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`)).rejects.toMatchObject(ended);
  const { rows } = await system((tx) =>
    tx.execute<{ details: unknown }>(sql`select subject_id as subject, on_behalf_of as owner, details from audit.record
      where action = 'issueWorkloadToken'`),
  );
  const details = { role: 'training-run', resources: ['run_1', 'ts_1'] };
  expect(rows).toEqual([{ subject: 'run_1', owner, details }]);
});

it('are kept as a digest only, out of reach of every workspace', async () => {
  const token = await issue();
  const { rows } = await system((tx) =>
    tx.execute<{ all: string }>(sql`select t::text as all from identity.workload_token t`),
  );
  expect(rows[0]?.all).not.toContain(token);
  for (const statement of [
    sql`select 1 from identity.workload_token`,
    sql`update identity.workload_token set role = 'administrator'`,
    sql`delete from identity.workload_token`,
  ])
    await expect(within((tx) => tx.execute(statement))).rejects.toMatchObject({ code: 'FORBIDDEN' });
  await assertRowSecurity(test.database);
});

it('end with their time unless it is extended, and do not come back', async () => {
  const token = await issue({ seconds: 1 });
  await system((tx) => tokens.extend(tx, 'run_1', 60));
  const past = () =>
    system((tx) =>
      tx.execute(sql`update identity.workload_token set expires_at = clock_timestamp() - interval '1 ms'`),
    );
  expect((await resolve(token)).id).toBe('run_1');
  await past();
  await expect(resolve(token)).rejects.toMatchObject(ended);
  await system((tx) => tokens.extend(tx, 'run_1', 60));
  await expect(resolve(token)).rejects.toMatchObject(ended);
});

it('are not remembered beyond their end', async () => {
  // Notices of the set-up may still come, and would empty its memory.
  const deaf = await createWorkloadTokens(
    { ...test.database, listen: async () => async () => undefined },
    { now: () => clock },
  );
  const token = await issue({ seconds: 0.8 });
  expect((await deaf.resolve(token)).id).toBe('run_1');
  await system((tx) =>
    tx.execute(sql`update identity.workload_token set expires_at = clock_timestamp() - interval '1 ms'`),
  );
  clock += 300;
  expect((await deaf.resolve(token)).id).toBe('run_1');
  clock += 600;
  await expect(deaf.resolve(token)).rejects.toMatchObject(ended);
});

it.each([
  ['the work ends', () => system((tx) => tokens.revoke(tx, 'run_1'))],
  ['another is issued for it', () => issue()],
  ['who is answerable is disabled', () => within((tx) => directory.disablePrincipal(tx, owner))],
  [
    'who is answerable leaves the workspace',
    () =>
      within((tx) =>
        directory.revokeRole(tx, { workspaceId, principalId: owner, role: 'data-scientist', by: administratorId }),
      ),
  ],
])('are void at once when %s', async (_, happens) => {
  const token = await issue();
  expect((await tokens.resolve(token)).id).toBe('run_1');
  await happens();
  // The clock stands: it is the notice that empties the memory.
  await expect
    .poll(() =>
      tokens.resolve(token).then(
        () => 'valid',
        (error) => error.code,
      ),
    )
    .toBe('UNAUTHENTICATED');
});
