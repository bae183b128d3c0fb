import { setTimeout as sleep } from 'node:timers/promises';
import { assertRowSecurity, clientOf, openDatabase } from '@falaj/database';
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type AuditEntry,
  auditMigrations,
  auditRecordTable,
  leafHash,
  listAudit,
  NO_WORKSPACE,
  recordAudit,
  recordRefusal,
} from './index.js';

let test: TestDatabase;
beforeEach(async () => {
  test = await createTestDatabase({ migrations: [auditMigrations] });
});
afterEach(() => test.close());

const scopeOf = (workspaceId: string) => ({ workspaceId, zones: ['AE'], principalId: 'p1' });
const entryOf = (workspaceId: string, change: Partial<AuditEntry> = {}): AuditEntry => ({
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
  details: { zone: 'AE', rows: 2 },
  ...change,
});
const record = (workspaceId: string, change?: Partial<AuditEntry>) =>
  test.database.inWorkspace(scopeOf(workspaceId), (tx) => recordAudit(tx, entryOf(workspaceId, change)));
const listed = async (workspaceId: string, options: Partial<Parameters<typeof listAudit>[1]> = {}) =>
  test.database.inWorkspace(scopeOf(workspaceId), (tx) => listAudit(tx, { limit: 100, ...options }));

describe('recordAudit', () => {
  it('keeps every field', async () => {
    await record('w1', { onBehalfOf: 'p9', outcome: 'FAILED', reason: 'INTERNAL', traceId: 't1' });
    const { records } = await listed('w1');
    expect(records).toEqual([
      {
        ...entryOf('w1', { onBehalfOf: 'p9', outcome: 'FAILED', reason: 'INTERNAL', traceId: 't1' }),
        id: expect.stringMatching(/^aud_[0-9a-f]{32}$/),
        at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
        position: expect.stringMatching(/^\d+\.\d+$/),
      },
    ]);
  });

  it('shares the fate of the change: rolled back with it', async () => {
    const failed = test.database.inWorkspace(scopeOf('w1'), async (tx) => {
      await recordAudit(tx, entryOf('w1'));
      throw new Error('the change failed');
    });
    await expect(failed).rejects.toThrow('the change failed');
    expect((await listed('w1')).records).toEqual([]);
  });

  it('takes the change down with it when it cannot be written', async () => {
    await test.database.asSystem((tx) =>
      tx.execute(sql`insert into falaj.outbox_cursor (consumer, xid, id) values ('before', '1', 1)`),
    );
    const failed = test.database.asSystem(async (tx) => {
      await tx.execute(sql`insert into falaj.outbox_cursor (consumer, xid, id) values ('change', '1', 1)`);
      await recordAudit(tx, entryOf('w1', { outcome: 'MAYBE' as 'FAILED' }));
    });
    await expect(failed).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    const { rows } = await test.database.asSystem((tx) =>
      tx.execute<{ consumer: string }>(sql`select consumer from falaj.outbox_cursor`),
    );
    expect(rows).toEqual([{ consumer: 'before' }]);
  });

  it('writes no record of another workspace', async () => {
    const failed = test.database.inWorkspace(scopeOf('w1'), (tx) => recordAudit(tx, entryOf('w2')));
    await expect(failed).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('can be neither changed nor deleted, by nobody, not even the owner of the table', async () => {
    await record('w1');
    for (const statement of [
      'update audit.record set actor_id = $$mallory$$',
      'delete from audit.record',
      'truncate audit.record',
    ]) {
      for (const asRole of ['app', 'system', 'owner']) {
        const attempt = test.database.asSystem(async (tx) => {
          if (asRole === 'owner') await clientOf(tx).query('reset role');
          if (asRole === 'app') await clientOf(tx).query('set local role falaj_app');
          await clientOf(tx).query(statement);
        });
        await expect(attempt, `${statement} as ${asRole}`).rejects.toMatchObject({
          code: expect.stringMatching(/FORBIDDEN|PRECONDITION_FAILED/),
        });
      }
    }
    expect((await listed('w1')).records).toHaveLength(1);
  });

  it('stands behind row-level security', async () => {
    await record('w1');
    expect((await listed('w2')).records).toEqual([]);
    await assertRowSecurity(test.database);
  });
});

describe('recordRefusal', () => {
  it('is kept although the refused change was rolled back', async () => {
    await recordRefusal(test.database, scopeOf('w1'), entryOf('w1', { outcome: 'REFUSED', reason: 'FORBIDDEN' }));
    expect((await listed('w1')).records).toMatchObject([{ outcome: 'REFUSED', reason: 'FORBIDDEN' }]);
  });

  it('files a caller without a workspace under none', async () => {
    await recordRefusal(test.database, scopeOf(''), entryOf('', { outcome: 'REFUSED', actorKind: 'ANONYMOUS' }));
    expect((await listed(NO_WORKSPACE)).records).toMatchObject([{ workspaceId: NO_WORKSPACE }]);
  });

  it('throws when it cannot be written', async () => {
    const down = await openDatabase({ url: test.url });
    await down.close();
    await expect(recordRefusal(down, scopeOf('w1'), entryOf('w1'))).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
    });
  });
});

describe('listAudit', () => {
  it('filters by every member', async () => {
    await record('w1');
    await record('w1', {
      subjectType: 'Model',
      subjectId: 'mod_1',
      action: 'createModel',
      actorId: 'p2',
      outcome: 'FAILED',
    });
    for (const filter of [
      { subjectType: 'Model' },
      { subjectId: 'mod_1' },
      { action: 'createModel' },
      { actorId: 'p2' },
      { outcome: 'FAILED' as const },
    ])
      expect((await listed('w1', { filter })).records.map((row) => row.subjectId)).toEqual(['mod_1']);
    const boundary = new Date();
    expect((await listed('w1', { filter: { since: new Date(boundary.getTime() + 60_000) } })).records).toEqual([]);
    expect((await listed('w1', { filter: { until: new Date(boundary.getTime() + 60_000) } })).records).toHaveLength(2);
  });

  it('pages without gap or repeat, and lists all workspaces to the system', async () => {
    for (let i = 0; i < 7; i++) await record(i % 2 === 0 ? 'w1' : 'w2', { subjectId: `s${i}` });
    const seen: (string | null)[] = [];
    let after: string | undefined;
    do {
      const page = await test.database.asSystem((tx) => listAudit(tx, { limit: 2, ...(after && { after }) }));
      seen.push(...page.records.map((row) => row.subjectId));
      after = page.next ?? undefined;
    } while (after);
    expect(seen).toEqual(['s0', 's1', 's2', 's3', 's4', 's5', 's6']);
  });

  it.each([0, -1, 1.5, 5_001, Number.NaN])('refuses the limit %s', async (limit) => {
    await expect(listed('w1', { limit })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it.each(['', 'x', '1', "0.0' or true", '1.2.3'])('refuses the cursor %j', async (after) => {
    await expect(listed('w1', { after })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('holds back what an older open transaction could still overtake, and loses nothing to 12 racing writers', async () => {
    const wide = await openDatabase({ url: test.url, maxConnections: 14 });
    const seen = new Set<string>();
    let after = '0.0';
    let writing = true;
    const follow = async () => {
      const page = await wide.asSystem((tx) => listAudit(tx, { after, limit: 50 }));
      for (const row of page.records) {
        expect(seen.has(row.subjectId ?? ''), 'each record once').toBe(false);
        seen.add(row.subjectId ?? '');
      }
      after = page.records.at(-1)?.position ?? after;
      return page.records.length;
    };
    const reader = (async () => {
      while (writing) {
        await follow();
        await sleep(1);
      }
    })();
    const written: string[] = [];
    await Promise.all(
      Array.from({ length: 12 }, async (_, writer) => {
        for (let i = 0; i < 20; i++) {
          const subjectId = `${writer}-${i}`;
          await wide.inWorkspace(scopeOf('w1'), async (tx) => {
            if ((writer + i) % 2 === 0) {
              // The place in the order is taken here, the row comes later.
              await tx.execute(sql`select pg_current_xact_id()`);
              await sleep((writer * 7 + i * 3) % 6);
            }
            await recordAudit(tx, entryOf('w1', { subjectId }));
            await sleep((writer * 5 + i) % 7);
          });
          written.push(subjectId);
        }
      }),
    );
    writing = false;
    await reader;
    while ((await follow()) > 0);
    expect([...seen].sort()).toEqual(written.sort());
    await wide.close();
  });
});

it('gives the same leaf from the log as from the values, and another for any change', async () => {
  await record('w1', { details: { b: [1, 2.5, { z: null }], a: 'é', large: 1e21 } });
  const { records } = await listed('w1');
  const [row] = records;
  if (!row) throw new Error('a record is expected');
  const again = (await listed('w1')).records[0];
  expect(again && leafHash(again).equals(leafHash(row))).toBe(true);
  expect(leafHash({ ...row, details: { large: 1e21, a: 'é', b: [1, 2.5, { z: null }] } }).equals(leafHash(row))).toBe(
    true,
  );
  for (const change of [
    { actorId: 'mallory' },
    { at: `${row.at}0` },
    { position: '1.1' },
    { reason: 'x' },
    { details: {} },
  ])
    expect(leafHash({ ...row, ...change }).equals(leafHash(row))).toBe(false);
});

it('is readable through its drizzle table', async () => {
  await record('w1');
  const rows = await test.database.inWorkspace(scopeOf('w1'), (tx) => tx.select().from(auditRecordTable));
  expect(rows).toMatchObject([
    { action: 'createEndpoint', at: expect.any(Date), details: { rows: 2 }, policyVersion: 3 },
  ]);
});
