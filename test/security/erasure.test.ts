// Check 13: whoever is erased can be read nowhere any more: not in features, online or offline, not in training sets, not in
// inferences, and not in a backup from before, once the keys of then are retired. The report says what was and what was not.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startWhole } from '../platform-processes.js';
import { rowsOf, until } from '../platform-requests.js';
import { GUEST, GuestHouse, INCOME, MOST_INCOME, OTHER_INCOME } from './guest-house.js';
import { sealedFiles } from './sealed-files.js';

const directory = mkdtempSync(join(tmpdir(), 'falaj-erasure-'));
const backup = join(directory, 'backup');
let house: GuestHouse;
let erasureId: string;
const rows = (text: string, values?: unknown[]) => rowsOf(house.processes.dataDirectory, text, values);
const setsIn = (folder: string) =>
  [...sealedFiles(folder).keys()].filter((key) => key.includes(house.ids.set as string));

/** What the log says of reads of a person. */
async function readsOf(subject: string): Promise<unknown[]> {
  const { dataAccessLog } = await house.done(
    'auditor',
    'query($s: RecordInput!) { dataAccessLog(first: 50, subject: $s) { edges { node { readerId purpose subjectType fields } } } }',
    { s: { type: 'DataSubject', id: subject } },
  );
  return dataAccessLog.edges.map(({ node }: { node: unknown }) => node);
}

async function accesses(type: string, id: string): Promise<unknown[]> {
  const { dataAccessLog } = await house.done(
    'auditor',
    'query($s: RecordInput!) { dataAccessLog(first: 50, subject: $s) { edges { node { readerId onBehalfOf fields } } } }',
    { s: { type, id } },
  );
  return dataAccessLog.edges.map(({ node }: { node: unknown }) => node);
}

/** With owners and modes, as backups are: the database refuses a folder that is open to others. */
const copy = (from: string, to: string): void => {
  mkdirSync(dirname(to), { recursive: true });
  execFileSync('cp', ['-a', from, to]);
};

/** Where one of the texts stands in the files of the stores. */
function readableIn(dataDirectory: string, told: readonly string[]): string[] {
  const stores = ['offline-store-duckdb', 'artifact-store-fs'].map((name) => join(dataDirectory, 'plugins', name));
  return stores
    .flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .flatMap((entry) => {
      const path = join(entry.parentPath, entry.name);
      const bytes = readFileSync(path);
      return told.filter((text) => bytes.includes(text)).map((text) => `${text} in ${path}`);
    });
}

beforeAll(async () => {
  house = await GuestHouse.open(join(directory, 'data'));
  await house.train();
  await house.serve();
  // A cold backup of the whole data directory, but for the files that are not the platform's.
  await house.processes.stop();
  copy(house.processes.dataDirectory, backup);
  rmSync(join(backup, 'landing'), { recursive: true });
  await house.restart();
}, 120_000);
afterAll(async () => {
  await house?.processes.stop();
  rmSync(directory, { recursive: true, force: true });
});

it('before: a person is there, also after a restore, and lies readable in no file of a store', async () => {
  expect(await house.incomeOf(GUEST)).toEqual({ number: INCOME, status: 'PRESENT' });
  const { featureView } = await house.done(
    'feature-engineer',
    `{ featureView(id: "${house.ids.view}") { keys statistics { max } } }`,
  );
  expect(featureView).toEqual({ keys: 301, statistics: [{ max: INCOME }] });
  for (const folder of [house.processes.dataDirectory, backup])
    expect(readableIn(folder, [GUEST, 'guest-17', 'PAR1'])).toEqual([]);
});

it('whose features were read, and who was told a prediction of whom, is on record before the answer, by name only while they are known', async () => {
  const told = await house.infer(GUEST, { 'x-falaj-subject': GUEST, 'x-falaj-purpose': 'arrival desk' });
  expect(told.status, JSON.stringify(told.body)).toBe(200);
  expect((await house.infer(GUEST, { 'x-falaj-purpose': 'x'.repeat(201) })).status).toBe(400);
  const reads = await readsOf(GUEST);
  expect(reads).toEqual(
    expect.arrayContaining([
      { readerId: house.ids.approver, purpose: 'arrival desk', subjectType: 'DataSubject', fields: ['incomes.income'] },
      {
        readerId: house.ids.approver,
        purpose: 'arrival desk',
        subjectType: 'DataSubject',
        fields: ['Endpoint.prediction'],
      },
      { readerId: house.ids['data-scientist'], purpose: null, subjectType: 'DataSubject', fields: ['incomes.income'] },
    ]),
  );
  const { dataAccessLog } = await house.done(
    'auditor',
    `{ dataAccessLog(first: 10, subject: { type: "Endpoint", id: "${house.ids.endpoint}" }) { edges { node { fields purpose } } } }`,
  );
  expect(dataAccessLog.edges[0].node).toEqual({ fields: ['prediction'], purpose: 'arrival desk' });
  // A run reads as itself, for whoever started it; a search reads what it chooses by.
  await house.done(
    'data-scientist',
    `{ searchRuns(first: 5, filter: "metrics.validationLoss < 1000") { edges { node { id } } } }`,
  );
  expect(await accesses('TrainingSet', house.ids.set as string)).toContainEqual({
    readerId: house.ids.run,
    onBehalfOf: house.ids['data-scientist'],
    fields: expect.arrayContaining(['rows.incomes__income', 'rows.long']),
  });
  expect(await accesses('Run', house.ids.run as string)).toContainEqual({
    readerId: house.ids['data-scientist'],
    onBehalfOf: null,
    fields: expect.arrayContaining(['where.Metric.value']),
  });
  expect(await rows('select id from audit.read_event where subject_ids::text like $1', [`%${GUEST}%`])).toEqual([]);
  expect(await readsOf('nobody')).toEqual([]);
});

it('an erasure takes the person out of every store, once however often it is asked for, and reports what it did', async () => {
  const before = setsIn(house.processes.dataDirectory);
  expect((await house.erase('auditor', GUEST)).code).toBe('FORBIDDEN');
  const asked = await Promise.all([1, 2, 3].map(() => house.erase('administrator', GUEST)));
  for (const { errors } of asked) expect(errors).toEqual([]);
  const [one, ...others] = asked.map(({ data }) => data.eraseSubject.erasure.id);
  expect(others).toEqual([one, one]);
  erasureId = one;

  const report = await house.erasureEnded(one);
  const { ids } = house;
  expect(report).toMatchObject({ state: 'SUCCEEDED', error: null, zones: ['AE'], backupsClosedAt: null });
  expect(report.stores).toEqual(
    expect.arrayContaining([
      { store: 'ONLINE_STORE', zone: 'AE', subjectId: ids.view, erased: 1, how: 'DELETED' },
      { store: 'OFFLINE_STORE', zone: 'AE', subjectId: ids.view, erased: null, how: 'REBUILT' },
      { store: 'TRAINING_SET', zone: 'AE', subjectId: ids.set, erased: 1, how: 'REBUILT' },
      { store: 'KEYS', zone: 'AE', subjectId: null, erased: 1, how: 'KEY_DESTROYED' },
    ]),
  );
  expect(report.models).toEqual([{ id: ids.version, name: 'stays', version: 1, learned: 'YES' }]);
  expect(report.modelsKnown).toBe(true);
  expect(report.notErased.map(({ what }: { what: string }) => what)).toEqual(
    expect.arrayContaining([
      'data source guests',
      'data source stays',
      '1 model versions',
      `1 artifacts of run ${ids.logged}`,
      'backups from before the erasure',
    ]),
  );

  expect(await house.incomeOf(GUEST)).toEqual({ number: null, status: 'NOT_FOUND' });
  // What was read of them stays on record; nobody can find out that it was of them.
  expect(await readsOf(GUEST)).toEqual([]);
  expect(await house.incomeOf('guest-17')).toEqual({ number: OTHER_INCOME, status: 'PRESENT' });
  const { featureView, trainingSet } = await house.done(
    'data-scientist',
    `{ featureView(id: "${ids.view}") { keys statistics { max } }
       trainingSet(id: "${ids.set}") { rows digest redactions { erasureId rowsRemoved digestBefore } } }`,
  );
  expect(featureView).toEqual({ keys: 300, statistics: [{ max: MOST_INCOME }] });
  expect(trainingSet).toMatchObject({
    rows: 300,
    redactions: [{ erasureId: one, rowsRemoved: 1, digestBefore: ids.digest }],
  });
  expect(trainingSet.digest).not.toBe(ids.digest);
  // What the set was is no object of the store any more.
  const after = setsIn(house.processes.dataDirectory);
  expect([before.length, after.length]).toEqual([1, 1]);
  expect(after).not.toEqual(before);
});

it('nothing brings the person back: no new build, no writing online again, no new training set, no sample', async () => {
  const { ids } = house;
  await house.done('feature-engineer', `mutation { buildFeatureView(id: "${ids.view}") { featureView { rows } } }`);
  expect(await house.materialise()).toBe(300);
  expect((await house.incomeOf(GUEST)).status).toBe('NOT_FOUND');
  const { trainingSet } = await house.done('data-scientist', `{ trainingSet(id: "${ids.set}") { digest rows } }`);
  // Taking somebody out gives what would have been built without them.
  expect(await house.trainingSet('again')).toMatchObject(trainingSet);
  const { dataSource } = await house.done(
    'feature-engineer',
    `{ dataSource(id: "${ids.guests}") { sampleRows(first: 2) { cells { column value } } } }`,
  );
  expect(JSON.stringify(dataSource)).not.toContain(GUEST);
  expect(JSON.stringify(dataSource)).toContain('guest-0');
});

it('several people are erased at the same time from the same sets, and none brings another back', async () => {
  const guests = ['guest-201', 'guest-202', 'guest-203'];
  const asked = await Promise.all(guests.map((guest) => house.erase('administrator', guest)));
  const ids = asked.map(({ data }) => data.eraseSubject.erasure.id as string);
  expect(new Set(ids).size).toBe(3);
  for (const id of ids) expect(await house.erasureEnded(id)).toMatchObject({ state: 'SUCCEEDED', error: null });
  const { trainingSets } = await house.done(
    'data-scientist',
    '{ trainingSets(first: 10) { edges { node { rows } } } }',
  );
  expect(trainingSets.edges.map(({ node }: { node: { rows: number } }) => node.rows)).toEqual([297, 297]);
});

it('no table names the person, no record of the trail an address of anybody, and the trail still verifies', async () => {
  const found = await rows(
    `select table_schema || '.' || table_name as name from information_schema.tables
     where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')
       and position($1 in query_to_xml(format('select * from %I.%I', table_schema, table_name), true, false, '')::text) > 0`,
    [GUEST],
  );
  expect(found).toEqual([]);
  expect(await rows(`select id from audit.record where details::text ~ '@|784-' or actor_id like '%@%'`)).toEqual([]);
  const trail = await rows('select action, outcome from audit.record where subject_id = $1', [erasureId]);
  expect(trail.map(({ action }) => action)).toEqual(
    expect.arrayContaining(['eraseSubject', 'eraseInferenceSubject', 'leaveOutSubject', 'completeSubjectErasure']),
  );
  const { verifyAuditLog } = await house.done('auditor', '{ verifyAuditLog { intact } }');
  expect(verifyAuditLog.intact).toBe(true);
});

it('records are kept as long as the rules for the data ask, and only an administrator says how long', async () => {
  const set = (role: 'administrator' | 'auditor', recordDays: number, readDays: number) =>
    house.ask(
      role,
      `mutation { setRetentionPolicy(input: { recordDays: ${recordDays}, readDays: ${readDays}, reason: "our schedule" }) {
        retentionPolicy { recordDays readDays setBy minimumDays archives rules { id source asOf } } } }`,
    );
  expect((await set('auditor', 4_000, 4_000)).code).toBe('FORBIDDEN');
  const short = await set('administrator', 4_000, 365);
  expect(short.errors[0]?.extensions.details).toMatchObject({
    rule: 'FALAJ-RETENTION-PERSONAL',
    limit: 'at least 366 days',
  });
  const { data, errors } = await set('administrator', 4_000, 366);
  expect(errors).toEqual([]);
  expect(data.setRetentionPolicy.retentionPolicy).toMatchObject({
    recordDays: 4_000,
    readDays: 366,
    setBy: house.ids.administrator,
    minimumDays: 366,
    archives: false,
    rules: [{ id: 'FALAJ-RETENTION-PERSONAL' }],
  });
  expect((await house.ask('data-scientist', '{ retentionPolicy { recordDays } }')).code).toBe('FORBIDDEN');
});

it('a backup from before opens nothing of the person once the keys of then are retired', async () => {
  const { rotateKey } = await house.done(
    'administrator',
    'mutation { rotateKey(input: { zone: "AE", reason: "after request 17", retire: true }) { rotation { id } } }',
  );
  const rotation = await until(
    async () => {
      const { keyRotation } = await house.done(
        'administrator',
        `{ keyRotation(id: "${rotateKey.rotation.id}") { state error } }`,
      );
      return keyRotation.state !== 'RUNNING' && keyRotation;
    },
    60_000,
    'the rotation ends',
  );
  expect(rotation).toEqual({ state: 'SUCCEEDED', error: null });
  expect((await house.erasureEnded(erasureId)).backupsClosedAt).not.toBeNull();
  expect(await house.incomeOf('guest-17')).toEqual({ number: OTHER_INCOME, status: 'PRESENT' });

  // Old database and old artifacts beside the keys as they are now: all that a backup can still meet.
  await house.processes.stop();
  const restored = join(directory, 'restored', 'data');
  copy(backup, restored);
  const keys = join('plugins', 'keys-local');
  rmSync(join(restored, keys), { recursive: true });
  copy(join(house.processes.dataDirectory, keys), join(restored, keys));
  const late = await startWhole(restored);
  try {
    const answer = await house.onlineOf(GUEST, late);
    expect(answer.errors.length).toBeGreaterThan(0);
    expect(JSON.stringify(answer)).not.toContain(String(INCOME));
    const run = await house.runEnded(await house.startRun('of old', late), late);
    expect(run).toMatchObject({ state: 'FAILED', error: expect.stringMatching(/does not unwrap/) });
  } finally {
    await late.stop();
  }
});
