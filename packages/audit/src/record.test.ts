import { createTestDatabase } from '@falaj/database/testing';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AuditEntry, auditMigrations, recordAudit, recordRefusal } from './index.js';

const scope = { workspaceId: 'ws_1', zones: ['AE'], principalId: 'pr_1' };
const entry: AuditEntry = {
  workspaceId: 'ws_1',
  actorId: 'pr_1',
  actorKind: 'USER',
  action: 'createEndpoint',
  subjectType: 'Endpoint',
  subjectId: 'ep_1',
  outcome: 'SUCCEEDED',
  reason: null,
  requestId: 'r1',
  traceId: null,
  policyVersion: 1,
  details: { name: 'x' },
};
let test: Awaited<ReturnType<typeof createTestDatabase>>;
beforeAll(async () => {
  test = await createTestDatabase({ migrations: [auditMigrations] });
});
afterAll(() => test.close());

const count = async () =>
  Number(
    (
      await test.database.inWorkspace(scope, (tx) =>
        tx.execute<{ n: number }>(sql`select count(*)::int as n from audit.record`),
      )
    ).rows[0]?.n,
  );

it('a record lives and dies with its transaction', async () => {
  await expect(
    test.database.inWorkspace(scope, async (tx) => {
      await recordAudit(tx, entry);
      throw new Error('the mutation failed');
    }),
  ).rejects.toThrow();
  expect(await count()).toBe(0);
  await test.database.inWorkspace(scope, (tx) => recordAudit(tx, entry));
  expect(await count()).toBe(1);
});

it('a refusal is recorded although the mutation left nothing', async () => {
  const before = await count();
  await recordRefusal(test.database, scope, { ...entry, outcome: 'REFUSED', reason: 'FORBIDDEN' });
  expect(await count()).toBe(before + 1);
});

it('nobody changes or removes a record, not even the system', async () => {
  for (const statement of [sql`update audit.record set action = 'x'`, sql`delete from audit.record`]) {
    await expect(test.database.inWorkspace(scope, (tx) => tx.execute(statement))).rejects.toThrow();
    await expect(test.database.asSystem((tx) => tx.execute(statement))).rejects.toThrow();
  }
});

it('another workspace neither sees nor forges records', async () => {
  const other = { ...scope, workspaceId: 'ws_2' };
  const seen = await test.database.inWorkspace(other, (tx) => tx.execute(sql`select 1 from audit.record`));
  expect(seen.rows).toHaveLength(0);
  await expect(test.database.inWorkspace(other, (tx) => recordAudit(tx, entry))).rejects.toThrow();
});
