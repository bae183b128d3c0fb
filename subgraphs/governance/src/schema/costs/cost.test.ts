import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestGovernance, type TestGovernance } from '../../testing/governance-platform.js';

let governance: TestGovernance;
beforeAll(async () => {
  governance = await openTestGovernance();
});
afterAll(() => governance.close());

const administrator = () => governance.as(['administrator']);
const scientist = () => governance.as(['data-scientist']);
const approver = () => governance.as(['approver'], 'pr_badr');

const POOL =
  'mutation($i: SetComputePoolInput!) { setComputePool(input: $i) { computePool { id name prices { unit price } } } }';
const USE =
  'mutation($i: RecordUsageInput!) { recordUsage(input: $i) { created usageRecord { id cost unitPrice currency } } }';
const BUDGET =
  'mutation($i: SetBudgetInput!) { setBudget(input: $i) { budget { id name standing { spent verdict usedPercent } } } }';
const DECIDE = `query($i: BudgetDecisionInput!) { budgetDecision(input: $i) { verdict refusals { rule found limit whatToDo }
  budgets { name verdict spent amount usedPercent overriddenUntil } } }`;
const OVERRIDE =
  'mutation($i: OverrideBudgetInput!) { overrideBudget(input: $i) { override { id reason expiresAt } } }';

const use = (key: string, quantity: number, more: object = {}) =>
  governance.run(governance.as(['service']), USE, {
    i: {
      key,
      pool: 'gpu',
      subjectType: 'Run',
      subjectId: 'run_1',
      unit: 'GPU_SECOND',
      quantity,
      startedAt: new Date(Date.now() - 1_000),
      endedAt: new Date(),
      ...more,
    },
  });
const decide = async (input: object) => (await governance.run(scientist(), DECIDE, { i: input })).data.budgetDecision;
const details = (result: Awaited<ReturnType<typeof use>>) => result.errors?.[0]?.extensions;

test('usage is charged once for a key at the price of now; without a price it is kept and said', async () => {
  const pool = { name: 'gpu', currency: 'AED', prices: [{ unit: 'GPU_SECOND', price: 0.01 }] };
  expect((await governance.run(scientist(), POOL, { i: pool })).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  expect((await governance.run(administrator(), POOL, { i: pool })).errors).toBeUndefined();
  const answers = await Promise.all(Array.from({ length: 5 }, () => use('run_1:gpu', 1_000)));
  expect(answers.filter(({ data }) => data?.recordUsage.created)).toHaveLength(1);
  expect(answers[0]?.data.recordUsage.usageRecord).toMatchObject({ cost: 10, unitPrice: 0.01, currency: 'AED' });
  expect(details(await use('run_1:gpu', 2_000))).toMatchObject({ code: 'CONFLICT', details: { rule: 'USAGE_KEY' } });
  await governance.run(administrator(), POOL, { i: { ...pool, prices: [{ unit: 'GPU_SECOND', price: 0.02 }] } });
  expect((await use('run_1:gpu:2', 1_000)).data.recordUsage.usageRecord.cost).toBe(20);
  expect((await use('run_1:cpu', 500, { unit: 'CPU_SECOND' })).data.recordUsage.usageRecord).toMatchObject({
    cost: null,
  });
  const report = await governance.run(
    scientist(),
    'query($s: DateTime!, $u: DateTime!) { costs(input: {since: $s, until: $u, groupBy: SUBJECT}) { key cost { amount currency records unpricedRecords } } }',
    { s: new Date(Date.now() - 3_600_000), u: new Date(Date.now() + 1_000) },
  );
  expect(report.data.costs).toEqual([
    { key: 'Run:run_1', cost: { amount: 30, currency: 'AED', records: 3, unpricedRecords: 1 } },
  ]);
  const run = await governance.run(
    scientist(),
    'query($r: [_Any!]!) { _entities(representations: $r) { ... on Run { cost { amount records } incidents { totalCount } } } }',
    {
      r: [
        { __typename: 'Run', id: 'run_1' },
        { __typename: 'Run', id: 'run_2' },
      ],
    },
  );
  expect(run.data._entities).toEqual([
    { cost: { amount: 30, records: 3 }, incidents: { totalCount: 0 } },
    { cost: { amount: 0, records: 0 }, incidents: { totalCount: 0 } },
  ]);
  expect(
    details(await governance.run(administrator(), POOL, { i: { ...pool, name: 'other', currency: 'USD' } })),
  ).toMatchObject({
    details: { rule: 'ONE_CURRENCY', found: 'USD' },
  });
});

test('a budget warns at 80 per cent, blocks at 100, is lifted by an approver until the override ends, and opens incidents', async () => {
  const wanted = { name: 'gpu-month', scope: 'POOL', scopeName: 'gpu', amount: 100, currency: 'AED', period: 'MONTH' };
  const set = await governance.run(administrator(), BUDGET, { i: wanted });
  const { id } = set.data.setBudget.budget;
  expect(set.data.setBudget.budget.standing).toEqual({ spent: 30, verdict: 'ALLOW', usedPercent: 30 });
  expect((await decide({ pool: 'gpu' })).verdict).toBe('ALLOW');
  expect(await decide({ pool: 'gpu', estimatedCost: 70.01 })).toMatchObject({ verdict: 'BLOCK' });
  expect(await decide({ pool: 'gpu', estimatedCost: 70 })).toMatchObject({ verdict: 'ALLOW' });
  await use('run_2:gpu', 2_499, { subjectId: 'run_2' });
  expect((await decide({ pool: 'gpu' })).verdict).toBe('ALLOW');
  await use('run_3:gpu', 1, { subjectId: 'run_3' });
  expect(await decide({ pool: 'gpu' })).toMatchObject({
    verdict: 'WARN',
    refusals: [],
    budgets: [{ usedPercent: 80 }],
  });
  await use('run_4:gpu', 1_000, { subjectId: 'run_4' });
  expect(await decide({ pool: 'gpu' })).toEqual({
    verdict: 'BLOCK',
    refusals: [
      {
        rule: 'BUDGET_EXHAUSTED',
        found: '100.00 AED spent of budget gpu-month',
        limit: 'at most 100.00 AED',
        whatToDo: expect.stringContaining('overrideBudget'),
      },
    ],
    budgets: [
      { name: 'gpu-month', verdict: 'BLOCK', spent: 100, amount: 100, usedPercent: 100, overriddenUntil: null },
    ],
  });
  // Work on another pool draws from another budget.
  expect((await decide({ pool: 'cpu' })).verdict).toBe('ALLOW');
  const incidents = await governance.run(
    scientist(),
    '{ incidents(filter: {category: "BUDGET"}) { edges { node { title priority links { type id } } } } }',
  );
  expect(incidents.data.incidents.edges.map(({ node }: { node: object }) => node)).toEqual([
    { title: 'Budget gpu-month is exhausted', priority: 'P2', links: [{ type: 'Budget', id }] },
    { title: 'Budget gpu-month is 80 % spent', priority: 'P4', links: [{ type: 'Budget', id }] },
  ]);

  const day = (days: number) => new Date(Date.now() + days * 86_400_000);
  const lift = (principal: ReturnType<typeof approver>, expiresAt: Date) =>
    governance.run(principal, OVERRIDE, { i: { budgetId: id, reason: 'retraining before the audit', expiresAt } });
  expect(details(await lift(administrator(), day(1)))?.code).toBe('FORBIDDEN');
  expect(details(await lift(approver(), day(32)))).toMatchObject({ details: { rule: 'BUDGET_OVERRIDE_PERIOD' } });
  expect((await lift(approver(), day(1))).errors).toBeUndefined();
  expect(await decide({ pool: 'gpu' })).toMatchObject({
    verdict: 'WARN',
    refusals: [],
    budgets: [{ overriddenUntil: expect.anything() }],
  });
  const { rows } = await governance.database.asSystem((tx) =>
    tx.execute<{ outcome: string; reason: string }>(
      `select outcome, details->>'justification' as reason from audit.record where action = 'overrideBudget' order by id`,
    ),
  );
  expect(rows).toEqual([
    { outcome: 'REFUSED', reason: 'retraining before the audit' },
    { outcome: 'REFUSED', reason: 'retraining before the audit' },
    { outcome: 'SUCCEEDED', reason: 'retraining before the audit' },
  ]);
  // An override that ended counts no more.
  const second = (
    await governance.run(administrator(), BUDGET, { i: { ...wanted, name: 'gpu-second', period: 'TOTAL' } })
  ).data.setBudget.budget.id;
  await governance.database.asSystem((tx) =>
    tx.execute(`insert into governance.budget_override (id, workspace_id, budget_id, reason, created_at, expires_at, owner_id, owner)
      values ('bov_old', '${governance.workspaceId}', '${second}', 'it was urgent', now() - interval '2 days', now() - interval '1 s', 'pr_badr', 'pr_badr')`),
  );
  expect(await decide({ pool: 'gpu' })).toMatchObject({
    verdict: 'BLOCK',
    budgets: [{ verdict: 'WARN' }, { name: 'gpu-second', verdict: 'BLOCK', overriddenUntil: null }],
  });
});
