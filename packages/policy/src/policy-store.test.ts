import { type Database, openDatabase } from '@falaj/database';
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import type { Principal } from '@falaj/runtime';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { policyMigrations } from './migrations.js';
import type { Noun } from './noun.js';
import { createPolicyStore, type PolicyStore } from './policy-store.js';
import type { Rule } from './rule.js';

const nouns: readonly Noun[] = [
  { name: 'Model', fields: { id: 'open', email: 'pii' }, attributes: { zone: 'string' } },
  { name: 'Run', fields: { id: 'open' }, attributes: {} },
];
const allow = (subject: string): Rule => ({
  id: `built-in.${subject}`,
  effect: 'ALLOW',
  actions: ['read'],
  subject,
  roles: ['viewer'],
  reason: 'ORDINARY',
});
const builtin = [allow('Model'), allow('Run')];
const deny: Rule = {
  id: 'no-abroad',
  effect: 'DENY',
  actions: ['read'],
  subject: 'Model',
  conditions: { zone: { $nin: ['AE'] } },
  roles: ['*'],
  reason: 'ABROAD',
};
const US = { zone: 'US' };

let test: TestDatabase;
let database: Database;
let store: PolicyStore;
let other: { database: Database; store: PolicyStore };
let workspace = 0;
let workspaceId = '';
let principal: Principal;

const inWorkspace = <T>(work: Parameters<Database['inWorkspace']>[1], id = workspaceId): Promise<T> =>
  database.inWorkspace({ workspaceId: id, zones: [], principalId: 'u1' }, work) as Promise<T>;
const can = async (row = US, from = store) => (await from.abilityFor(principal)).can('read', 'Model', row);

beforeAll(async () => {
  test = await createTestDatabase({ migrations: [policyMigrations] });
  database = test.database;
  store = createPolicyStore(database, { nouns, builtin });
  const second = await openDatabase({ url: test.url });
  other = { database: second, store: createPolicyStore(second, { nouns, builtin }) };
});
beforeEach(() => {
  workspaceId = `w${++workspace}`;
  principal = { id: 'u1', kind: 'USER', name: 'U', workspaceId, roles: ['viewer'], zone: 'AE', zones: ['AE'] };
});
afterAll(async () => {
  await store?.close();
  await other?.store.close();
  await other?.database.close();
  await test?.close();
});

it('a new rule is seen by every process, its retirement too', async () => {
  expect(await can()).toBe(true);
  expect(await can(US, other.store)).toBe(true);
  expect(await inWorkspace((tx) => store.createRule(tx, workspaceId, deny, 'u1'))).toEqual({
    id: 'no-abroad',
    version: 1,
  });
  for (const each of [store, other.store]) await vi.waitFor(async () => expect(await can(US, each)).toBe(false), 5_000);
  expect(await can({ zone: 'AE' })).toBe(true);
  await inWorkspace((tx) => store.retireRule(tx, workspaceId, deny.id));
  for (const each of [store, other.store]) await vi.waitFor(async () => expect(await can(US, each)).toBe(true), 5_000);
  expect(await store.versionOf(workspaceId)).toBe(2);
});

it('a change without a notice is seen after a second by the clock', async () => {
  let at = Date.now();
  const deaf = { ...database, listen: async () => async () => undefined };
  const polling = createPolicyStore(deaf, { nouns, builtin, now: () => at });
  expect(await can(US, polling)).toBe(true);
  await inWorkspace((tx) => store.createRule(tx, workspaceId, deny, 'u1'));
  expect(await can(US, polling)).toBe(true);
  at += 1_000;
  expect(await can(US, polling)).toBe(false);
});

it('a rule written again is its next version; each version stays on record and never changes', async () => {
  await inWorkspace((tx) => store.createRule(tx, workspaceId, deny, 'u1'));
  const second = { ...deny, reason: 'STILL_ABROAD', validTo: new Date('2030-01-01') };
  await inWorkspace((tx) => store.createRule(tx, workspaceId, second, 'u2'));
  const all = await inWorkspace<Awaited<ReturnType<PolicyStore['listRules']>>>((tx) =>
    store.listRules(tx, workspaceId, { retired: true }),
  );
  expect(
    all.map(({ version, authorId, rule, retiredAt }) => [version, authorId, rule.reason, retiredAt === null]),
  ).toEqual([
    [1, 'u1', 'ABROAD', false],
    [2, 'u2', 'STILL_ABROAD', true],
  ]);
  expect(await inWorkspace((tx) => store.listRules(tx, workspaceId))).toMatchObject([{ rule: second, issues: [] }]);
  for (const change of [
    `update policy.rule set reason = 'X'`,
    `update policy.rule set retired_at = null`,
    'delete from policy.rule',
  ])
    await expect(inWorkspace((tx) => tx.execute(`${change} where workspace_id = '${workspaceId}'`))).rejects.toThrow();
});

it('a workspace sees its own rules only', async () => {
  await inWorkspace((tx) => store.createRule(tx, workspaceId, deny, 'u1'));
  const elsewhere = `${workspaceId}-other`;
  expect(await inWorkspace((tx) => store.listRules(tx, workspaceId), elsewhere)).toEqual([]);
  await expect(inWorkspace((tx) => store.retireRule(tx, workspaceId, deny.id), elsewhere)).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
  await expect(
    inWorkspace((tx) => store.createRule(tx, workspaceId, { ...deny, id: 'x' }, 'u1'), elsewhere),
  ).rejects.toThrow();
  const abroad = await store.abilityFor({ ...principal, workspaceId: elsewhere });
  expect(abroad.can('read', 'Model', US)).toBe(true);
});

it('a rule that is invalid is refused with its paths, and leaves nothing', async () => {
  const bad = { ...deny, conditions: { $or: [{ zoen: 'US' }] } };
  await expect(inWorkspace((tx) => store.createRule(tx, workspaceId, bad, 'u1'))).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    details: { issues: [{ path: 'conditions.$or[0].zoen' }] },
  });
  await expect(
    inWorkspace((tx) => store.createRule(tx, workspaceId, { ...deny, id: 'built-in.Model' }, 'u1')),
  ).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  expect(await store.versionOf(workspaceId)).toBe(0);
});

it('a bad deny written straight into the table denies its type, and is listed with its issues', async () => {
  expect(await can({ zone: 'AE' })).toBe(true);
  const client = new pg.Client({ connectionString: test.url });
  await client.connect();
  await client.query('set role falaj_system');
  await client.query(
    `insert into policy.rule (workspace_id, id, version, effect, actions, subject, conditions, roles, reason, author_id)
     values ($1, 'smuggled', 1, 'DENY', '{read}', 'Model', '{"$or": [{"zoen": "US"}]}', '{viewer}', 'X', 'u')`,
    [workspaceId],
  );
  await client.end();
  await vi.waitFor(async () => expect(await can({ zone: 'AE' })).toBe(false), 5_000);
  expect((await store.abilityFor(principal)).can('read', 'Run', {})).toBe(true);
  expect(await inWorkspace((tx) => store.listRules(tx, workspaceId))).toMatchObject([
    { issues: [{ path: 'conditions.$or[0].zoen' }] },
  ]);
});

it('fails when the rules cannot be read, and recovers', async () => {
  let broken = true;
  const flaky: Database = {
    ...database,
    inWorkspace: (...args: Parameters<Database['inWorkspace']>) =>
      (broken ? Promise.reject(new Error('down')) : database.inWorkspace(...args)) as never,
  };
  const own = createPolicyStore(flaky, { nouns, builtin });
  await expect(own.abilityFor(principal)).rejects.toThrow('down');
  broken = false;
  expect((await own.abilityFor(principal)).can('read', 'Model', US)).toBe(true);
  await own.close();
});

it('refuses an invalid built-in rule', () => {
  expect(() => createPolicyStore(database, { nouns, builtin: [{ ...deny, subject: 'Modle' }, deny, deny] })).toThrow(
    /no-abroad: subject .*no-abroad: is given twice/,
  );
});

it('secrets are shown for five minutes after a sign-in, whoever may read them, and nothing else depends on it', async () => {
  let now = 1_800_000_000_000;
  const vault: Noun = { name: 'Vault', fields: { id: 'open', key: 'secret' }, attributes: {} };
  const store = createPolicyStore(database, { nouns: [vault], builtin: [allow('Vault')], now: () => now });
  const signedInAt = (at?: number): Principal => ({
    ...principal,
    ...(at === undefined ? {} : { authentication: { at, methods: ['otp'] } }),
  });
  const secret = async (who: Principal) => (await store.abilityFor(who)).check('read', 'Vault', {}, 'key');
  const begin = now / 1_000;
  const refused = { allowed: false, ruleId: 'platform.step-up', reason: 'STEP_UP_REQUIRED' };
  expect((await secret(signedInAt(begin))).allowed).toBe(true);
  // Of the same roles and rules, at the same time: one cache for both would show one what only the other may see.
  expect(await secret(signedInAt())).toEqual(refused);
  expect(await secret(signedInAt(begin - 300))).toEqual(refused);
  expect((await secret(signedInAt(begin - 299))).allowed).toBe(true);
  now += 300_000;
  expect(await secret(signedInAt(begin))).toEqual(refused);
  const ability = await store.abilityFor(signedInAt(begin));
  expect(ability.readsField('Vault', 'key')).toEqual({ allowed: false, reason: 'STEP_UP_REQUIRED' });
  expect(ability.can('read', 'Vault', {}, 'id')).toBe(true);
  expect(ability.can('read', 'Vault', {})).toBe(true);
  await store.close();
});
