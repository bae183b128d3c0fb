// Looks for promises that were missed or are about to be. One process at a time does it, under a lease; what it finds
// follows from stored clocks alone, so a process that was away for an hour finds the same breaches at the same instants.
import type { Database, Tx } from '@falaj/database';
import { type Logger, periodically } from '@falaj/runtime';
import { newId } from '@falaj/subgraph-kit';
import { lte, sql } from 'drizzle-orm';
import { settle } from '../../domain/incidents/incident-change.js';
import { type Promises, promisesOf } from './service-levels.js';
import { incident } from './tables.js';
import { saveClocks } from './writes.js';

const LEASE = 'service-levels';
/** Seconds for which a silent process keeps others from sweeping. */
const LEASE_SECONDS = 30;
const BATCH = 100;
const INTERVAL_MS = 5_000;

/** True where this process may sweep; renews its own lease. */
export async function takeSweepLease(database: Database, holder: string): Promise<boolean> {
  return database.asSystem(async (tx) => {
    const { rows } = await tx.execute<{ holder: string }>(sql`
      insert into governance.sweep_lease as lease (name, holder, held_until)
      values (${LEASE}, ${holder}, clock_timestamp() + make_interval(secs => ${LEASE_SECONDS}))
      on conflict (name) do update set holder = excluded.holder, held_until = excluded.held_until
        where lease.holder = excluded.holder or lease.held_until < clock_timestamp()
      returning holder`);
    return rows.length > 0;
  });
}

/** Writes down every threshold passed until `now`; answers how many incidents changed. Nothing without the lease. */
export async function sweepServiceLevels(database: Database, holder: string, now = new Date()): Promise<number> {
  if (!(await takeSweepLease(database, holder))) return 0;
  for (let swept = 0; ; ) {
    const found = await database.asSystem((tx) => sweepBatch(tx, holder, now));
    swept += found;
    if (found < BATCH) return swept;
  }
}

async function sweepBatch(tx: Tx, holder: string, now: Date): Promise<number> {
  // Held to the end of the transaction: who lost the lease meanwhile writes nothing.
  const { rows: held } = await tx.execute<{ holder: string }>(sql`
    select holder from governance.sweep_lease
    where name = ${LEASE} and holder = ${holder} and held_until > clock_timestamp() for share`);
  if (held.length === 0) return 0;
  const due = await tx
    .select()
    .from(incident)
    .where(lte(incident.clockDueAt, now))
    .orderBy(incident.clockDueAt)
    .limit(BATCH)
    .for('update', { skipLocked: true });
  const known = new Map<string, Promises>();
  for (const row of due) {
    const promises = known.get(row.workspaceId) ?? (await promisesOf(tx, row.workspaceId));
    known.set(row.workspaceId, promises);
    const calendar = promises.calendarOf(row.calendar);
    const settled = settle(row, calendar, now);
    await saveClocks(tx, row, settled, calendar);
  }
  return due.length;
}

/** Sweeps every few seconds until it is stopped; a sweep that fails is tried again by the next. */
export function startServiceLevelSweep(database: Database, log: Logger): { stop(): Promise<void> } {
  const holder = newId('sweep');
  const sweep = async () => {
    await sweepServiceLevels(database, holder);
  };
  return periodically('the sweep of service levels', INTERVAL_MS, sweep, log, { lastTime: false });
}
