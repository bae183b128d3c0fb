// What the audit trail says of grants, on a real database.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestGovernance, type TestGovernance } from '../testing/governance-platform.js';

let governance: TestGovernance;
beforeAll(async () => {
  governance = await openTestGovernance();
  await governance.database.asSystem((tx) =>
    tx.execute(`update identity.role_binding set granted_at = clock_timestamp() - interval '100 days'`),
  );
});
afterAll(() => governance?.close());

const look = async (days = 90, role = 'auditor') => {
  const { data, errors } = await governance.run(
    governance.as([role], 'pr_auditor'),
    `{ unusedGrants(days: ${days}) { grants { principalId role via lastUsedAt principal { id } unused { ruleId subject actions } } ruleIds } }`,
  );
  return { report: data?.unusedGrants, code: errors?.[0]?.extensions.code };
};
const rulesOf = ({ report }: Awaited<ReturnType<typeof look>>, id: string): string[] =>
  report.grants
    .find(({ principalId }: { principalId: string }) => principalId === id)
    .unused.map(({ ruleId }: { ruleId: string }) => ruleId);

it('names grants that were not used for so long, until they are', async () => {
  const before = await look();
  expect(
    before.report.grants.map(({ principalId, role, via }: Record<string, string>) => [principalId, role, via]),
  ).toEqual([
    ['pr_amal', 'data-scientist', 'BINDING'],
    ['pr_badr', 'approver', 'BINDING'],
  ]);
  expect(rulesOf(before, 'pr_amal')).toContain('governance.AccessRequest.request');
  const asked = await governance.run(
    governance.as(['data-scientist']),
    'mutation { requestAccess(input: { role: "auditor", reason: "to prepare the audit" }) { accessRequest { id } } }',
  );
  expect(asked.errors).toBeUndefined();
  const after = await look();
  expect(rulesOf(after, 'pr_amal')).toEqual(
    rulesOf(before, 'pr_amal').filter((id) => id !== 'governance.AccessRequest.request'),
  );
  expect(rulesOf(after, 'pr_badr')).toEqual(rulesOf(before, 'pr_badr'));
  expect(after.report.grants[0]).toMatchObject({ principal: { id: 'pr_amal' }, lastUsedAt: expect.any(String) });
  // The binding is younger than that.
  expect((await look(101)).report.grants).toEqual([]);
});

it('is for auditors and administrators, within its bounds', async () => {
  expect((await look(90, 'data-scientist')).code).toBe('FORBIDDEN');
  for (const days of [0, 731]) expect((await look(days)).code).toBe('BAD_USER_INPUT');
});
