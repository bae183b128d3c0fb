// Keys and sealed artifacts: rotation while people read and write, and what was cut, swapped or moved on the disk.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, type FalajClient, type GraphError } from '@falaj/client';
import { parse } from 'graphql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { operatorTokenOf, type Processes, startWhole } from '../platform-processes.js';
import { rowsOf, until } from '../platform-requests.js';
import { sealedFiles } from './sealed-files.js';

const roles = ['data-scientist', 'approver', 'auditor', 'viewer', 'administrator'] as const;
type Role = (typeof roles)[number];
// biome-ignore lint/suspicious/noExplicitAny: queries written in the tests have no generated type.
type Data = any;

const directory = mkdtempSync(join(tmpdir(), 'falaj-keys-'));
const people = new Map<Role, FalajClient>();
let processes: Processes;
let runId: string;

async function request(client: FalajClient, query: string, variables: Record<string, unknown> = {}) {
  const { data, errors = [] } = await client.request(parse(query) as never, variables as never);
  return { data: data as Data, errors: errors as readonly GraphError[], code: errors[0]?.extensions.code };
}
async function done(client: FalajClient, query: string): Promise<Data> {
  const { data, errors } = await request(client, query);
  expect(errors, query).toEqual([]);
  return data;
}
const ask = (role: Role, query: string, variables?: Record<string, unknown>) =>
  request(people.get(role) as FalajClient, query, variables);

// A platform without the journey: nothing here needs a model.
beforeAll(async () => {
  processes = await startWhole(join(directory, 'data'));
  const { url } = processes;
  const token = await operatorTokenOf(processes.dataDirectory);
  const made = await done(
    createClient({ url, token }),
    'mutation { createWorkspace(input: { name: "keys", allowedZones: ["AE"], defaultZone: "AE" }) { workspace { id } } }',
  );
  const workspace = made.createWorkspace.workspace.id;
  const operator = createClient({ url, token, workspace });
  for (const role of roles) {
    const person = `name: "a ${role}", email: "${role}@example.test", kind: USER, zone: "AE"`;
    const { createPrincipal } = await done(
      operator,
      `mutation { createPrincipal(input: { ${person} }) { principal { id } } }`,
    );
    const { id } = createPrincipal.principal;
    await done(
      operator,
      `mutation { grantRole(input: { principalId: "${id}", role: "${role}" }) { principal { id } } }`,
    );
    const issued = await done(
      operator,
      `mutation { issueAccessToken(input: { principalId: "${id}", ttlSeconds: 900 }) { token } }`,
    );
    people.set(role, createClient({ url, token: issued.issueAccessToken.token, workspace }));
  }
  const scientist = people.get('data-scientist') as FalajClient;
  const { createExperiment } = await done(
    scientist,
    'mutation { createExperiment(input: { name: "keys" }) { experiment { id } } }',
  );
  const { createRun } = await done(
    scientist,
    `mutation { createRun(input: { experimentId: "${createExperiment.experiment.id}", name: "keys" }) { run { id } } }`,
  );
  runId = createRun.run.id;
}, 120_000);
afterAll(async () => {
  await processes?.stop();
  rmSync(directory, { recursive: true, force: true });
});

const files = () => sealedFiles(processes.dataDirectory);
const contentOf = (path: string) => Buffer.from(`content of ${path} `.repeat(50)).toString('base64');
const write = (path: string) =>
  ask(
    'data-scientist',
    'mutation($i: LogRunArtifactInput!) { logRunArtifact(input: $i) { artifact { path digest } } }',
    { i: { runId, path, contentType: 'text/plain', base64: contentOf(path) } },
  );
const readBack = (path: string) =>
  ask('data-scientist', `{ runArtifact(runId: "${runId}", path: "${path}") { base64 } }`);
const ROTATION = 'id state fromKeyId toKeyId artifacts rewrapped wrappedKeys corrupt retiredAt error owner';
const rotate = (role: Role, input: string) =>
  ask(role, `mutation { rotateKey(input: { ${input} }) { rotation { ${ROTATION} } } }`);
const ended = (id: string) =>
  until(
    async () => {
      const { data } = await ask('administrator', `{ keyRotation(id: "${id}") { ${ROTATION} } }`);
      return data.keyRotation.state !== 'RUNNING' && data.keyRotation;
    },
    60_000,
    'the rotation ends',
  );

it('only an administrator rotates a key, in a zone of the workspace, and each refusal is on record', async () => {
  for (const role of roles.filter((each) => each !== 'administrator')) {
    expect((await rotate(role, 'zone: "AE", reason: "mine"')).code, role).toBe('FORBIDDEN');
  }
  expect((await rotate('administrator', 'zone: "US", reason: "mine"')).code).toBe('FORBIDDEN');
  expect((await rotate('administrator', 'zone: "AE", reason: ""')).code).toBe('BAD_USER_INPUT');
});

it('a rotation under load fails no read and no write, changes no byte of content and moves everything', async () => {
  for (let index = 0; index < 8; index++) expect((await write(`before/${index}`)).errors).toEqual([]);
  const before = files();
  const places = await ask('administrator', '{ zoneKeys { zone keyId } }');
  const old = places.data.zoneKeys.find(({ zone }: { zone: string }) => zone === 'AE').keyId;
  expect([...before.values()].every(({ keyId }) => keyId === old)).toBe(true);

  let underLoad = true;
  let [reads, writes] = [0, 0];
  const failures: string[] = [];
  const reader = async (index: number) => {
    for (; underLoad; reads++) {
      const path = `before/${(index + reads) % 8}`;
      const answer = await readBack(path);
      if (answer.data?.runArtifact?.base64 !== contentOf(path))
        failures.push(`read ${path}: ${JSON.stringify(answer)}`);
    }
  };
  const writer = async (index: number) => {
    for (; underLoad; writes++) {
      const path = `during/${index}/${writes}`;
      const answer = await write(path);
      if (answer.errors.length > 0) failures.push(`write ${path}: ${JSON.stringify(answer)}`);
    }
  };
  const load = Promise.all([reader(0), reader(3), writer(0), writer(1)]);
  await sleep(200);
  const { data, errors } = await rotate('administrator', 'zone: "AE", reason: "a yearly change", retire: true');
  expect(errors).toEqual([]);
  const rotation = await ended(data.rotateKey.rotation.id);
  await sleep(200);
  underLoad = false;
  await load;

  expect(failures).toEqual([]);
  expect(reads).toBeGreaterThan(10);
  expect(writes).toBeGreaterThan(10);
  expect(rotation).toMatchObject({ state: 'SUCCEEDED', fromKeyId: old, wrappedKeys: 0, corrupt: [], error: null });
  expect(rotation.rewrapped).toBeGreaterThanOrEqual(before.size);
  expect(rotation.retiredAt).not.toBeNull();
  const after = files();
  expect(new Set([...after.values()].map(({ keyId }) => keyId))).toEqual(new Set([rotation.toKeyId]));
  for (const [key, { rest }] of before) expect(after.get(key)?.rest, key).toBe(rest);
  for (let index = 0; index < 8; index++) {
    expect((await readBack(`before/${index}`)).data.runArtifact.base64).toBe(contentOf(`before/${index}`));
  }
  const trail = await rowsOf(
    processes.dataDirectory,
    `select action, outcome from audit.record where subject_type = 'KeyRotation' and subject_id = $1 order by id`,
    [rotation.id],
  );
  expect(trail).toEqual([
    { action: 'rotateKey', outcome: 'SUCCEEDED' },
    { action: 'completeKeyRotation', outcome: 'SUCCEEDED' },
  ]);
});

it('what was cut, swapped, moved to another zone or changed in one bit is refused, with one incident each', async () => {
  const paths = ['cut', 'swapped', 'other', 'moved', 'flipped'];
  for (const path of paths) await write(`attack/${path}`);
  const all = [...files().values()];
  const digests = new Map<string, string>();
  const listed = await ask('data-scientist', `{ run(id: "${runId}") { artifacts { path digest } } }`);
  for (const { path, digest } of listed.data.run.artifacts) digests.set(path, digest.replace('sha256:', ''));
  const fileOf = (path: string) => {
    const found = all.find(({ key }) => key.endsWith(`/${digests.get(`attack/${path}`)}`));
    if (!found) throw new Error(`no file of ${path}`);
    return found;
  };
  const [cut, swapped, other] = [fileOf('cut'), fileOf('swapped'), fileOf('other')];
  const [moved, flipped] = [fileOf('moved'), fileOf('flipped')];
  writeFileSync(cut.file, cut.bytes.subarray(0, -20));
  writeFileSync(swapped.file, other.bytes);
  // The whole artifact under the name of another zone: the fields are bound, so a changed one opens nothing.
  const elsewhere = Buffer.from(moved.bytes);
  elsewhere.write('US', elsewhere.indexOf('AE', 9 + 2 + moved.workspaceId.length + 2 + moved.key.length));
  writeFileSync(moved.file, elsewhere);
  const changed = Buffer.from(flipped.bytes);
  changed[changed.length - 1] = (changed.at(-1) as number) ^ 1;
  writeFileSync(flipped.file, changed);

  const attacked = ['cut', 'swapped', 'moved', 'flipped'];
  for (const path of [...attacked, ...attacked]) {
    const answer = await readBack(`attack/${path}`);
    expect(answer.code, path).toBe('ARTIFACT_CORRUPT');
    expect(answer.data?.runArtifact ?? null, path).toBeNull();
  }
  const untouched = await readBack('attack/other');
  expect(untouched.data.runArtifact.base64).toBe(contentOf('attack/other'));

  const keys = [cut, swapped, moved, flipped].map(({ key }) => `artifact:${key}`).sort();
  const opened = await until(
    async () => {
      const { data } = await ask(
        'administrator',
        '{ incidents(first: 20) { edges { node { dedupKey category impact state } } } }',
      );
      const nodes = data.incidents.edges
        .map(({ node }: { node: { dedupKey: string } }) => node)
        .filter(({ dedupKey }: { dedupKey: string }) => dedupKey.startsWith('artifact:'));
      return nodes.length >= keys.length && nodes;
    },
    10_000,
    'the incidents are open',
  );
  expect(opened.map(({ dedupKey }: { dedupKey: string }) => dedupKey).sort()).toEqual(keys);
  for (const each of opened) expect(each).toMatchObject({ category: 'SECURITY', impact: 'HIGH', state: 'NEW' });

  // They are left as they are; nothing is retired over them, for somebody may mend them from a backup.
  const { data } = await rotate('administrator', 'zone: "AE", reason: "after the attack", retire: true');
  const rotation = await ended(data.rotateKey.rotation.id);
  expect(rotation).toMatchObject({
    state: 'FAILED',
    retiredAt: null,
    error: expect.stringMatching(/KEY_VERSION_UNUSED/),
  });
  // Of a changed payload the wrapped key knows nothing; that comes to light when it is read.
  expect(rotation.corrupt).toEqual([swapped.key]);
});

it('an erasure is for administrators, names nobody anywhere, and the trail still verifies', async () => {
  const ERASE = `mutation($i: EraseSubjectInput!) { eraseSubject(input: $i) { erasure {
    id reason zones keysDestroyed records studyRows modelsKnown models { id } } } }`;
  const subject = 'emirates-id-784-1990-1234567-1';
  const input = { subject, reason: 'request 17' };
  for (const role of roles.filter((each) => each !== 'administrator')) {
    expect((await ask(role, ERASE, { i: input })).code, role).toBe('FORBIDDEN');
  }
  const named = await ask('administrator', ERASE, { i: { subject, reason: `of ${subject}` } });
  expect(named.code).toBe('BAD_USER_INPUT');
  const { data, errors } = await ask('administrator', ERASE, { i: input });
  expect(errors).toEqual([]);
  expect(data.eraseSubject.erasure).toMatchObject({ reason: 'request 17', zones: ['AE'] });
  const erasure = await until(
    async () => {
      const found = await ask(
        'administrator',
        `{ subjectErasure(id: "${data.eraseSubject.erasure.id}") {
        state reason zones keysDestroyed records models { id } } }`,
      );
      return found.data.subjectErasure.state !== 'RUNNING' && found.data.subjectErasure;
    },
    30_000,
    'the erasure ends',
  );
  expect(erasure).toMatchObject({
    state: 'SUCCEEDED',
    reason: 'request 17',
    zones: ['AE'],
    keysDestroyed: 0,
    records: 0,
    models: [],
  });
  const found = await rowsOf(
    processes.dataDirectory,
    `select table_schema || '.' || table_name as name from information_schema.tables
     where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')
       and position($1 in query_to_xml(format('select * from %I.%I', table_schema, table_name), true, false, '')::text) > 0`,
    [subject],
  );
  expect(found).toEqual([]);
  const trail = await rowsOf(
    processes.dataDirectory,
    `select action, outcome from audit.record where subject_id = $1 order by action`,
    [data.eraseSubject.erasure.id],
  );
  expect(trail).toEqual([
    { action: 'completeSubjectErasure', outcome: 'SUCCEEDED' },
    { action: 'eraseInferenceSubject', outcome: 'SUCCEEDED' },
    { action: 'eraseSubject', outcome: 'SUCCEEDED' },
    { action: 'leaveOutSubject', outcome: 'SUCCEEDED' },
  ]);
  const verified = await ask('auditor', '{ verifyAuditLog { intact } }');
  expect(verified.data.verifyAuditLog.intact).toBe(true);
});

it('a log that was changed lets no record go: the archive refuses, keeps everything and puts that on record', async () => {
  const { dataDirectory } = processes;
  const [{ workspace, records }] = (await rowsOf(
    dataDirectory,
    'select workspace_id as workspace, count(*)::int as records from audit.record group by 1 order by 2 desc limit 1',
  )) as [{ workspace: string; records: number }];
  // Whoever owns the database makes everything old, which it is not: no hash holds any more.
  for (const statement of [
    'alter table audit.record disable trigger user',
    'alter table audit.record no force row level security',
    `update audit.record set at = at - interval '30 days'`,
    'alter table audit.record force row level security',
    'alter table audit.record enable trigger user',
  ])
    await rowsOf(dataDirectory, statement);
  const root = join(import.meta.dirname, '..', '..');
  const to = join(directory, 'archive');
  const archive = spawnSync(
    process.execPath,
    [
      'packages/cli/dist/main.js',
      'audit',
      'archive',
      '--workspace',
      workspace,
      '--older-than',
      '7',
      '--to',
      to,
      '--data',
      dataDirectory,
    ],
    { cwd: root, encoding: 'utf8', env: { ...process.env, NODE_ENV: '' } },
  );
  expect(archive.stderr).toMatch(/The export does not verify: CHANGED at 0.*Nothing was deleted/s);
  expect(archive.status).toBe(2);
  const [after] = await rowsOf(
    dataDirectory,
    'select count(*)::int as records from audit.record where workspace_id = $1',
    [workspace],
  );
  expect(after?.records).toBeGreaterThanOrEqual(records);
  const trail = await rowsOf(
    dataDirectory,
    `select outcome, actor_id from audit.record where workspace_id = $1 and action = 'archiveAuditLog'`,
    [workspace],
  );
  expect(trail).toEqual([{ outcome: 'FAILED', actor_id: 'operator' }]);
});
