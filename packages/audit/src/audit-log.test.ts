// The log against an independent tree, and against everything that somebody with the database could do to it.
import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import { sql } from 'drizzle-orm';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type AuditEntry,
  auditMigrations,
  checkpointHolds,
  EMPTY_ROOT,
  leafHash,
  listAudit,
  MerkleFrontier,
  nodeHash,
  recordAudit,
  sequenceAudit,
  verifyAuditLog,
} from './index.js';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');

/** RFC 6962 section 2.1 as it is written: split at the largest power of two below the size. */
function rootOf(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return EMPTY_ROOT;
  if (leaves.length === 1) return leaves[0] as Buffer;
  const k = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return nodeHash(rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k)));
}

it('the frontier gives the root of the definition at every size, kept and read again in between', () => {
  const leaves: Buffer[] = [];
  let frontier = new MerkleFrontier();
  expect(frontier.root()).toEqual(EMPTY_ROOT);
  for (let n = 0; n < 130; n++) {
    const leaf = leafHash({ n });
    leaves.push(leaf);
    frontier.append(leaf);
    expect(frontier.root()).toEqual(rootOf(leaves));
    if (n % 7 === 0) frontier = MerkleFrontier.parse(frontier.size, frontier.serialise());
  }
});

describe('the log', () => {
  let test: TestDatabase;
  let owner: pg.Client;
  beforeEach(async () => {
    test = await createTestDatabase({ migrations: [auditMigrations] });
    owner = new pg.Client({ connectionString: test.url });
    await owner.connect();
  });
  afterEach(async () => {
    await owner.end();
    await test.close();
  });

  const record = (workspaceId: string, change: Partial<AuditEntry> = {}) =>
    test.database.inWorkspace({ workspaceId, zones: ['AE'], principalId: 'p1' }, (tx) =>
      recordAudit(tx, {
        workspaceId,
        actorId: 'p1',
        actorKind: 'USER',
        action: 'createEndpoint',
        subjectType: 'Endpoint',
        subjectId: 'ep_1',
        outcome: 'SUCCEEDED',
        reason: null,
        requestId: 'r1',
        traceId: null,
        policyVersion: 3,
        details: { zone: 'AE', rows: 2, text: 'naïve — ١' },
        ...change,
      }),
    );
  const verified = (workspaceId = 'w1') =>
    test.database.inWorkspace({ workspaceId, zones: ['AE'], principalId: 'p1' }, (tx) =>
      verifyAuditLog(tx, workspaceId, publicKey),
    );
  /** Until nothing is pending: other tests on the same server may hold the horizon for a moment. */
  const sequenceAll = async (): Promise<number> => {
    let count = 0;
    for (;;) {
      count += await sequenceAudit(test.database, privateKey);
      const { rows } = await test.database.asSystem((tx) =>
        tx.execute<{ n: number }>(sql`select count(*)::int as n from audit.record r
          where not exists (select from audit.leaf l where l.record_id = r.record_id)
            and (r.xid, r.id) > (select xid, record from audit.log_cursor)`),
      );
      if (rows[0]?.n === 0) return count;
      await sleep(10);
    }
  };
  /** As somebody who owns the database and switches its triggers off. */
  const tamper = async (statement: string) => {
    await owner.query('alter table audit.record disable trigger user; alter table audit.leaf disable trigger user');
    await owner.query('set row_security = off').catch(() => {});
    await owner.query(statement);
  };
  const fill = async (count: number) => {
    for (let n = 0; n < count; n++) await record(n % 3 === 2 ? 'w2' : 'w1', { requestId: `r${n}` });
  };

  it('holds every committed record once, in order, and each workspace sees its own', async () => {
    await fill(20);
    expect(await verified()).toMatchObject({ verified: 0, pending: 14, intact: true, checkpoint: null });
    expect(await sequenceAll()).toBe(20);
    await fill(5);
    expect(await sequenceAll()).toBe(5);
    expect(await sequenceAudit(test.database, privateKey)).toBe(0);
    const state = await verified();
    expect(state).toMatchObject({ intact: true, verified: 18, pending: 0, faults: [], checkpointHolds: true });
    const records = await test.database.inWorkspace(
      { workspaceId: 'w1', zones: ['AE'], principalId: 'p1' },
      async (tx) => (await listAudit(tx, { limit: 100 })).records,
    );
    expect(state.root).toBe(rootOf(records.map(leafHash)).toString('hex'));
    expect(state.checkpoint).toMatch(/^falaj\/audit\/w1\n18\n[\w+/=]{44}\n\n— falaj [\w+/=]+\n$/);
    expect(await verified('w2')).toMatchObject({ intact: true, verified: 7 });
  });

  it('two processes at once append every record once', async () => {
    await fill(300);
    const counts = await Promise.all(Array.from({ length: 6 }, () => sequenceAudit(test.database, privateKey)));
    expect(counts.reduce((sum, count) => sum + count, 0) + (await sequenceAll())).toBe(300);
    expect(await verified()).toMatchObject({ intact: true, verified: 200 });
  });

  it('is intact at every moment while it grows', async () => {
    let done = false;
    const growing = (async () => {
      for (let n = 0; n < 60; n++) {
        await record('w1', { requestId: `r${n}` });
        await sequenceAudit(test.database, privateKey);
      }
      done = true;
    })();
    while (!done) expect(await verified()).toMatchObject({ intact: true, faults: [] });
    await growing;
    await sequenceAll();
    expect(await verified()).toMatchObject({ intact: true, verified: 60, pending: 0 });
  });

  it('a record of a transaction that is still open is waited for', async () => {
    let finish = () => {};
    const gate = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let begun = () => {};
    const started = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const slow = test.database.inWorkspace({ workspaceId: 'w1', zones: [], principalId: 'p1' }, async (tx) => {
      await tx.execute(sql`select pg_current_xact_id()`);
      begun();
      await gate;
    });
    await started;
    await record('w1');
    expect(await sequenceAudit(test.database, privateKey)).toBe(0);
    finish();
    await slow;
    expect(await sequenceAll()).toBe(1);
  });

  it.each([
    [
      'one changed byte',
      `update audit.record set details = jsonb_set(details, '{rows}', '3') where request_id = 'r4'`,
      'CHANGED',
      3,
    ],
    ['another actor', `update audit.record set actor_id = 'mallory' where request_id = 'r0'`, 'CHANGED', 0],
    ['a record taken out', `delete from audit.record where request_id = 'r6'`, 'MISSING', 4],
  ])('names %s', async (_, statement, kind, seq) => {
    await fill(12);
    await sequenceAll();
    await tamper(statement);
    const state = await verified();
    expect(state).toMatchObject({ intact: false, faults: [{ kind, seq }] });
  });

  it('names a record put in behind its back', async () => {
    await fill(6);
    await sequenceAll();
    await tamper(`insert into audit.record (xid, workspace_id, actor_id, actor_kind, action, subject_type, outcome, request_id, policy_version, details)
      select xid, workspace_id, 'mallory', actor_kind, action, subject_type, outcome, 'forged', policy_version, details
      from audit.record where request_id = 'r0'`);
    await record('w1');
    await sequenceAll();
    expect((await verified()).faults).toMatchObject([{ kind: 'INSERTED', seq: null }]);
  });

  it('a leaf changed along with its record no longer fits what was signed', async () => {
    await fill(6);
    await sequenceAll();
    await tamper(`update audit.record set actor_id = 'mallory' where request_id = 'r1'`);
    const [changed] = await test.database.asSystem(async (tx) =>
      (await listAudit(tx, { limit: 10 })).records.filter(({ requestId }) => requestId === 'r1'),
    );
    await tamper(
      `update audit.leaf set hash = '\\x${leafHash(changed as object).toString('hex')}' where record_id = '${changed?.id}'`,
    );
    expect(await verified()).toMatchObject({ intact: false, faults: [], checkpointHolds: false });
  });

  it('believes no other signer, log or size', async () => {
    await fill(3);
    await sequenceAll();
    const { checkpoint, root } = await verified();
    const said = { workspaceId: 'w1', size: 2n, root: Buffer.from(root, 'hex') };
    const note = checkpoint ?? '';
    expect(checkpointHolds(note, said, publicKey)).toBe(true);
    expect(checkpointHolds(note, { ...said, workspaceId: 'w2' }, publicKey)).toBe(false);
    expect(checkpointHolds(note, { ...said, size: 3n }, publicKey)).toBe(false);
    expect(checkpointHolds(note, { ...said, root: EMPTY_ROOT }, publicKey)).toBe(false);
    expect(checkpointHolds(note, said, generateKeyPairSync('ed25519').publicKey)).toBe(false);
    expect(checkpointHolds('', said, publicKey)).toBe(false);
  });

  it('no workspace appends to the log or signs it', async () => {
    for (const statement of [
      `insert into audit.leaf values ('w1', 0, 'aud_1', decode(repeat('00', 32), 'hex'))`,
      `insert into audit.checkpoint (workspace_id, size, root, note) values ('w1', 1, decode(repeat('00', 32), 'hex'), '')`,
      `update audit.log_cursor set record = 0`,
      `update audit.log_head set size = 0`,
    ]) {
      const attempt = test.database.inWorkspace({ workspaceId: 'w1', zones: [], principalId: 'p1' }, (tx) =>
        tx.execute(sql.raw(statement)),
      );
      await expect(attempt, statement).rejects.toThrow();
    }
  });
});
