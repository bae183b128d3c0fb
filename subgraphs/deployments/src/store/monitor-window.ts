// The next window of a monitor: which logged inferences it holds, and whether it is full.
import type { Database } from '@falaj/database';
import { MOST_RECORDS, recordsAfter, recordsBetween, rowsAfter, type WatchedRecord } from './monitor-data.js';
import type { MonitorRecord } from './monitor-tables.js';

/** Records of other processes may come so much later than their time says. */
const SETTLE_MS = 3_000;

export interface Window {
  readonly from: Date;
  readonly to: Date;
  readonly position: { readonly at: Date; readonly id: string };
  readonly records: readonly WatchedRecord[];
  readonly rows: number;
}

type System = Pick<Database, 'asSystem'>;

/** Whether the next window is full, or as long as it may be; of what it holds only the count is read. */
export async function windowIsFull(database: System, record: MonitorRecord, settled = settledNow()): Promise<boolean> {
  const { spec, positionAt: at, positionId: id, endpointId } = record;
  const end = endOf(record);
  if (end <= settled || spec.windowRows === null) return end <= settled;
  const wanted = spec.windowRows;
  return (await database.asSystem((tx) => rowsAfter(tx, endpointId, { at, id }, settled, wanted))) >= wanted;
}

/** The next window if it is full; `now`: without waiting for what other processes have not written. */
export async function nextWindow(database: System, record: MonitorRecord, now: boolean): Promise<Window | null> {
  const { spec, positionAt: at, positionId: id, endpointId } = record;
  const settled = now ? new Date() : settledNow();
  if (!(await windowIsFull(database, record, settled))) return null;
  const end = endOf(record);
  if (spec.windowRows === null) return timeWindow(database, record, end);
  const wanted = spec.windowRows;
  const until = new Date(Math.min(end.getTime(), settled.getTime()));
  const records = await database.asSystem((tx) => recordsAfter(tx, endpointId, { at, id }, until, wanted));
  const taken = firstRows(records, wanted);
  if (taken.rows >= wanted) return windowOf(at, taken);
  return { ...taken, from: at, to: end, position: { at: end, id: '' } };
}

/** What has come since the last window; null where nothing has. */
export async function partWindow(database: System, record: MonitorRecord): Promise<Window | null> {
  const { spec, positionAt: at, positionId: id, endpointId } = record;
  // One millisecond more, for the end of a window of time is excluded.
  const now = new Date(Date.now() + 1);
  if (spec.windowRows === null) {
    const window = await timeWindow(database, record, now);
    return window.records.length === 0 ? null : window;
  }
  const wanted = spec.windowRows;
  const records = await database.asSystem((tx) => recordsAfter(tx, endpointId, { at, id }, now, wanted));
  return records.length === 0 ? null : windowOf(at, firstRows(records, Number.POSITIVE_INFINITY));
}

const settledNow = () => new Date(Date.now() - SETTLE_MS);

/** When the next window is closed, full or not. */
const endOf = ({ spec, positionAt }: MonitorRecord) =>
  new Date(positionAt.getTime() + (spec.windowSeconds ?? spec.longestSeconds) * 1_000);

async function timeWindow(
  database: System,
  { endpointId, positionAt: from }: MonitorRecord,
  to: Date,
): Promise<Window> {
  const records = await database.asSystem((tx) => recordsBetween(tx, endpointId, from, to, MOST_RECORDS));
  return { from, to, position: { at: to, id: '' }, ...firstRows(records, Number.POSITIVE_INFINITY) };
}

/** Whole records until there are so many rows. */
function firstRows(records: readonly WatchedRecord[], wanted: number): Pick<Window, 'records' | 'rows'> {
  let rows = 0;
  for (const [place, { rowCount }] of records.entries()) {
    rows += rowCount;
    if (rows >= wanted) return { records: records.slice(0, place + 1), rows };
  }
  return { records, rows };
}

function windowOf(from: Date, { records, rows }: Pick<Window, 'records' | 'rows'>): Window {
  const last = records.at(-1);
  const position = { at: last?.at ?? from, id: last?.id ?? '' };
  return { from, to: position.at, position, records, rows };
}
