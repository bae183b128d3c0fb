import { generateKeyPairSync } from 'node:crypto';
import { auditMigrations, recordAudit } from '@falaj/audit';
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import { createDirectory, identityMigrations } from '@falaj/identity';
import { createPolicyStore, policyMigrations } from '@falaj/policy';
import { createLogger, type Principal } from '@falaj/runtime';
import { createCursorSeal, describeSubgraph, type Platform, type Subgraph, startSubgraph } from '@falaj/subgraph-kit';
import { type ExecutionResult, parse } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { GovernanceServices } from './index.js';
import { governanceSubgraph } from './main.js';
import { rules } from './policy.js';

let postgres: TestDatabase;
let subgraph: Subgraph;
let workspaceId = '';
const closing: (() => Promise<void>)[] = [];
const operator: Principal = {
  id: 'pr_operator',
  kind: 'USER',
  name: 'operator',
  workspaceId: 'platform',
  roles: ['platform-administrator'],
  zone: 'AE',
  zones: [],
  authentication: { at: Date.now() / 1_000, methods: ['otp'] },
};
const as = (roles: readonly string[], id = operator.id): Principal => ({
  ...operator,
  id,
  workspaceId,
  roles,
  zones: ['AE', 'AE-DIFC'],
});

beforeAll(async () => {
  const definition = (services: GovernanceServices) => governanceSubgraph(services);
  postgres = await createTestDatabase({
    migrations: [
      identityMigrations,
      auditMigrations,
      policyMigrations,
      definition({} as GovernanceServices).migrations,
    ],
  });
  const { database } = postgres;
  await database.asSystem((tx) =>
    tx.execute(
      "insert into identity.principal (id, home_workspace_id, kind, name, email, zone) values ('pr_operator', 'platform', 'USER', 'operator', 'op@example.org', 'AE')",
    ),
  );
  const described = await describeSubgraph(definition({} as GovernanceServices) as never);
  const policyStore = createPolicyStore(database, { nouns: described.nouns, builtin: rules });
  const directory = await createDirectory(database);
  closing.push(
    () => policyStore.close(),
    () => directory.close(),
  );
  const services: GovernanceServices = {
    directory,
    policyStore,
    rules,
    auditKey: generateKeyPairSync('ed25519').privateKey,
    profile: 'development',
    plaintext: [],
    sinks: [],
    issuer: 'https://falaj.local',
    issueToken: async (id, ttlSeconds) => ({
      token: `token-of-${id}`,
      tokenId: `id-of-${id}`,
      expiresAt: new Date(Date.now() + ttlSeconds * 1000),
    }),
    describe: async () => [described],
  };
  const platform = {
    database,
    plugins: { list: () => [] },
    abilityFor: (principal: Principal) => policyStore.abilityFor(principal),
    policyVersion: (id: string) => policyStore.versionOf(id),
    cursors: createCursorSeal(Buffer.alloc(32, 7)),
    log: createLogger('test'),
  } as unknown as Platform;
  subgraph = await startSubgraph(definition(services), platform);
  const { createWorkspace } = (
    await run(
      operator,
      'mutation { createWorkspace(input: {name: "flights", allowedZones: ["AE", "AE-DIFC"]}) { workspace { id defaultZone } } }',
    )
  ).data as never;
  workspaceId = (createWorkspace as { workspace: { id: string } }).workspace.id;
});

afterAll(async () => {
  for (const close of closing) await close();
  await postgres.close();
});

async function run(
  principal: Principal,
  query: string,
  variables: Record<string, unknown> = {},
  // biome-ignore lint/suspicious/noExplicitAny: answers are judged by the expectations.
): Promise<ExecutionResult<any, any>> {
  const context = { principal, requestId: 'request', traceparent: '', signal: new AbortController().signal };
  return (await subgraph.execute({ document: parse(query), variables, context })) as ExecutionResult;
}

const code = (result: ExecutionResult) => result.errors?.[0]?.extensions.code;
const hire = async (name: string) =>
  (
    await run(
      as(['administrator']),
      'mutation($n: String!) { createPrincipal(input: {name: $n, kind: USER, email: "a@example.org", zone: "AE"}) { principal { id name email roles } } }',
      { n: name },
    )
  ).data.createPrincipal.principal as { id: string };

test('an administrator hires, grants and issues a token; the token is in no record', async () => {
  const { id } = await hire('amal');
  const granted = await run(
    as(['administrator']),
    'mutation($p: ID!) { grantRole(input: {principalId: $p, role: "data-scientist"}) { principal { id roles } } }',
    { p: id },
  );
  expect(granted).toEqual({ data: { grantRole: { principal: { id, roles: ['data-scientist'] } } } });
  const issued = await run(
    as(['administrator']),
    'mutation($p: ID!) { issueAccessToken(input: {principalId: $p, ttlSeconds: 900}) { token expiresAt } }',
    { p: id },
  );
  expect(issued.data.issueAccessToken.token).toBe(`token-of-${id}`);
  const { rows } = await postgres.database.asSystem((tx) =>
    tx.execute<{ action: string; details: string }>('select action, details::text as details from audit.record'),
  );
  expect(rows.map((row) => row.action)).toEqual(
    expect.arrayContaining(['createWorkspace', 'createPrincipal', 'grantRole', 'issueAccessToken']),
  );
  expect(JSON.stringify(rows)).not.toContain('token-of-');
});

test('refusals: who is no administrator, a token that lives too long, an unknown role, a workspace made elsewhere', async () => {
  const { id } = await hire('badr');
  const token = 'mutation($p: ID!, $t: Int!) { issueAccessToken(input: {principalId: $p, ttlSeconds: $t}) { token } }';
  expect(code(await run(as(['data-scientist', 'auditor']), token, { p: id, t: 60 }))).toBe('FORBIDDEN');
  expect(code(await run(as(['administrator']), token, { p: id, t: 901 }))).toBe('BAD_USER_INPUT');
  expect(code(await run(as(['administrator']), token, { p: operator.id, t: 60 }))).toBe('FORBIDDEN');
  for (const role of ['king', 'platform-administrator']) {
    const refused = await run(
      as(['administrator']),
      'mutation($p: ID!, $r: String!) { grantRole(input: {principalId: $p, role: $r}) { principal { id } } }',
      { p: id, r: role },
    );
    expect(code(refused)).toBe('BAD_USER_INPUT');
    expect(refused.errors?.[0]?.message).toContain('data-scientist');
  }
  expect(
    code(
      await run(
        as(['administrator']),
        'mutation { createWorkspace(input: {name: "mine", allowedZones: ["AE"]}) { workspace { id } } }',
      ),
    ),
  ).toBe('FORBIDDEN');
});

test('a group gives its roles to its members, is found by them, and is on record', async () => {
  const admin = as(['administrator']);
  const change = async (mutation: string, input: Record<string, unknown>, who = admin) =>
    run(
      who,
      `mutation($i: ${(mutation[0] ?? '').toUpperCase()}${mutation.slice(1)}Input!) { ${mutation}(input: $i) { group {
        id name externalId deletedAt roles(first: 5) { edges { node { role expiresAt } } }
        members(first: 5) { totalCount edges { node { principal { name roles } } } } } } }`,
      { i: input },
    );
  const { id: principalId } = await hire('faris');
  const { id: groupId } = (await change('createGroup', { name: ' Flight crew ', externalId: 'x-1' })).data.createGroup
    .group;
  await change('addGroupMember', { groupId, principalId });
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const granted = await change('grantGroupRole', { groupId, role: 'data-scientist', expiresAt });
  expect(granted.errors).toBeUndefined();
  expect(granted.data.grantGroupRole.group).toMatchObject({
    name: 'Flight crew',
    externalId: 'x-1',
    roles: { edges: [{ node: { role: 'data-scientist', expiresAt } }] },
    members: { totalCount: 1, edges: [{ node: { principal: { name: 'faris', roles: ['data-scientist'] } } }] },
  });
  const find = async (filter: string) =>
    (await run(as(['viewer']), `{ groups(filter: { ${filter} }) { edges { node { id } } } }`)).data.groups.edges;
  const found = [{ node: { id: groupId } }];
  expect(await find('nameContains: "CREW"')).toEqual(found);
  expect(await find('nameContains: "%"')).toEqual([]);
  expect(await find('externalId: "x-1"')).toEqual(found);
  expect(await find(`principalId: "${principalId}"`)).toEqual(found);
  expect(await find(`principalId: "${operator.id}"`)).toEqual([]);

  for (const role of ['king', 'platform-administrator', 'training-run'])
    expect(code(await change('grantGroupRole', { groupId, role }))).toBe('BAD_USER_INPUT');
  for (const [mutation, input] of [
    ['createGroup', { name: 'mine' }],
    ['addGroupMember', { groupId, principalId }],
    ['grantGroupRole', { groupId, role: 'administrator' }],
    ['deleteGroup', { groupId }],
  ] as const)
    expect(code(await change(mutation, input, as(['auditor', 'approver', 'data-scientist', 'viewer'])))).toBe(
      'FORBIDDEN',
    );
  await change('grantGroupRole', { groupId, role: 'administrator' });
  await run(
    admin,
    `mutation { revokeRole(input: { principalId: "${operator.id}", role: "administrator" }) { principal { id } } }`,
  );
  const kept = await change('removeGroupMember', { groupId, principalId });
  expect(kept.errors?.[0]?.extensions).toMatchObject({ details: { rule: 'LAST_ADMINISTRATOR' } });
  await run(
    admin,
    `mutation { grantRole(input: { principalId: "${operator.id}", role: "administrator" }) { principal { id } } }`,
  );

  expect(code(await change('renameGroup', { groupId, name: 'Cabin crew' }))).toBeUndefined();
  await change('revokeGroupRole', { groupId, role: 'administrator' });
  await change('removeGroupMember', { groupId, principalId });
  const gone = await change('deleteGroup', { groupId });
  expect(gone.data.deleteGroup.group).toMatchObject({ name: 'Cabin crew', deletedAt: expect.any(String) });
  expect(await find('nameContains: "crew"')).toEqual([]);
  const { rows } = await postgres.database.asSystem((tx) =>
    tx.execute<{ action: string; outcome: string }>(
      `select action, outcome from audit.record where subject_type = 'Group' and subject_id = '${groupId}' order by id`,
    ),
  );
  const refused = rows.filter(({ outcome }) => outcome === 'REFUSED').map(({ action }) => action);
  expect(refused).toEqual(['addGroupMember', 'grantGroupRole', 'deleteGroup', 'removeGroupMember']);
  expect(rows.filter(({ outcome }) => outcome === 'SUCCEEDED').map(({ action }) => action)).toEqual([
    'createGroup',
    'addGroupMember',
    'grantGroupRole',
    'grantGroupRole',
    'renameGroup',
    'revokeGroupRole',
    'removeGroupMember',
    'deleteGroup',
  ]);
});

test('a rule counts with the next request, is explained, and is answered with every issue when wrong', async () => {
  const explain =
    'query($p: ID!) { explainDecision(input: {principalId: $p, action: "read", subject: "Principal", field: "email"}) { allowed ruleId reason } }';
  const { id } = await hire('dana');
  await run(
    as(['administrator']),
    'mutation($p: ID!) { grantRole(input: {principalId: $p, role: "viewer"}) { principal { id } } }',
    { p: id },
  );
  const create =
    'mutation($i: CreatePolicyRuleInput!) { createPolicyRule(input: $i) { policyRule { id version author } } }';
  const rule = {
    id: 'no-mail',
    effect: 'DENY',
    actions: ['read'],
    subject: 'Principal',
    fields: ['email'],
    roles: ['viewer'],
    reason: 'MAIL_WITHHELD',
  };
  const made = await run(as(['administrator']), create, { i: rule });
  expect(made).toEqual({
    data: { createPolicyRule: { policyRule: { id: 'no-mail', version: 1, author: 'operator' } } },
  });
  await expect
    .poll(async () => (await run(as(['auditor']), explain, { p: id })).data.explainDecision, { timeout: 1000 })
    .toEqual({ allowed: false, ruleId: 'no-mail', reason: 'MAIL_WITHHELD' });
  const wrong = await run(as(['administrator']), create, {
    i: { ...rule, id: 'bad', subject: 'Nothing', roles: ['king'], reason: 'lower' },
  });
  expect(code(wrong)).toBe('BAD_USER_INPUT');
  const paths = (wrong.errors?.[0]?.extensions.details as { issues: { path: string }[] } | undefined)?.issues.map(
    (issue) => issue.path,
  );
  expect(paths?.sort()).toEqual(['input.reason', 'input.roles[0]', 'input.subject']);
  const other = await hire('huda');
  expect(code(await run(as(['viewer']), explain, { p: other.id }))).toBe('FORBIDDEN');
});

test('the trail is masked by role and pages without loss', async () => {
  const entry = {
    workspaceId,
    actorId: operator.id,
    actorKind: 'USER',
    action: 'createEndpoint',
    subjectType: 'Endpoint',
    outcome: 'SUCCEEDED',
    reason: null,
    requestId: 'r',
    traceId: null,
    policyVersion: 1,
    details: { key: 'x' },
  } as const;
  await postgres.database.inWorkspace({ workspaceId, zones: [], principalId: 'p' }, async (tx) => {
    for (let count = 0; count < 5; count++) await recordAudit(tx, { ...entry, subjectId: 'ep_1' });
    await recordAudit(tx, { ...entry, subjectId: 'ep_2' });
  });
  const trail =
    'query($a: String) { _entities(representations: [{__typename: "Endpoint", id: "ep_1"}, {__typename: "Endpoint", id: "ep_2"}]) { ... on Endpoint { auditTrail(first: 2, after: $a) { totalCount pageInfo { hasNextPage endCursor } edges { node { id actorId actorName details } } } } } }';
  const seen: string[] = [];
  let after: string | null = null;
  do {
    const { data, errors } = await run(as(['approver']), trail, { a: after });
    expect(errors).toBeUndefined();
    const page = data._entities[0].auditTrail;
    expect(page.totalCount).toBe(5);
    for (const { node } of page.edges)
      expect(node).toMatchObject({ actorId: operator.id, actorName: null, details: null });
    seen.push(...page.edges.map((edge: { node: { id: string } }) => edge.node.id));
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
  } while (after);
  expect(new Set(seen).size).toBe(5);
  const whole = await run(
    as(['auditor']),
    '{ auditRecords(filter: {subjectId: "ep_2"}) { edges { node { actorName details } } } }',
  );
  expect(whole.data.auditRecords.edges).toEqual([{ node: { actorName: 'operator', details: { key: 'x' } } }]);
  expect((await run(as(['viewer']), '{ auditRecords { totalCount } }')).data.auditRecords.totalCount).toBe(0);
});

test('coverage has no hole, residency names its rule, an outsider learns only who they are', async () => {
  const { data } = await run(
    as(['auditor']),
    '{ policyCoverage { subgraph fields secret holes } residencyRules { id } roles { name grants { ruleId } } builtInRules { id } explainResidency(input: {dataZone: "AE", categories: ["health"], targetZone: "US", operation: "deploy"}) { allowed ruleId } }',
  );
  expect(data.policyCoverage).toMatchObject([{ subgraph: 'governance', secret: 2, holes: [] }]);
  expect(data.explainResidency).toEqual({ allowed: false, ruleId: 'AE-HEALTH-13' });
  expect(data.builtInRules).toHaveLength(rules.length);
  const outsider: Principal = { ...operator, id: 'pr_nobody', workspaceId: 'none', roles: [], zones: [] };
  const { data: own } = await run(
    outsider,
    '{ me { id name roles } memberships { workspaceId } principals { totalCount } plugins { name } }',
  );
  expect(own).toEqual({
    me: { id: 'pr_nobody', name: 'operator', roles: [] },
    memberships: [],
    principals: { totalCount: 0 },
    plugins: [],
  });
});
