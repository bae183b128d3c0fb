import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger, gauge, underTraceparent } from '@falaj/runtime';
import pg from 'pg';
import type { Database } from './database.js';
import { OUTBOX_CHANNEL } from './outbox.js';
import { typeParsers } from './transaction.js';

const log = createLogger('outbox');
const lag = gauge('falaj_outbox_lag_seconds', 'Age of the event a consumer handles next; 0 when it is up to date.', [
  'consumer',
]);

export interface OutboxEvent {
  /** Grows in reading order; opaque. The same event has the same position at a redelivery. */
  readonly position: string;
  /** Undefined for an event of the platform itself. */
  readonly workspaceId: string | undefined;
  readonly topic: string;
  readonly key: string;
  readonly payload: unknown;
  readonly at: Date;
}

export interface ReadEventsOptions {
  /** Only these topics; default all. */
  readonly topics?: readonly string[];
  /** Where a consumer without a saved cursor begins; default `beginning`. */
  readonly from?: 'beginning' | 'now';
  /** Events read at once, and at most redelivered after a crash; default 100. */
  readonly batch?: number;
  /** Milliseconds between looks when no notice arrives; default 1000. */
  readonly pollMs?: number;
}

interface Row {
  xid: string;
  id: string;
  workspace_id: string | null;
  topic: string;
  key: string;
  payload: unknown;
  traceparent: string | null;
  at: Date;
}

interface Cursor {
  xid: string;
  id: string;
}

const LONGEST_RETRY_MS = 30_000;
const RECONNECT_MS = 500;

/**
 * Hands every committed event to `handler`, one at a time, in commit-safe order, at least once. One reader per consumer
 * name is active in the whole installation; others stand by. A handler that throws gets the same event again, later
 * and later: nothing is skipped. Needs a session of its own, so no pooler in transaction mode in between.
 */
export async function readEvents(
  database: Pick<Database, 'url' | 'listen'>,
  consumer: string,
  handler: (event: OutboxEvent) => Promise<void>,
  options: ReadEventsOptions = {},
): Promise<{ stop(): Promise<void> }> {
  const stopping = new AbortController();
  const bell = createBell();
  const pollMs = options.pollMs ?? 1_000;
  const unlisten = await database.listen(OUTBOX_CHANNEL, bell.ring);
  stopping.signal.addEventListener('abort', bell.ring);

  const run = async () => {
    while (!stopping.signal.aborted) {
      const session = new pg.Client({
        connectionString: database.url,
        application_name: `falaj events ${consumer}`,
        connectionTimeoutMillis: 10_000,
        types: typeParsers,
        keepAlive: true,
      });
      session.on('error', () => undefined);
      try {
        await session.connect();
        await session.query('set role falaj_system');
        await takeTurn(session);
      } catch (error) {
        log.warn('the connection that reads events broke', { consumer, reason: String(error) });
        await pause(RECONNECT_MS);
      } finally {
        await session.end().catch(() => undefined);
      }
    }
  };

  /** The lock is the session's: it goes with the connection, and so does the power to move the cursor. */
  const takeTurn = async (session: pg.Client): Promise<void> => {
    while (!(await tryLock(session, consumer))) {
      await bell.wait(pollMs);
      if (stopping.signal.aborted) return;
    }
    let cursor = await openCursor(session, consumer, options.from ?? 'beginning');
    let failures = 0;
    while (!stopping.signal.aborted) {
      const rows = await nextEvents(session, cursor, options);
      const first = rows[0];
      lag.set({ consumer }, first === undefined ? 0 : Math.max(0, (Date.now() - first.at.getTime()) / 1000));
      if (first === undefined) {
        await bell.wait(pollMs);
        continue;
      }
      const { done, fault } = await handleInOrder(rows);
      if (done !== undefined) {
        cursor = { xid: done.xid, id: done.id };
        await saveCursor(session, consumer, cursor);
        failures = 0;
      }
      if (fault === undefined) continue;
      failures++;
      log.error('a handler of events failed; the event is tried again', { consumer, failures, reason: String(fault) });
      await pause(Math.min(100 * 2 ** failures, LONGEST_RETRY_MS));
    }
  };

  /** The last event that was handled, and what the next one threw. */
  const handleInOrder = async (rows: readonly Row[]): Promise<{ done?: Row; fault?: unknown }> => {
    let done: Row | undefined;
    for (const row of rows) {
      if (stopping.signal.aborted) break;
      try {
        await underTraceparent(row.traceparent ?? undefined, () => handler(eventOf(row)));
        done = row;
      } catch (fault) {
        return { ...(done && { done }), fault: fault ?? 'nothing' };
      }
    }
    return done ? { done } : {};
  };

  const pause = (ms: number) => sleep(ms, undefined, { signal: stopping.signal }).catch(() => undefined);

  const running = run();
  return {
    async stop() {
      stopping.abort();
      await unlisten();
      await running;
    },
  };
}

const eventOf = (row: Row): OutboxEvent => ({
  position: `${row.xid}.${row.id}`,
  workspaceId: row.workspace_id ?? undefined,
  topic: row.topic,
  key: row.key,
  payload: row.payload,
  at: row.at,
});

async function tryLock(session: pg.Client, consumer: string): Promise<boolean> {
  const { rows } = await session.query<{ locked: boolean }>(
    `select pg_try_advisory_lock(hashtextextended('falaj.outbox.' || $1, 0)) as locked`,
    [consumer],
  );
  return rows[0]?.locked ?? false;
}

async function openCursor(session: pg.Client, consumer: string, from: 'beginning' | 'now'): Promise<Cursor> {
  await session.query(
    `insert into falaj.outbox_cursor (consumer, xid, id)
     values ($1, case when $2 = 'now' then pg_snapshot_xmin(pg_current_snapshot()) else '0'::xid8 end, 0)
     on conflict (consumer) do nothing`,
    [consumer, from],
  );
  const { rows } = await session.query<Cursor>(
    'select xid::text, id::text from falaj.outbox_cursor where consumer = $1',
    [consumer],
  );
  return rows[0] ?? { xid: '0', id: '0' };
}

/**
 * Below the oldest running transaction nothing can appear any more, so whatever this cursor has passed is complete.
 * The order names the table: a bare `xid` would be the text of the select list, where 1000 comes before 999.
 */
async function nextEvents(session: pg.Client, cursor: Cursor, options: ReadEventsOptions): Promise<Row[]> {
  const { rows } = await session.query<Row>(
    `select o.xid::text, o.id::text, workspace_id, topic, key, payload, traceparent, at from falaj.outbox o
     where (o.xid, o.id) > ($1::xid8, $2::bigint) and o.xid < pg_snapshot_xmin(pg_current_snapshot())
       and ($3::text[] is null or topic = any ($3))
     order by o.xid, o.id limit $4`,
    [cursor.xid, cursor.id, options.topics ?? null, options.batch ?? 100],
  );
  return rows;
}

async function saveCursor(session: pg.Client, consumer: string, cursor: Cursor): Promise<void> {
  await session.query(
    `update falaj.outbox_cursor set xid = $2::xid8, id = $3::bigint, at = clock_timestamp() where consumer = $1`,
    [consumer, cursor.xid, cursor.id],
  );
}

/** Wakes whoever waits; a ring while nobody waits is kept for the next. */
function createBell(): { ring(): void; wait(longestMs: number): Promise<void> } {
  let rung = false;
  let wake: (() => void) | undefined;
  return {
    ring() {
      rung = true;
      wake?.();
    },
    wait: (longestMs) =>
      new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer);
          wake = undefined;
          rung = false;
          resolve();
        };
        const timer = setTimeout(done, longestMs);
        wake = done;
        if (rung) done();
      }),
  };
}
