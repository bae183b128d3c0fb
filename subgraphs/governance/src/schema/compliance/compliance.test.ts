import workspacePlugin from '@falaj/plugin-compliance-workspace';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestGovernance, type TestGovernance } from '../../testing/governance-platform.js';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
let governance: TestGovernance;
/** What the other subgraphs answer; a root field that is absent cannot be read. */
let graph: Record<string, unknown[]> = {};
const endpoint = {
  id: 'ep_1',
  name: 'delays',
  zone: 'AE',
  revision: 2,
  owner: 'badr',
  modelVersion: {
    id: 'mv_1',
    zone: 'AE',
    allowedZones: ['AE'],
    categories: ['personal'],
    model: { description: 'late flights' },
  },
};

beforeAll(async () => {
  const plugin = await workspacePlugin.open({}, { clock: () => 0, log: quiet, directory: '', secret: () => '' });
  governance = await openTestGovernance({
    plugins: {
      list: () => [
        {
          kind: 'compliance',
          name: 'workspace',
          capabilities: ['workspace'],
          egress: [],
          state: 'READY',
          lastError: null,
        },
      ],
      get: (kind: string) =>
        kind === 'compliance'
          ? plugin
          : { describe: async () => ({ keyId: 'k#1', createdAt: Date.now(), protection: 'local file' }) },
      call: () => ({ signal: new AbortController().signal, log: quiet }),
    } as never,
    vault: { get: async () => new Uint8Array() } as never,
    graph: {
      query: async (document: string) => {
        const field = /\{\s*(\w+)/.exec(document)?.[1] ?? '';
        if (field === 'endpoint' || field === 'modelVersion') return { [field]: { id: 'x' } };
        if (!graph[field]) throw new Error(`${field} cannot be read`);
        return {
          [field]: { edges: graph[field].map((node) => ({ node })), pageInfo: { hasNextPage: false, endCursor: null } },
        };
      },
    } as never,
  });
});
afterAll(() => governance.close());

const approver = () => governance.as(['approver'], 'pr_badr');
const RUN = `mutation($i: RunComplianceInput!) { runCompliance(input: $i) { report { id framework passed failed unknown notApplicable waived
  snapshotDigest findings { checkId status severity gate reason waiverId references { framework reference } evidence { name value } } } } }`;
interface Found {
  checkId: string;
  status: string;
  reason: string;
  waiverId: string | null;
}
const run = async (input: object = {}, principal = approver()) => {
  const { data, errors } = await governance.run(principal, RUN, { i: input });
  expect(errors).toBeUndefined();
  return data.runCompliance.report;
};
const of = (report: { findings: Found[] }, id: string) => report.findings.find(({ checkId }) => checkId === id);
const details = (result: Awaited<ReturnType<typeof governance.run>>) => result.errors?.[0]?.extensions;

test('what the database and the policy say is judged for real; what cannot be read is UNKNOWN, never PASS', async () => {
  graph = {};
  const report = await run();
  for (const id of [
    'ACC-001',
    'ACC-002',
    'ACC-003',
    'ACC-004',
    'ACC-009',
    'ACC-010',
    'LOG-003',
    'LOG-004',
    'LOG-005',
    'CRY-003',
    'CRY-004',
    'CRY-005',
    'OPS-001',
  ])
    expect(of(report, id), id).toMatchObject({ status: 'PASS' });
  for (const id of ['RES-001', 'RES-004', 'RES-005', 'SUP-004', 'MDL-001', 'MDL-003', 'OPS-002'])
    expect(of(report, id), id).toMatchObject({ status: 'UNKNOWN' });
  expect(report.findings.length).toBeGreaterThanOrEqual(25);
  expect(report.passed + report.failed + report.unknown + report.notApplicable).toBe(report.findings.length);
  expect(report.snapshotDigest).toMatch(/^sha256:/);
});

test('a spoilt state fails the check that is for it', async () => {
  await governance.database.asSystem(async (tx) => {
    await tx.execute(`insert into policy.rule (workspace_id, id, version, effect, actions, subject, roles, reason, author_id)
      values ('${governance.workspaceId}', 'house.leak', 1, 'ALLOW', '{read}', 'Principal', '{viewer}', 'LEAK', 'pr_amal'),
        ('${governance.workspaceId}', 'house.broken', 1, 'ALLOW', '{read}', 'Nothing', '{viewer}', 'BROKEN', 'pr_amal')`);
    await tx.execute(
      `update identity.role_binding set granted_at = now() - interval '400 days' where id = 'rb_pr_amal'`,
    );
    await tx.execute(`insert into audit.record (workspace_id, actor_id, actor_kind, action, subject_type, outcome, request_id, details)
      values ('${governance.workspaceId}', 'pr_amal', 'USER', 'x', 'Y', 'SUCCEEDED', '', '{"note": "postgres://falaj:hunter2@db/x"}'),
        ('${governance.workspaceId}', 'pr_amal', 'USER', 'issueAccessToken', 'Principal', 'SUCCEEDED', '', '{"ttlSeconds": 3600}')`);
  });
  await expect
    .poll(async () => of(await run(), 'ACC-003'), { timeout: 10_000 })
    .toMatchObject({ status: 'FAIL', reason: expect.stringContaining('Principal.email to viewer') });
  const report = await run();
  expect(of(report, 'ACC-004')).toMatchObject({
    status: 'FAIL',
    reason: expect.stringContaining('pr_amal as data-scientist'),
  });
  expect(of(report, 'ACC-008')).toMatchObject({ status: 'FAIL', reason: expect.stringContaining('3600 s') });
  expect(of(report, 'ACC-010')).toMatchObject({ status: 'FAIL', reason: expect.stringContaining('house.broken') });
  expect(of(report, 'CRY-004')).toMatchObject({ status: 'FAIL', reason: expect.stringContaining('audit record aud_') });
  // Its gate is to open an incident: one, however often it fails.
  const { data } = await governance.run(
    approver(),
    '{ incidents(filter: {category: "COMPLIANCE"}) { edges { node { title occurrences } } } }',
  );
  expect(data.incidents.edges).toHaveLength(1);
  expect(data.incidents.edges[0].node.title).toContain('CRY-004');
});

test('one framework, one object; an unknown framework is named with the known ones', async () => {
  graph = {
    dataSources: [],
    trainingSets: [],
    runs: [],
    models: [],
    monitors: [],
    modelVersions: [],
    endpoints: [endpoint, { ...endpoint, id: 'ep_2', name: 'abroad', zone: 'US' }],
  };
  const whole = await run({ framework: 'PDPL' });
  expect(of(whole, 'RES-005')).toMatchObject({
    status: 'FAIL',
    reason: expect.stringContaining('abroad: serves in US'),
  });
  expect(
    whole.findings.every((each: { references: { framework: string }[] }) =>
      each.references.some(({ framework }) => framework === 'PDPL'),
    ),
  ).toBe(true);
  expect(of(await run({ subject: { type: 'Endpoint', id: 'ep_1' } }), 'RES-005')).toMatchObject({ status: 'PASS' });
  expect(of(whole, 'OPS-002')).toMatchObject({ status: 'FAIL' });
  expect(details(await governance.run(approver(), RUN, { i: { framework: 'GDPR' } }))).toMatchObject({
    code: 'BAD_USER_INPUT',
    details: { rule: 'COMPLIANCE_FRAMEWORK', found: 'GDPR', limit: expect.stringContaining('ISO 27001:2022') },
  });
  expect(details(await governance.run(governance.as(['viewer']), RUN, { i: {} }))?.code).toBe('FORBIDDEN');
  const coverage = await governance.run(
    approver(),
    '{ complianceCoverage { framework references checks failed reportId } }',
  );
  expect(coverage.data.complianceCoverage).toContainEqual(
    expect.objectContaining({ framework: 'NIST CSF 2.0', references: expect.arrayContaining(['PR.AA-05']) }),
  );
});

test('a waiver is decided by somebody else, lifts the gate and not the status, and counts no more once it ended', async () => {
  const ASK = 'mutation($i: RequestWaiverInput!) { requestWaiver(input: $i) { waiver { id state } } }';
  const DECIDE = 'mutation($i: DecideWaiverInput!) { decideWaiver(input: $i) { waiver { state decidedById } } }';
  const VERDICT =
    'query($i: ComplianceVerdictInput!) { complianceVerdict(input: $i) { allowed blocking { checkId status } } }';
  const subject = { type: 'Endpoint', id: 'ep_2' };
  const day = (days: number) => new Date(Date.now() + days * 86_400_000);
  const ask = (expiresAt: Date, principal = approver(), checkId = 'RES-005') =>
    governance.run(principal, ASK, { i: { checkId, subject, reason: 'moved back on Monday', expiresAt } });
  const decide = (waiverId: string, principal: ReturnType<typeof approver>) =>
    governance.run(principal, DECIDE, { i: { waiverId, approve: true, reason: 'seen with counsel' } });
  const verdict = async () =>
    (await governance.run(approver(), VERDICT, { i: { gate: 'BLOCK_DEPLOYMENT', subject } })).data.complianceVerdict;

  expect((await verdict()).blocking).toContainEqual({ checkId: 'RES-005', status: 'FAIL' });
  expect(details(await ask(day(400)))).toMatchObject({ details: { rule: 'WAIVER_PERIOD' } });
  expect(details(await ask(day(1), approver(), 'RES-999'))).toMatchObject({ details: { rule: 'WAIVER_CHECK' } });
  const { id } = (await ask(day(1))).data.requestWaiver.waiver;
  expect((await verdict()).blocking).toContainEqual({ checkId: 'RES-005', status: 'FAIL' });
  expect(details(await decide(id, approver()))).toMatchObject({
    code: 'FORBIDDEN',
    details: { rule: 'WAIVER_FOUR_EYES', limit: expect.any(String), whatToDo: expect.any(String) },
  });
  expect((await decide(id, governance.as(['approver']))).data.decideWaiver.waiver).toEqual({
    state: 'APPROVED',
    decidedById: 'pr_amal',
  });
  expect(details(await decide(id, governance.as(['approver'])))).toMatchObject({ details: { rule: 'WAIVER_STATE' } });
  expect((await verdict()).blocking).not.toContainEqual({ checkId: 'RES-005', status: 'FAIL' });
  expect(of(await run({ subject }), 'RES-005')).toMatchObject({ status: 'FAIL', waiverId: id });
  // For that object alone.
  expect(of(await run(), 'RES-005')).toMatchObject({ status: 'FAIL', waiverId: null });
  await governance.database.asSystem((tx) =>
    tx.execute(
      `update governance.compliance_waiver set created_at = now() - interval '2 days', expires_at = now() - interval '1 s' where id = '${id}'`,
    ),
  );
  expect(of(await run({ subject }), 'RES-005')).toMatchObject({ status: 'FAIL', waiverId: null });
  const { rows } = await governance.database.asSystem((tx) =>
    tx.execute<{ action: string; outcome: string }>(
      `select action, outcome from audit.record where subject_type = 'ComplianceWaiver' and subject_id = '${id}' order by id`,
    ),
  );
  expect(rows).toEqual([
    { action: 'requestWaiver', outcome: 'SUCCEEDED' },
    { action: 'decideWaiver', outcome: 'REFUSED' },
    { action: 'decideWaiver', outcome: 'SUCCEEDED' },
    { action: 'decideWaiver', outcome: 'REFUSED' },
  ]);
});
