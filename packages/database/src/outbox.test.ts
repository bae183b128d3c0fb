import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { clientOf, type OutboxEvent, openDatabase, pruneEvents, publishEvent, readEvents } from './index.js';
import { createTestDatabase, type TestDatabase } from './testing.js';

let test: TestDatabase;
beforeEach(async () => {
  test = await createTestDatabase();
});
afterEach(() => test.close());

const scope = { workspaceId: 'w1', zones: ['AE'], principalId: 'p1' };
const publish = (key: string) =>
  test.database.inWorkspace(scope, (tx) => publishEvent(tx, { topic: 't', key, payload: { key } }));

it('loses nothing under 16 writers of random speed, where a cursor on id alone does', async () => {
  const wide = await openDatabase({ url: test.url, maxConnections: 20 });
  const heard: string[] = [];
  const reader = await readEvents(wide, 'sink', async (event) => void heard.push(event.key), { batch: 7 });
  const byId = new Set<string>();
  let last = 0;
  let writing = true;
  const naive = (async () => {
    while (writing) {
      const rows = await wide.asSystem(
        async (tx) =>
          (await clientOf(tx).query('select id, key from falaj.outbox where id > $1 order by id', [last])).rows,
      );
      for (const row of rows) byId.add(row.key);
      last = rows.at(-1)?.id ?? last;
      await sleep(1);
    }
  })();
  const written: string[] = [];
  const writer = async (name: number) => {
    for (let i = 0; i < 25; i++) {
      const key = `${name}-${i}`;
      const doomed = i % 10 === 9;
      const work = wide.inWorkspace(scope, async (tx) => {
        if (Math.random() < 0.5) {
          await tx.execute(sql`select pg_current_xact_id()`);
          await sleep(Math.random() * 6);
        }
        await publishEvent(tx, { topic: 't', key, payload: null });
        await sleep(Math.random() * 8);
        if (doomed) throw new Error('roll back');
      });
      if (doomed) await expect(work).rejects.toThrow('roll back');
      else {
        await work;
        written.push(key);
      }
    }
  };
  await Promise.all(Array.from({ length: 16 }, (_, name) => writer(name)));
  await expect.poll(() => heard.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(written.length);
  expect(heard.toSorted()).toEqual(written.toSorted());
  writing = false;
  await naive;
  expect(byId.size).toBeLessThan(written.length);
  await reader.stop();
  await wide.close();
});

it('orders transactions by number, not by the text of their number', async () => {
  await test.database.asSystem((tx) =>
    clientOf(tx).query(`insert into falaj.outbox (xid, topic, key, payload)
      select x::text::xid8, 't', x::text, 'null' from unnest(array[100, 9, 101, 10, 99, 11]) x`),
  );
  const heard: string[] = [];
  const reader = await readEvents(test.database, 'c', async ({ key }) => void heard.push(key), { batch: 2 });
  await expect.poll(() => heard).toEqual(['9', '10', '11', '99', '100', '101']);
  await reader.stop();
});

it('gives a failing event again, in order, and skips nothing', async () => {
  const calls: string[] = [];
  let refuse = 2;
  for (const key of ['a', 'b', 'c']) await publish(key);
  const reader = await readEvents(test.database, 'c', async ({ key }) => {
    calls.push(key);
    if (key === 'b' && refuse-- > 0) throw new Error('not yet');
  });
  await expect.poll(() => calls, { timeout: 10_000 }).toEqual(['a', 'b', 'b', 'b', 'c']);
  await reader.stop();
});

it('goes on where it stopped, and one reader per consumer is active', async () => {
  const first: OutboxEvent[] = [];
  const second: OutboxEvent[] = [];
  await publish('a');
  const one = await readEvents(test.database, 'c', async (event) => void first.push(event));
  await expect.poll(() => first.length).toBe(1);
  const two = await readEvents(test.database, 'c', async (event) => void second.push(event));
  await publish('b');
  await expect.poll(() => first.length).toBe(2);
  await one.stop();
  await publish('c');
  await expect.poll(() => second.map(({ key }) => key), { timeout: 10_000 }).toEqual(['c']);
  await two.stop();
  expect(first[0]).toMatchObject({ workspaceId: 'w1', topic: 't', key: 'a', payload: { key: 'a' } });
  expect(await test.database.asSystem((tx) => pruneEvents(tx, 0))).toBe(3);
});

it('reads on after its connections were cut', async () => {
  const heard: string[] = [];
  const reader = await readEvents(test.database, 'c', async ({ key }) => void heard.push(key));
  await publish('a');
  await expect.poll(() => heard).toEqual(['a']);
  await test.database.asSystem((tx) =>
    clientOf(tx).query(`reset role; select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`),
  );
  await publish('b');
  await expect.poll(() => heard, { timeout: 10_000 }).toEqual(['a', 'b']);
  await reader.stop();
});

it('shows a workspace its own events only', async () => {
  await publish('a');
  await test.database.asSystem((tx) => publishEvent(tx, { topic: 't', key: 'platform', payload: null }));
  const keys = (workspaceId: string) =>
    test.database.inWorkspace({ ...scope, workspaceId }, async (tx) =>
      (await clientOf(tx).query('select key from falaj.outbox')).rows.map(({ key }) => key),
    );
  expect(await keys('w1')).toEqual(['a']);
  expect(await keys('w2')).toEqual([]);
});
