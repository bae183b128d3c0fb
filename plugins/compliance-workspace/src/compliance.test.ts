import { expect, test } from 'vitest';
import { checks, regimes } from './compliance.js';
import { call, evaluate, good, open } from './testing-data.js';

type Good = ReturnType<typeof good>;
const statusOf = async (id: string, snapshot: object) =>
  (await evaluate(snapshot)).find(({ checkId }) => checkId === id) ?? { status: 'ABSENT', reason: '', evidence: [] };

/** For each check what must make it fail, and the parts of the snapshot without which it does not know. */
// biome-ignore lint/suspicious/noExplicitAny: each case spoils another part.
const cases: Readonly<Record<string, readonly [(s: any) => unknown, readonly (keyof Good)[]]>> = {
  'RES-001': [(s) => (s.sources[0].zone = 'US'), ['sources', 'workspaceZones', 'placements']],
  'RES-002': [(s) => (s.sources[1].zone = 'US'), ['sources', 'modelVersions']],
  'RES-003': [(s) => (s.sources[2].zone = 'AE-DIFC'), ['sources', 'modelVersions']],
  'RES-004': [(s) => (s.runs[0].zone = 'AE-DIFC'), ['runs']],
  'RES-005': [(s) => (s.placements[1].allowed = false), ['endpoints', 'placements']],
  'RES-006': [(s) => (s.sinks[0].zone = 'GB'), ['sinks', 'workspaceZones', 'placements']],
  'RES-007': [(s) => (s.instruments[0].validTo = '2026-11-23T07:59:59Z'), ['instruments', 'at']],
  'RES-008': [(s) => (s.principals[0].zone = 'US'), ['principals', 'sources', 'workspaceZones']],
  'RES-009': [(s) => s.plugins[0].egress.push('api.example.org'), ['plugins', 'workspaceZones']],
  'RES-010': [(s) => (s.artifacts[0].elsewhereRefused = false), ['artifacts']],
  'LAW-009': [(s) => (s.endpoints[0].purpose = ' '), ['endpoints']],
  'ACC-001': [(s) => s.coverage[0].holes.push('Model.price'), ['coverage']],
  'ACC-002': [(s) => s.coverage[0].nonNull.push('Model.price'), ['coverage']],
  'ACC-003': [(s) => s.canary.exposed.push('Principal.email to viewer'), ['canary']],
  'ACC-004': [(s) => (s.grants[0].grantedAt = '2025-11-22T00:00:00Z'), ['grants', 'at']],
  'ACC-005': [(s) => (s.promotions[0].approvedBy = 'amal'), ['decisions', 'promotions']],
  'ACC-006': [(s) => (s.emergencies[0].reviewedAt = '2026-11-27T08:00:00Z'), ['emergencies', 'at']],
  'ACC-007': [(s) => (s.principals[0].lastActiveAt = '2026-08-20T00:00:00Z'), ['principals', 'at']],
  'ACC-008': [(s) => (s.tokens.longestSeconds = 901), ['tokens']],
  'ACC-009': [(s) => (s.rowSecurity.problem = 'Table x lacks row-level security'), ['rowSecurity']],
  'ACC-010': [(s) => s.rules.invalid.push('house.deny'), ['rules']],
  'LOG-003': [(s) => (s.log.oldestWriterSeconds = 60), ['log']],
  'LOG-004': [(s) => (s.log.clockSkewSeconds = -1), ['log']],
  'LOG-005': [(s) => s.log.changeableBy.push('falaj_app may DELETE'), ['log']],
  'CRY-001': [(s) => (s.artifacts[0].opened = false), ['artifacts']],
  'CRY-002': [(s) => (s.profile = 'production'), ['keys', 'profile', 'at']],
  'CRY-003': [(s) => (s.database.loopback = false), ['database']],
  'CRY-005': [(s) => (s.plaintext[0].reason = null), ['plaintext']],
  'CRY-004': [(s) => s.secretScan.hits.push('audit record aud_9'), ['secretScan']],
  'SUP-004': [(s) => (s.modelVersions[0].format = 'pickle'), ['modelVersions']],
  'SUP-005': [(s) => (s.artifacts[0].key = 'mv_other'), ['endpoints', 'modelVersions', 'artifacts']],
  'SUP-006': [(s) => (s.modelVersions[0].codeReference = null), ['modelVersions']],
  'MDL-001': [(s) => (s.modelVersions[0].evaluation[1].value = 0.6), ['endpoints', 'modelVersions']],
  'MDL-003': [(s) => (s.monitors[0].active = false), ['endpoints', 'monitors']],
  'MDL-004': [(s) => (s.endpoints[0].revision = 1), ['endpoints']],
  'MDL-005': [(s) => (s.trainingSets[0].featureViews = []), ['trainingSets']],
  'MDL-006': [(s) => (s.modelVersions[0].cardId = null), ['models', 'modelVersions', 'endpoints']],
  'OPS-001': [(s) => s.incidents.unattended.push('inc_1'), ['incidents']],
  'OPS-002': [(s) => (s.changes[0].auditRecordId = null), ['changes']],
};

test('a workspace with nothing against it passes every check; an empty snapshot passes none', async () => {
  for (const { checkId, status, reason } of await evaluate(good())) expect(status, `${checkId} ${reason}`).toBe('PASS');
  for (const { checkId, status, evidence } of await evaluate({})) {
    expect(status, checkId).toBe('ERROR');
    expect(evidence.map(({ name }) => name)).toContain('missing');
  }
});

test.each(Object.entries(cases))(
  '%s fails on what it is for, and does not know without its facts',
  async (id, [spoil, needs]) => {
    const spoilt = good();
    spoil(spoilt);
    const failed = await statusOf(id, spoilt);
    expect(failed, failed.reason).toMatchObject({ status: 'FAIL' });
    expect(failed.reason.length).toBeGreaterThan(30);
    for (const part of needs) {
      const { [part]: _missing, ...rest } = good();
      expect(await statusOf(id, rest), `${id} without ${String(part)}`).toMatchObject({
        status: 'ERROR',
        reason: expect.stringContaining(String(part)),
      });
    }
  },
);

test('LOG-005 passes archived records, and no record that is gone without an archive', async () => {
  const facts = good();
  facts.log.archived = 40;
  expect(await statusOf('LOG-005', facts)).toMatchObject({ status: 'PASS' });
  facts.log.lost = 1;
  expect(await statusOf('LOG-005', facts)).toMatchObject({
    status: 'FAIL',
    reason: expect.stringContaining('1 records'),
  });
});

test('where there is nothing to judge, that is said: no pass', async () => {
  const empty = {
    ...good(),
    endpoints: [],
    runs: [],
    modelVersions: [],
    sources: [],
    tokens: { issued: 0, longestSeconds: 0 },
  };
  for (const id of ['RES-001', 'RES-002', 'RES-004', 'RES-005', 'RES-008', 'LAW-009', 'SUP-004', 'MDL-003', 'ACC-008'])
    expect((await statusOf(id, empty)).status, id).toBe('NOT_APPLICABLE');
});

test('each check stands once in the list, at least 25, with a case here and a part of every great framework', async () => {
  const list = await (await open()).list({}, call);
  expect(list.length).toBeGreaterThanOrEqual(25);
  expect(new Set(list.map(({ id }) => id)).size).toBe(list.length);
  expect(Object.keys(cases).sort()).toEqual(list.map(({ id }) => id).sort());
  for (const { id, references, severity } of list) {
    expect(references.length, id).toBeGreaterThan(0);
    expect(severity, id).toBeDefined();
  }
  for (const framework of ['PDPL', 'ISO 27001:2022', 'NIST CSF 2.0'])
    expect(
      list.filter(({ references }) => references.some((each) => each.framework === framework)).length,
    ).toBeGreaterThan(15);
  expect(structuredClone(list)).toEqual(list);
});

test('regimes name known checks only, and each of their parts once', () => {
  const known = new Set(checks.map(({ id }) => id));
  for (const { framework, rows } of regimes) {
    expect(new Set(rows.map(({ reference }) => reference)).size, framework).toBe(rows.length);
    for (const row of rows)
      for (const id of row.checks) expect(known.has(id), `${framework} ${row.reference} ${id}`).toBe(true);
  }
});

test('verdicts are a pure function of the snapshot; one object is judged without the checks of the whole', async () => {
  const turned = Object.fromEntries(Object.entries(good()).reverse());
  expect(await evaluate(turned)).toEqual(await evaluate(good()));
  const one = await evaluate({ ...good(), subject: { type: 'Endpoint', id: 'ep_1' } });
  expect(one.map(({ checkId }) => checkId)).toContain('RES-005');
  expect(one.map(({ checkId }) => checkId)).not.toContain('ACC-009');
  await expect((await open()).evaluate({ subject: 'kitchen', snapshot: {} }, call)).rejects.toMatchObject({
    code: 'UNSUPPORTED',
  });
});

test('an endpoint abroad holds by the instrument that it relies on, and by nothing else', async () => {
  const abroad = (reliesOn: string[]) => {
    const snapshot = good();
    return {
      ...snapshot,
      endpoints: snapshot.endpoints.map((endpoint) => ({ ...endpoint, zone: 'GB' })),
      placements: snapshot.placements.map((placement) => ({ ...placement, to: 'GB', reliesOn })),
    };
  };
  expect((await statusOf('RES-005', abroad(['ins_1']))).status).toBe('PASS');
  expect((await statusOf('RES-005', abroad([]))).status).toBe('FAIL');
});

test('egress of a plugin holds where its zones are recorded and those of the workspace', async () => {
  const sending = (egressZones: string[]) => ({
    ...good(),
    plugins: [{ kind: 'keys', name: 'vault', egress: ['vault:8200'], egressZones, state: 'READY' }],
  });
  expect((await statusOf('RES-009', sending(['AE']))).status).toBe('PASS');
  expect(await statusOf('RES-009', sending(['AE', 'US']))).toMatchObject({
    status: 'FAIL',
    reason: expect.stringContaining('sends into US'),
  });
});

test('logs and traces hold where the law lets the data be kept, or for a written reason', async () => {
  const kept = (zone: string | null, reason: string | null, allowed = true) => ({
    ...good(),
    sinks: [{ name: 'traces', zone, reason }],
    placements: [...good().placements, { ...good().placements[0], what: 'sink traces beside source a', allowed }],
  });
  expect((await statusOf('RES-006', kept('AE', null))).status).toBe('PASS');
  for (const [snapshot, found] of [
    [kept(null, null), 'nobody recorded the zone'],
    [kept('GB', null), 'kept in GB, outside'],
    [kept('AE', null, false), good().placements[0]?.ruleId],
  ] as const)
    expect(await statusOf('RES-006', snapshot)).toMatchObject({
      status: 'FAIL',
      reason: expect.stringContaining(found as string),
    });
  expect((await statusOf('RES-006', kept('GB', 'spans carry names of operations only', false))).status).toBe('PASS');
  expect((await statusOf('RES-001', kept('AE', null, false))).status).toBe('PASS');
});

test('training sets and runs abroad hold by instruments: the one while they are in force, the other for ever', async () => {
  const [source] = good().sources;
  const copy = { ...good().placements[0], what: `training set t of source ${source?.name}`, to: 'GB' };
  const withCopy = (allowed: boolean) => ({ ...good(), placements: [...good().placements, { ...copy, allowed }] });
  expect((await statusOf('RES-001', withCopy(true))).status).toBe('PASS');
  expect(await statusOf('RES-001', withCopy(false))).toMatchObject({
    status: 'FAIL',
    reason: expect.stringContaining('training set t'),
  });
  const ran = (transferInstruments: string[]) => ({
    ...good(),
    runs: [{ id: 'run_1', name: 'first', zone: 'GB', allowedZones: ['AE'], transferInstruments }],
  });
  expect((await statusOf('RES-004', ran(['ins_1']))).status).toBe('PASS');
  expect((await statusOf('RES-004', ran([]))).status).toBe('FAIL');
});
