// Who may ask who read what, what is answered, and that asking is itself on record.
import { createReadLog, type ReadEntry, type ReadLog, sealReads } from '@falaj/audit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestGovernance, type TestGovernance } from '../testing/governance-platform.js';

let governance: TestGovernance;
let readLog: ReadLog;

const entry = (changes: Partial<ReadEntry>): ReadEntry => ({
  workspaceId: 'ws_test',
  readerId: 'pr_amal',
  readerKind: 'USER',
  onBehalfOf: null,
  readerZone: 'AE',
  purpose: 'complaint 12',
  operationHash: 'ab12',
  policyVersion: 3,
  subjectType: 'Run',
  subjectIds: ['run_1'],
  fields: ['evaluation', 'owner'],
  requestId: 'r-1',
  traceId: null,
  ...changes,
});

beforeAll(async () => {
  governance = await openTestGovernance({
    readLog: { append: (entries) => readLog.append(entries) },
  });
  readLog = createReadLog(governance.database);
  await readLog.append([entry({ subjectIds: ['run_1', 'run_2'] })]);
  await readLog.append([entry({ readerId: 'pr_badr', fields: ['owner'], purpose: null, policyVersion: 4 })]);
  await readLog.append([entry({ subjectType: 'Model', subjectIds: ['run_1'] })]);
  await readLog.append([entry({ workspaceId: 'ws_other' })]);
});
afterAll(() => governance?.close());

const LOG = `query ($subject: RecordInput, $filter: DataAccessFilter, $first: Int!, $after: String) {
  dataAccessLog(subject: $subject, filter: $filter, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor }
    edges { node { readerId reader { id } purpose policyVersion subjectType subjectIds fields requestId operationHash } }
  }
}`;
const RUN = { type: 'Run', id: 'run_1' };
const ask = async (variables: object, role = 'auditor') => {
  const { data, errors } = await governance.run(governance.as([role], 'pr_amal'), LOG, { first: 20, ...variables });
  return {
    errors,
    log: data?.dataAccessLog,
    nodes: data?.dataAccessLog?.edges.map((edge: { node: object }) => edge.node),
  };
};

it('answers who read which fields of a record, why and under which policy, newest first', async () => {
  const { errors, nodes } = await ask({ subject: RUN });
  expect(errors?.[0]?.message).toBeUndefined();
  expect(nodes).toMatchObject([
    {
      readerId: 'pr_badr',
      reader: { id: 'pr_badr' },
      purpose: null,
      policyVersion: 4,
      subjectIds: ['run_1'],
      fields: ['owner'],
    },
    {
      readerId: 'pr_amal',
      purpose: 'complaint 12',
      policyVersion: 3,
      subjectIds: ['run_1', 'run_2'],
      fields: ['evaluation', 'owner'],
      operationHash: 'ab12',
    },
  ]);
});

it('restricts by reader, type and time, and goes on after a cursor', async () => {
  expect((await ask({ subject: RUN, filter: { readerId: 'pr_badr', subjectType: 'Run' } })).nodes).toMatchObject([
    { fields: ['owner'] },
  ]);
  expect((await ask({ subject: RUN, filter: { atUntil: '2020-01-01T00:00:00Z' } })).nodes).toEqual([]);
  expect((await ask({ filter: { subjectType: 'Model', atSince: '2020-01-01T00:00:00Z' } })).nodes).toMatchObject([
    { subjectType: 'Model' },
  ]);
  const filter = { readerId: 'pr_badr', subjectType: 'Run' };
  await readLog.append([entry({ readerId: 'pr_badr', requestId: 'r-2' })]);
  const first = await ask({ filter, first: 1 });
  expect(first).toMatchObject({
    nodes: [{ requestId: 'r-2' }],
    log: { totalCount: 2, pageInfo: { hasNextPage: true } },
  });
  const second = await ask({ filter, first: 1, after: first.log.pageInfo.endCursor });
  expect(second).toMatchObject({ nodes: [{ requestId: 'r-1' }], log: { pageInfo: { hasNextPage: false } } });
});

it('is itself on record: who asked for the log of which record', async () => {
  const subject = { type: 'Endpoint', id: 'ep_quiet' };
  expect((await ask({ subject })).nodes).toEqual([]);
  expect((await ask({ subject }, 'administrator')).nodes).toMatchObject([
    { readerId: 'pr_amal', subjectIds: ['ep_quiet'], fields: ['dataAccessLog'], subjectType: 'Endpoint' },
  ]);
});

it.each(['viewer', 'data-scientist', 'approver', 'feature-engineer', 'service'])('refuses a %s', async (role) => {
  const { errors, log } = await ask({ subject: RUN }, role);
  expect(log ?? null).toBeNull();
  expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
});

it('says whether the log is what was sealed', async () => {
  const query = '{ verifyDataAccessLog { intact verified pending brokenSeals unsealed } }';
  const verified = async () => (await governance.run(governance.as(['auditor']), query)).data?.verifyDataAccessLog;
  expect(await verified()).toMatchObject({ intact: true, verified: 0, brokenSeals: [], unsealed: 0 });
  await expect
    .poll(async () => {
      await sealReads(governance.database);
      return verified();
    })
    .toMatchObject({ intact: true, pending: 0 });
  expect((await verified()).verified).toBeGreaterThan(5);
});
