// Letting old read events go: only what was sealed and exported as it was sealed, and the rest still verifies.
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  applyRetention,
  archiveReadLog,
  auditMigrations,
  createReadLog,
  sealReads,
  sequenceAudit,
  setRetentionPolicy,
  verifyAuditLog,
  verifyReadLog,
} from './index.js';

const { privateKey } = generateKeyPairSync('ed25519');
const publicKey = createPublicKey(privateKey);
let test: TestDatabase;
let owner: pg.Client;
let folder = '';

const rows = async <T>(text: string): Promise<T[]> => (await owner.query(text)).rows as T[];
const standing = async () => (await rows<{ n: number }>('select count(*)::int as n from audit.read_event'))[0]?.n;
const verified = () => test.database.asSystem((tx) => verifyReadLog(tx, 'w1', publicKey));
const archive = (name: string, olderThanDays = 100) =>
  archiveReadLog(test.database, {
    workspaceId: 'w1',
    olderThanDays,
    folder: join(folder, name),
    privateKey,
    ownerUrl: test.url,
    actorId: 'operator',
  });
const changed = async (...statements: string[]): Promise<void> => {
  for (const table of ['audit.read_event', 'audit.record'])
    await owner.query(`alter table ${table} disable trigger user; alter table ${table} no force row level security`);
  for (const statement of statements) await owner.query(statement);
  for (const table of ['audit.read_event', 'audit.record'])
    await owner.query(`alter table ${table} enable trigger user; alter table ${table} force row level security`);
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'falaj-reads-'));
  test = await createTestDatabase({ migrations: [auditMigrations] });
  owner = new pg.Client({ connectionString: test.url });
  await owner.connect();
  const log = createReadLog(test.database);
  // Four seals, of 400, 300, 200 and 0 days ago; what others read stands between.
  for (const days of [400, 300, 200, 0]) {
    for (const workspaceId of ['w1', 'w2', 'w1'])
      await log.append([
        {
          workspaceId,
          readerId: 'p1',
          readerKind: 'USER',
          onBehalfOf: null,
          readerZone: 'AE',
          purpose: 'ضيف "\\',
          operationHash: null,
          policyVersion: 3,
          subjectType: 'Parcel',
          subjectIds: [`p-${days}`],
          fields: ['weight'],
          requestId: 'r',
          traceId: null,
        },
      ]);
    // Others on the server may hold the horizon for a moment.
    for (let sealed = 0; sealed < 3; ) sealed += await sealReads(test.database);
    await changed(
      `update audit.record set at = now() - interval '${days} days' where action = 'sealReadLog' and at > now() - interval '1 hour'`,
    );
  }
}, 60_000);
afterEach(async () => {
  await owner?.end();
  await test?.close();
  await rm(folder, { recursive: true });
});

it('exports what is old enough, drops that alone, and the rest and the seals still verify', async () => {
  const { archive: made, dropped } = await archive('first', 250);
  expect([made?.events, dropped, await standing()]).toEqual([4, 4, 8]);
  expect(await verified()).toMatchObject({ intact: true, verified: 4, archivedSeals: 2, unsealed: 0 });
  expect((await readdir(join(folder, 'first'))).sort()).toEqual(['reads.jsonl', 'seals.json']);
  const lines = (await readFile(join(folder, 'first', 'reads.jsonl'), 'utf8')).trim().split('\n');
  expect(lines.map((line) => JSON.parse(line).subjectIds[0])).toEqual(['p-400', 'p-400', 'p-300', 'p-300']);

  expect(await archive('none', 250)).toEqual({ archive: null, dropped: 0 });
  expect((await archive('second', 150)).dropped).toBe(2);
  expect(await verified()).toMatchObject({ intact: true, verified: 2, archivedSeals: 3, unsealed: 0 });
  const trail = await rows(
    `select outcome, details ->> 'events' as events from audit.record where action = 'archiveReadLog' order by id`,
  );
  expect(trail).toEqual([
    { outcome: 'SUCCEEDED', events: '4' },
    { outcome: 'SUCCEEDED', events: '2' },
  ]);
});

it('drops nothing where an event was changed, taken out or put in, and puts that on record', async () => {
  const attacks = [
    `update audit.read_event set principal_id = 'somebody else' where id = (select min(id) from audit.read_event where workspace_id = 'w1')`,
    `delete from audit.read_event where id = (select min(id) from audit.read_event where workspace_id = 'w1')`,
  ];
  for (const [place, attack] of attacks.entries()) {
    await changed(attack);
    const before = await standing();
    await expect(archive(`attack-${place}`)).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      message: expect.stringMatching(/Nothing was deleted/),
    });
    expect(await standing()).toBe(before);
  }
  const trail = await rows(`select distinct outcome from audit.record where action = 'archiveReadLog'`);
  expect(trail).toEqual([{ outcome: 'FAILED' }]);
});

it('no role may delete an event, and an archive that the key did not sign declares nothing archived', async () => {
  const remove = 'delete from audit.read_event';
  await expect(owner.query(remove)).rejects.toThrow(/append-only/);
  await owner.query('begin; set local role falaj_system');
  await expect(owner.query(remove)).rejects.toThrow(/permission denied/);
  await owner.query('rollback');
  // Who owns the database alone says that all is archived, and deletes it.
  await changed(
    `insert into audit.read_archive select 'w1', '0.0', xid, id, 8, 'sha256:00', 'forged' from audit.read_event order by xid desc, id desc limit 1`,
    `delete from audit.read_event where workspace_id = 'w1'`,
  );
  const found = await verified();
  expect(found).toMatchObject({ intact: false, archivedSeals: 0 });
  expect(found.brokenSeals).toHaveLength(4);
});

it('a stored policy is applied to each workspace, and one that was tampered with hinders no other', async () => {
  await test.database.asSystem(async (tx) => {
    for (const workspaceId of ['w1', 'w2'])
      await setRetentionPolicy(tx, workspaceId, { recordDays: 5_000, readDays: 100, setBy: 'p1' });
  });
  await changed(
    `update audit.read_event set purpose = 'another' where workspace_id = 'w1' and subject_ids = '{p-300}'`,
  );
  const retention = { folder, privateKey, ownerUrl: test.url };
  expect(await applyRetention(test.database, retention)).toBe(3);
  expect(await rows(`select workspace_id, count(*)::int as n from audit.read_event group by 1 order by 1`)).toEqual([
    { workspace_id: 'w1', n: 8 },
    { workspace_id: 'w2', n: 1 },
  ]);
  await sequenceAudit(test.database, privateKey);
  const log = await test.database.asSystem((tx) => verifyAuditLog(tx, 'w2', publicKey));
  expect(log.faults.filter(({ kind }) => kind === 'MISSING')).toEqual([]);
});
