// Records leave the database only after an export of them was found intact; afterwards log and proofs stand as before.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signArchive } from './archives.js';
import {
  type AuditArchival,
  archiveAuditLog,
  auditMigrations,
  consistencyProof,
  exportAuditLog,
  inclusionProof,
  sequenceAudit,
  verifyAuditLog,
  verifyBundle,
} from './index.js';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const scope = { workspaceId: 'w1', zones: ['AE'], principalId: 'p1' };
/** What is written below: of the last batch some records are young. */
const BATCHES = [
  { days: [400, 400, 390], kind: 'old' },
  { days: [300, 299], kind: 'old' },
  { days: [200, 1], kind: 'young among old' },
  { days: [0], kind: 'young' },
];

let test: TestDatabase;
let owner: pg.Client;
let folder = '';
let ids: string[] = [];

const count = async (text: string): Promise<number> => Number((await owner.query(text)).rows[0]?.count);
const within = <T>(work: Parameters<typeof test.database.inWorkspace<T>>[1]) => test.database.inWorkspace(scope, work);
const verified = () => within((tx) => verifyAuditLog(tx, 'w1', publicKey));
const archive = (name: string, olderThanDays = 100): Promise<AuditArchival> =>
  archiveAuditLog(test.database, {
    workspaceId: 'w1',
    olderThanDays,
    folder: join(folder, name),
    privateKey,
    ownerUrl: test.url,
    actorId: 'operator',
  });

/** Other tests on the same server may hold the horizon for a moment. */
async function sequenced(): Promise<void> {
  while (
    (await count('select count(*) from audit.record')) >
    (await count(
      'select count(*) from audit.leaf as l where exists (select from audit.record r where r.record_id = l.record_id)',
    ))
  )
    await sequenceAudit(test.database, privateKey);
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'falaj-archive-'));
  test = await createTestDatabase({ migrations: [auditMigrations] });
  owner = new pg.Client({ connectionString: test.url });
  await owner.connect();
  for (const { days } of BATCHES) {
    await owner.query(
      `insert into audit.record (at, workspace_id, actor_id, actor_kind, action, subject_type, subject_id, outcome, request_id, details)
       select now() - make_interval(days => d), 'w1', 'p1', 'USER', case d when 390 then 'sealReadLog' else 'createThing' end,
         'Thing', 'th_' || n, 'SUCCEEDED', 'r' || n, '{}' from unnest($1::int[]) with ordinality as t (d, n) order by n`,
      [days],
    );
    await sequenced();
  }
  ids = (await owner.query('select record_id from audit.leaf order by seq')).rows.map(({ record_id: id }) => id);
});
afterEach(async () => {
  await owner?.end();
  await test?.close();
  await rm(folder, { recursive: true });
});

describe('archival', () => {
  it('drops whole checkpoints of old records, keeps what other proofs need, and is on record', async () => {
    const before = await within((tx) => inclusionProof(tx, 'w1', ids[1] ?? ''));
    const grown = await within((tx) => consistencyProof(tx, 'w1', 3));
    const { archive: made, dropped } = await archive('first');
    expect(made).toMatchObject({ from: 0, until: 5 });
    expect(dropped).toBe(4);
    expect(
      (await owner.query("select record_id from audit.record where action <> 'archiveAuditLog' order by id")).rows,
    ).toEqual([ids[2], ...ids.slice(5)].map((id) => ({ record_id: id })));
    expect(
      (await owner.query("select actor_id, outcome, details from audit.record where action = 'archiveAuditLog'")).rows,
    ).toEqual([
      {
        actor_id: 'operator',
        outcome: 'SUCCEEDED',
        details: { from: 0, until: 5, olderThanDays: 100, recordsDigest: made?.recordsDigest },
      },
    ]);
    await sequenced();
    expect(await verified()).toMatchObject({ intact: true, verified: 9, archived: 4, faults: [] });
    expect(await within((tx) => inclusionProof(tx, 'w1', ids[1] ?? '', 8))).toEqual(before);
    expect(await within((tx) => consistencyProof(tx, 'w1', 3, 8))).toEqual(grown);
    expect(await verifyBundle(join(folder, 'first'), publicKey)).toMatchObject({
      intact: true,
      verified: 5,
      archived: 0,
    });
    await exportAuditLog(test.database, 'w1', privateKey, join(folder, 'after'));
    expect(await verifyBundle(join(folder, 'after'), publicKey)).toMatchObject({
      intact: true,
      verified: 9,
      archived: 4,
    });
  });

  it('goes on where the last one ended, and does nothing where nothing is old', async () => {
    expect((await archive('first', 350)).archive).toMatchObject({ from: 0, until: 3 });
    expect((await archive('second', 100)).archive).toMatchObject({ from: 3, until: 5 });
    expect(await verifyBundle(join(folder, 'second'), publicKey)).toMatchObject({
      intact: true,
      verified: 5,
      archived: 2,
    });
    expect(await archive('third', 100)).toEqual({ archive: null, dropped: 0 });
    await expect(archive('fourth', 0)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    await sequenced();
    expect(await verified()).toMatchObject({ intact: true, archived: 4 });
  });

  it('deletes nothing where the export does not verify, and says so on record', async () => {
    await owner.query(
      `alter table audit.record disable trigger user;
       update audit.record set subject_id = 'th_9' where record_id = '${ids[3]}';
       alter table audit.record enable trigger user`,
    );
    await expect(archive('first')).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      message: expect.stringContaining('CHANGED at 3'),
    });
    expect(await count('select count(*) from audit.archive')).toBe(0);
    expect(await count('select count(*) from audit.record')).toBe(9);
    expect(
      (await owner.query("select outcome, details from audit.record where action = 'archiveAuditLog'")).rows,
    ).toMatchObject([{ outcome: 'FAILED', details: { from: 0, until: 5, faults: [{ kind: 'CHANGED', seq: 3 }] } }]);
  });

  it('deletes nothing where the export cannot be written', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(archive('file')).rejects.toThrow();
    expect(await count('select count(*) from audit.record')).toBe(8);
  });

  it('cut off before it deleted is finished by the next', async () => {
    await archive('first', 350);
    // What a killed one leaves: archived, and still there.
    const made = signArchive('w1', { from: 3, until: 5, recordsDigest: 'sha256:0' }, privateKey);
    await owner.query(
      'insert into audit.archive (workspace_id, from_seq, until_seq, records_digest, note) values ($1, 3, 5, $2, $3)',
      ['w1', made.recordsDigest, made.note],
    );
    expect(await archive('second')).toEqual({ archive: null, dropped: 2 });
    expect(await verified()).toMatchObject({ intact: true, archived: 4 });
  });
});

describe('who is not the archivist', () => {
  it.each(['falaj_app', 'falaj_system'])('deletes no record as %s, archived or not', async (role) => {
    await archive('first', 350);
    await owner.query(`begin; set local role ${role}`);
    await expect(owner.query('delete from audit.record')).rejects.toThrow(/permission denied/);
    await owner.query('rollback');
    expect(
      await count(
        `select count(*) from (select has_table_privilege('${role}', 'audit.record', 'DELETE') as may) as p where may`,
      ),
    ).toBe(0);
  });

  it('deletes no record that is not archived, even as the owner', async () => {
    await expect(owner.query('delete from audit.record')).rejects.toThrow(/append-only/);
    await archive('first', 350);
    await expect(owner.query(`delete from audit.record where record_id = '${ids[4]}'`)).rejects.toThrow(/append-only/);
    await expect(owner.query(`update audit.record set reason = 'x' where record_id = '${ids[2]}'`)).rejects.toThrow(
      /append-only/,
    );
  });

  it('as owner of the database declares nothing archived: the note is not signed by the key of the log', async () => {
    const stranger = generateKeyPairSync('ed25519').privateKey;
    const { recordsDigest, note } = signArchive('w1', { from: 0, until: 5, recordsDigest: 'sha256:0' }, stranger);
    await owner.query(
      'insert into audit.archive (workspace_id, from_seq, until_seq, records_digest, note) values ($1, 0, 5, $2, $3)',
      ['w1', recordsDigest, note],
    );
    await owner.query(`delete from audit.record where record_id = '${ids[1]}'`);
    expect(await verified()).toMatchObject({ intact: false, faults: [{ kind: 'MISSING', seq: 1, recordId: ids[1] }] });
    await expect(archive('first')).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
    await exportAuditLog(test.database, 'w1', privateKey, join(folder, 'log'));
    expect((await verifyBundle(join(folder, 'log'), publicKey)).faults).toMatchObject([{ kind: 'MISSING', seq: 1 }]);
  });

  it('stretches no signed archive and moves none to another log', async () => {
    await archive('first', 350);
    const { note, records_digest: digest } = (await owner.query('select note, records_digest from audit.archive'))
      .rows[0];
    await owner.query('alter table audit.archive disable trigger user');
    await owner.query('update audit.archive set until_seq = 5');
    await owner.query(`delete from audit.record where record_id = '${ids[4]}'`);
    const { faults } = await verified();
    expect(faults.map(({ seq }) => seq)).toEqual([0, 1, 4]);
    expect([note, digest]).toEqual([expect.stringContaining('falaj/audit-archive/w1\n0\n3\n'), expect.any(String)]);
  });
});
