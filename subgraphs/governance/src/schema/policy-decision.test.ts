import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestGovernance, type TestGovernance } from '../testing/governance-platform.js';

let governance: TestGovernance;
beforeAll(async () => {
  governance = await openTestGovernance();
  const open = `mutation ($t: String!) { openIncident(input: { dedupKey: $t, title: $t, description: "d", category: "OPERATIONS", impact: LOW, urgency: LOW }) { incident { id } } }`;
  for (const title of ['first', 'second', 'third']) {
    const { errors } = await governance.run(governance.as(['data-scientist']), open, { t: title });
    expect(errors).toBeUndefined();
  }
});
afterAll(() => governance?.close());

const auditor = () => governance.as(['auditor'], 'pr_auditor');
const EXPLAIN = `query ($input: ExplainDecisionInput!) { explainDecision(input: $input) {
  allowed ruleId reason considered { ruleId effect outcome roles conditions } remedies { ruleId role conditions liftRuleIds } } }`;
const explain = async (input: object) => {
  const { data, errors } = await governance.run(auditor(), EXPLAIN, { input });
  expect(errors).toBeUndefined();
  return data.explainDecision;
};
const SIMULATE = `query ($input: SimulatePolicyInput!) { simulatePolicy(input: $input) {
  principals affected { principalIds roles changes { subject action field before after rowsGained rowsLost } } } }`;
const denial = (more: object = {}) => ({
  id: 'hide-low',
  effect: 'DENY',
  actions: ['read'],
  subject: 'Incident',
  roles: ['approver'],
  reason: 'UNDER_REVIEW',
  ...more,
});

test('a decision names its rule, what was considered, and what would allow it', async () => {
  const read = {
    principalId: 'pr_badr',
    action: 'read',
    subject: 'Principal',
    attributes: { id: 'pr_amal', kind: 'USER' },
  };
  expect(await explain(read)).toMatchObject({
    allowed: true,
    ruleId: 'governance.Principal.read-ordinary',
    remedies: [],
  });
  const hidden = await explain({ ...read, field: 'email' });
  expect(hidden).toMatchObject({ allowed: false, ruleId: null, reason: 'NO_RULE' });
  expect(hidden.considered).toContainEqual(
    expect.objectContaining({ ruleId: 'governance.Principal.read-oneself', outcome: 'CONDITION_NOT_MET' }),
  );
  expect(hidden.remedies).toContainEqual({
    ruleId: 'governance.Principal.read-personal',
    role: 'auditor',
    conditions: null,
    liftRuleIds: [],
  });
  expect(hidden.remedies).toContainEqual(
    expect.objectContaining({ ruleId: 'governance.Principal.read-oneself', role: null }),
  );
});

test('attributes that are no attributes are refused, related rows too', async () => {
  const { errors } = await governance.run(auditor(), EXPLAIN, {
    input: { principalId: 'pr_badr', action: 'read', subject: 'Principal', attributes: { parts: [] } },
  });
  expect(errors?.[0]?.message).toMatch(/attributes\.parts.*expected id, kind/);
});

test('a change of rules is tried before it is made: whom it touches, which verdicts, how many rows', async () => {
  const before = await governance.policyStore.versionOf(governance.workspaceId);
  const { data, errors } = await governance.run(auditor(), SIMULATE, {
    input: { add: [denial({ conditions: { title: { $in: ['first', 'second'] } } })] },
  });
  expect(errors?.[0]?.message).toMatch(/input\.conditions\.title/);
  expect(data).toBeNull();
  const tried = await governance.run(auditor(), SIMULATE, {
    input: { add: [denial({ conditions: { ownerId: 'pr_amal' } })] },
  });
  expect(tried.errors).toBeUndefined();
  const { principals, affected } = tried.data.simulatePolicy;
  expect(principals).toBe(2);
  expect(affected).toHaveLength(1);
  expect(affected[0]).toMatchObject({ principalIds: ['pr_badr'], roles: ['approver'] });
  expect(affected[0].changes).toContainEqual({
    subject: 'Incident',
    action: 'read',
    field: null,
    before: 'ALWAYS',
    after: 'DEPENDS',
    rowsGained: 0,
    rowsLost: 3,
  });
  expect(await governance.policyStore.versionOf(governance.workspaceId)).toBe(before);
  expect(
    (await governance.run(auditor(), '{ policyRules(first: 1) { totalCount } }')).data.policyRules.totalCount,
  ).toBe(0);
});

test('what was simulated comes about, and retiring it is the reverse', async () => {
  const administrator = governance.as(['administrator']);
  const approver = governance.as(['approver'], 'pr_badr');
  const count = async () =>
    (await governance.run(approver, '{ incidents(first: 9) { totalCount } }')).data.incidents.totalCount;
  expect(await count()).toBe(3);
  const made = await governance.run(
    administrator,
    'mutation ($input: CreatePolicyRuleInput!) { createPolicyRule(input: $input) { policyRule { id } } }',
    { input: denial({ conditions: { ownerId: 'pr_amal' } }) },
  );
  expect(made.errors).toBeUndefined();
  await expect.poll(count, { timeout: 2_000 }).toBe(0);
  const denied = await explain({
    principalId: 'pr_badr',
    action: 'read',
    subject: 'Incident',
    attributes: { ownerId: 'pr_amal' },
  });
  expect(denied).toMatchObject({ allowed: false, ruleId: 'hide-low', reason: 'UNDER_REVIEW' });
  expect(denied.remedies[0]).toMatchObject({ role: null, liftRuleIds: ['hide-low'] });
  const back = await governance.run(auditor(), SIMULATE, {
    input: { retire: ['hide-low'], principalIds: ['pr_badr'] },
  });
  expect(back.data.simulatePolicy.affected[0].changes).toContainEqual(
    expect.objectContaining({ field: null, before: 'DEPENDS', after: 'ALWAYS', rowsGained: 3, rowsLost: 0 }),
  );
});

test('who may not ask, and what may not be tried, is refused', async () => {
  const ask = async (principal: ReturnType<typeof auditor>, input: object) =>
    (await governance.run(principal, SIMULATE, { input })).errors?.[0];
  expect((await ask(governance.as(['viewer']), {}))?.extensions?.code).toBe('FORBIDDEN');
  expect((await ask(auditor(), { retire: ['governance.Incident.read-facts'] }))?.message).toMatch(
    /no rule of this workspace/,
  );
  expect((await ask(auditor(), { add: [denial({ id: 'governance.Incident.read-facts' })] }))?.message).toMatch(
    /built-in/,
  );
  expect((await ask(auditor(), { principalIds: ['pr_nobody'] }))?.extensions?.code).toBe('NOT_FOUND');
});
