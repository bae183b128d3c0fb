// The read log on a real database: durable or refused, closed to every other workspace, and proved by its seals.
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import { sql } from 'drizzle-orm';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  auditMigrations,
  createReadLog,
  type ReadEntry,
  sealReads,
  sequenceAudit,
  verifyAuditLog,
  verifyReadLog,
} from './index.js';

const { privateKey } = generateKeyPairSync('ed25519');

let test: TestDatabase;
beforeEach(async () => {
  test = await createTestDatabase({ migrations: [auditMigrations] });
});
afterEach(() => test?.close());

const entry = (changes: Partial<ReadEntry> = {}): ReadEntry => ({
  workspaceId: 'w1',
  readerId: 'pr_amal',
  readerKind: 'USER',
  onBehalfOf: null,
  readerZone: 'AE',
  purpose: null,
  operationHash: null,
  policyVersion: 3,
  subjectType: 'Parcel',
  subjectIds: ['p-1'],
  fields: ['recipient', 'weight'],
  requestId: 'r-1',
  traceId: null,
  ...changes,
});

const inWorkspace = <T>(workspaceId: string, query: string): Promise<T[]> =>
  test.database.inWorkspace({ workspaceId, zones: [], principalId: 'p' }, async (tx) => {
    const { rows } = await tx.execute<Record<string, unknown>>(sql.raw(query));
    return rows as T[];
  });

/** As the owner of the database, who can do anything. */
async function asOwner(...statements: string[]): Promise<void> {
  const owner = new pg.Client({ connectionString: test.url });
  await owner.connect();
  try {
    for (const statement of statements) await owner.query(statement);
  } finally {
    await owner.end();
  }
}

const tampering = (...statements: string[]) =>
  asOwner(
    'alter table audit.read_event disable trigger user',
    'alter table audit.read_event no force row level security',
    ...statements,
    'alter table audit.read_event force row level security',
    'alter table audit.read_event enable trigger user',
  );

describe('appending', () => {
  it('returns once it stands; equal sets of fields stand once, and quotes and backslashes arrive as they are', async () => {
    const log = createReadLog(test.database);
    const odd = ['a"b', 'c\\d', 'e,f', '{}', ''];
    await Promise.all([
      log.append([entry(), entry({ workspaceId: 'w2', subjectIds: odd })]),
      ...Array.from({ length: 50 }, (_, n) => log.append([entry({ subjectIds: [`p-${n}`] })])),
    ]);
    expect(await inWorkspace('w2', 'select subject_ids, fields from audit.data_access')).toEqual([
      { subject_ids: odd, fields: ['recipient', 'weight'] },
    ]);
    expect(await inWorkspace('w1', 'select count(*)::int as n from audit.data_access')).toEqual([{ n: 51 }]);
    expect(await inWorkspace('w1', 'select count(*)::int as n from audit.field_set')).toEqual([{ n: 1 }]);
  });

  it('many ids make several events, each id in exactly one', async () => {
    const ids = Array.from({ length: 2_500 }, (_, n) => `p-${n}`);
    await createReadLog(test.database).append([entry({ subjectIds: ids })]);
    const events = await inWorkspace<{ subject_ids: string[] }>('w1', 'select subject_ids from audit.data_access');
    expect(events.map(({ subject_ids: own }) => own.length).toSorted()).toEqual([1000, 1000, 500].toSorted());
    expect(new Set(events.flatMap(({ subject_ids: own }) => own))).toEqual(new Set(ids));
  });

  it('refuses with AUDIT_UNAVAILABLE where it cannot write, all of the group, and writes again when it can', async () => {
    const log = createReadLog(test.database);
    await asOwner('revoke insert on audit.read_event from falaj_system');
    const answers = await Promise.allSettled([log.append([entry()]), log.append([entry()])]);
    for (const answer of answers)
      expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'AUDIT_UNAVAILABLE' } });
    await asOwner('grant insert on audit.read_event to falaj_system');
    await log.append([entry()]);
    expect(await inWorkspace('w1', 'select fields from audit.data_access')).toEqual([
      { fields: ['recipient', 'weight'] },
    ]);
  });
});

describe('reading', () => {
  it('finds the events of a record, of the own workspace only', async () => {
    const log = createReadLog(test.database);
    await log.append([
      entry(),
      entry({ workspaceId: 'w2' }),
      entry({ subjectIds: ['p-2'] }),
      entry({ subjectType: 'Shelf' }),
    ]);
    const found = `select subject_type, subject_ids from audit.data_access where event_id in (select audit.reads_of('Parcel', 'p-1'))`;
    for (const workspace of ['w1', 'w2'])
      expect(await inWorkspace(workspace, found)).toEqual([{ subject_type: 'Parcel', subject_ids: ['p-1'] }]);
    expect(await inWorkspace('w3', found)).toEqual([]);
    expect(await inWorkspace('w3', 'select * from audit.data_access')).toEqual([]);
  });

  it('nobody of a workspace writes, changes or deletes', async () => {
    await createReadLog(test.database).append([entry()]);
    for (const statement of [
      `insert into audit.read_event (workspace_id, principal_id, principal_kind, policy_version, subject_type, subject_ids, field_set, reader_zone, request_id)
         select workspace_id, 'other', principal_kind, policy_version, subject_type, subject_ids, field_set, reader_zone, request_id from audit.read_event`,
      `update audit.read_event set principal_id = 'other'`,
      'delete from audit.read_event',
      `update audit.field_set set fields = '{label}'`,
    ])
      await expect(inWorkspace('w1', statement)).rejects.toThrow();
    await expect(test.database.asSystem((tx) => tx.execute(sql`delete from audit.read_event`))).rejects.toThrow();
  });
});

describe('seals', () => {
  const verify = (workspaceId = 'w1') =>
    test.database.asSystem((tx) => verifyReadLog(tx, workspaceId, createPublicKey(privateKey)));
  /** Until nothing is pending: another transaction on the same server may hold the horizon for a moment. */
  const sealAll = async () => {
    while ((await verify()).pending + (await verify('w2')).pending > 0) await sealReads(test.database);
  };
  const fill = async () => {
    const log = createReadLog(test.database);
    for (let round = 0; round < 3; round++) {
      await log.append([entry({ subjectIds: [`p-${round}`] }), entry({ workspaceId: 'w2' })]);
      await log.append([entry({ subjectIds: [`q-${round}`] })]);
      await sealAll();
    }
    return log;
  };

  it('cover each event once, in the audit log of its workspace, whatever is read between', async () => {
    const log = await fill();
    expect(await sealReads(test.database)).toBe(0);
    await log.append([entry()]);
    expect(await verify()).toEqual({
      intact: true,
      archivedSeals: 0,
      verified: 6,
      pending: 1,
      brokenSeals: [],
      unsealed: 0,
    });
    expect(await verify('w2')).toEqual({
      intact: true,
      archivedSeals: 0,
      verified: 3,
      pending: 0,
      brokenSeals: [],
      unsealed: 0,
    });
    expect(await verify('w3')).toMatchObject({ intact: true, verified: 0 });
    await sequenceAudit(test.database, privateKey);
    const proof = await test.database.asSystem((tx) => verifyAuditLog(tx, 'w1', privateKey));
    expect(proof).toMatchObject({ intact: true, verified: 3 });
  });

  it.each([
    ['a changed reader', `update audit.read_event set principal_id = 'pr_badr' where subject_ids = '{p-1}'`, 1],
    ['a deleted event', `delete from audit.read_event where subject_ids = '{q-1}'`, 1],
    [
      'an event put in among sealed ones',
      `insert into audit.read_event (id, xid, workspace_id, principal_id, principal_kind, policy_version, subject_type, subject_ids, field_set, reader_zone, request_id)
         overriding system value
         select 0, xid, workspace_id, 'pr_badr', principal_kind, policy_version, subject_type, subject_ids, field_set, reader_zone, request_id
         from audit.read_event where subject_ids = '{q-1}'`,
      1,
    ],
  ])('%s is found', async (_name, statement, broken) => {
    await fill();
    await tampering(statement);
    const found = await verify();
    expect(found.intact).toBe(false);
    expect(found.brokenSeals).toHaveLength(broken);
  });

  it('an event put in before all seals is found', async () => {
    await fill();
    await tampering(
      `insert into audit.read_event (id, xid, workspace_id, principal_id, principal_kind, policy_version, subject_type, subject_ids, field_set, reader_zone, request_id)
         overriding system value
         select 0, '1'::xid8, workspace_id, 'pr_badr', principal_kind, policy_version, subject_type, subject_ids, field_set, reader_zone, request_id
         from audit.read_event where subject_ids = '{q-1}'`,
    );
    expect(await verify()).toMatchObject({ intact: false, brokenSeals: [], unsealed: 1 });
  });
});
