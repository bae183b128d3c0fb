// Judges the windows of monitors: in every process that runs deployments, one process at a time per monitor. A holder that
// dies loses its lease; a window and the position after it are written together, so that none is judged twice or skipped.
import { setTimeout as delay } from 'node:timers/promises';
import type { DriftTest } from '@falaj/contracts';
import { gauge } from '@falaj/runtime';
import { newId, type Platform } from '@falaj/subgraph-kit';
import { and, desc, eq, sql } from 'drizzle-orm';
import { type Judgement, judge, type Measured } from '../domain/monitor/judge.js';
import {
  type MonitorRecord,
  monitorsUnreported,
  publishAlarm,
  reportAlarms,
  scopeOf,
  type WindowRecord,
} from './monitor-alarm.js';
import {
  columnOf,
  MOST_RECORDS,
  presentIn,
  recordsAfter,
  recordsBetween,
  rowsAfter,
  type WatchedRecord,
} from './monitor-data.js';
import { monitor, monitorWindow } from './monitor-tables.js';

const LEASE_SECONDS = 30;
/** Records of other processes may come so much later than their time says. */
const SETTLE_MS = 3_000;
/** How long a request waits for a process that is at the same monitor. */
const WAIT_MS = 10_000;
const WAIT_STEP_MS = 200;
const WINDOWS_PER_LOOK = 20;
/** Windows of the past that persistence may look at, those that could not be judged included. */
const HISTORY = 50;

const alarming = gauge('falaj_monitors_alarming', 'Monitors of this process whose newest window alarmed.', []);

interface Window {
  readonly from: Date;
  readonly to: Date;
  readonly position: { readonly at: Date; readonly id: string };
  readonly records: readonly WatchedRecord[];
  readonly rows: number;
}

export class MonitorSweep {
  readonly #platform: Platform;
  readonly #process: string;
  readonly #flush: () => Promise<void>;
  readonly #alarming = new Set<string>();
  #busy: Promise<unknown> = Promise.resolve();

  /** `flush` writes down what this process has logged. */
  constructor(platform: Platform, process: string, flush: () => Promise<void>) {
    this.#platform = platform;
    this.#process = process;
    this.#flush = flush;
  }

  /** Looks once at every monitor that no other process is at, and reports alarms that nobody could report before. */
  look(): Promise<void> {
    return this.#alone(async () => {
      for (const id of await monitorsUnreported(this.#platform)) await this.#report(id);
      for (const id of await this.#due()) {
        await this.#evaluate(id, false).catch((error: unknown) =>
          this.#platform.log.error('a monitor could not be evaluated', {
            monitor: id,
            error: error instanceof Error ? error.stack : String(error),
          }),
        );
      }
    });
  }

  /** Judges what has come, a window that is not full included; null where another process stays at it for too long. */
  async evaluateNow(id: string): Promise<WindowRecord[] | null> {
    await this.#flush();
    const until = Date.now() + WAIT_MS;
    for (;;) {
      const judged = await this.#alone(() => this.#evaluate(id, true));
      if (judged || Date.now() > until) return judged;
      await delay(WAIT_STEP_MS);
    }
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#busy.then(work);
    this.#busy = next.catch(() => undefined);
    return next;
  }

  async #due(): Promise<string[]> {
    const rows = await this.#platform.database.asSystem((tx) =>
      tx.select({ id: monitor.id }).from(monitor).where(eq(monitor.state, 'ACTIVE')).orderBy(monitor.createdAt),
    );
    return rows.map(({ id }) => id);
  }

  async #claim(id: string): Promise<MonitorRecord | undefined> {
    const [row] = await this.#platform.database.asSystem((tx) =>
      tx
        .update(monitor)
        .set({
          leaseOwner: this.#process,
          leaseUntil: sql`clock_timestamp() + make_interval(secs => ${LEASE_SECONDS})`,
        })
        .where(
          sql`${monitor.id} in (select id from deployments.monitor where id = ${id} and state = 'ACTIVE'
            and (lease_owner = ${this.#process} or lease_until is null or lease_until < clock_timestamp())
            for update skip locked)`,
        )
        .returning(),
    );
    return row;
  }

  /** Lets the next process in at once. */
  async #release(id: string): Promise<void> {
    await this.#platform.database.asSystem((tx) =>
      tx
        .update(monitor)
        .set({ leaseOwner: null, leaseUntil: null })
        .where(and(eq(monitor.id, id), eq(monitor.leaseOwner, this.#process))),
    );
  }

  async #evaluate(id: string, now: boolean): Promise<WindowRecord[] | null> {
    const judged: WindowRecord[] = [];
    try {
      for (let turn = 0; turn < WINDOWS_PER_LOOK; turn++) {
        // Anew for each window: the lease starts again, and the position is the committed one.
        const record = await this.#claim(id);
        if (!record) return turn === 0 ? null : judged;
        const window =
          (await this.#nextWindow(record, now)) ?? (now && judged.length === 0 ? await this.#partWindow(record) : null);
        if (!window) break;
        const row = await this.#close(record, window);
        if (!row) break;
        judged.push(row);
        if (row.verdict === 'ALARM') this.#alarming.add(id);
        else this.#alarming.delete(id);
      }
    } finally {
      await this.#release(id);
      alarming.set(this.#alarming.size);
    }
    if (now || judged.some(({ verdict }) => verdict === 'ALARM')) await this.#report(id);
    return judged;
  }

  /** The next window if it is full, or as long as it may be; `now`: without waiting for what other processes have not written. */
  async #nextWindow(record: MonitorRecord, now: boolean): Promise<Window | null> {
    const { spec, positionAt: at, positionId: id, endpointId } = record;
    const settled = new Date(Date.now() - (now ? 0 : SETTLE_MS));
    if (spec.windowSeconds !== null) {
      const to = new Date(at.getTime() + spec.windowSeconds * 1_000);
      if (to > settled) return null;
      return this.#timeWindow(record, to);
    }
    const wanted = spec.windowRows as number;
    const longest = new Date(at.getTime() + spec.longestSeconds * 1_000);
    const until = longest < settled ? longest : settled;
    // Most looks find no full window: only the count is read for them.
    const come = () => this.#platform.database.asSystem((tx) => rowsAfter(tx, endpointId, { at, id }, until, wanted));
    if (longest >= settled && (await come()) < wanted) return null;
    const records = await this.#platform.database.asSystem((tx) =>
      recordsAfter(tx, endpointId, { at, id }, until, wanted),
    );
    const taken = firstRows(records, wanted);
    if (taken.rows >= wanted) return windowOf(at, taken);
    return longest < settled
      ? { ...windowOf(at, { records, rows: taken.rows }), to: longest, position: { at: longest, id: '' } }
      : null;
  }

  /** What has come since the last window; null where nothing has. */
  async #partWindow(record: MonitorRecord): Promise<Window | null> {
    const { spec, positionAt: at, positionId: id, endpointId } = record;
    // One millisecond more, for the end of a window of time is excluded.
    const now = new Date(Date.now() + 1);
    if (spec.windowSeconds !== null) {
      const window = await this.#timeWindow(record, now);
      return window.records.length === 0 ? null : window;
    }
    const records = await this.#platform.database.asSystem((tx) =>
      recordsAfter(tx, endpointId, { at, id }, now, spec.windowRows as number),
    );
    return records.length === 0 ? null : windowOf(at, firstRows(records, Number.POSITIVE_INFINITY));
  }

  async #timeWindow({ endpointId, positionAt: from }: MonitorRecord, to: Date): Promise<Window> {
    const records = await this.#platform.database.asSystem((tx) =>
      recordsBetween(tx, endpointId, from, to, MOST_RECORDS),
    );
    return { from, to, position: { at: to, id: '' }, ...firstRows(records, Number.POSITIVE_INFINITY) };
  }

  /** Judges a window and writes it with the position after it; undefined where the lease was lost meanwhile. */
  async #close(record: MonitorRecord, window: Window): Promise<WindowRecord | undefined> {
    const measured = await Promise.all(record.features.map((feature) => this.#measure(record, feature, window)));
    const { database } = this.#platform;
    return database.inWorkspace(scopeOf(record), async (tx) => {
      const [held] = await tx
        .select({ position: monitor.positionAt, id: monitor.positionId })
        .from(monitor)
        .where(and(eq(monitor.id, record.id), eq(monitor.leaseOwner, this.#process), eq(monitor.state, 'ACTIVE')))
        .for('update');
      if (held?.position.getTime() !== record.positionAt.getTime() || held.id !== record.positionId) return undefined;
      const past = await tx
        .select({ number: monitorWindow.number, findings: monitorWindow.findings })
        .from(monitorWindow)
        .where(eq(monitorWindow.monitorId, record.id))
        .orderBy(desc(monitorWindow.number))
        .limit(HISTORY);
      const judgement: Judgement = judge(measured, record.spec, past.map(({ findings }) => findings).reverse());
      const [row] = await tx
        .insert(monitorWindow)
        .values({
          id: newId('mwd'),
          workspaceId: record.workspaceId,
          zone: record.zone,
          monitorId: record.id,
          number: (past[0]?.number ?? 0) + 1,
          fromAt: window.from,
          toAt: window.to,
          rowCount: window.rows,
          verdict: judgement.verdict,
          reason: judgement.reason,
          alarmed: [...judgement.alarmed],
          findings: judgement.findings,
          modelVersionIds: [...new Set(window.records.map(({ modelVersionId }) => modelVersionId))],
        })
        .returning();
      await tx
        .update(monitor)
        .set({
          verdict: judgement.verdict,
          positionAt: window.position.at,
          positionId: window.position.id,
          evaluatedAt: sql`clock_timestamp()`,
        })
        .where(eq(monitor.id, record.id));
      if (row?.verdict === 'ALARM') await publishAlarm(tx, record, row);
      return row;
    });
  }

  async #measure(
    { reference, spec, ownerId, workspaceId, zone }: MonitorRecord,
    feature: string,
    { records }: Window,
  ): Promise<Measured> {
    const profile = reference[feature];
    if (!profile) return { feature, unknown: 'it has no reference' };
    const column = columnOf(records, feature, profile.kind);
    const present = presentIn(column);
    if (present < spec.minimumRows) {
      return {
        feature,
        unknown: `${present} of ${column.values.length} rows have a value; at least ${spec.minimumRows} are needed`,
      };
    }
    try {
      const { plugins } = this.#platform;
      const tests = spec.tests as readonly DriftTest[];
      const call = plugins.call({ id: ownerId }, { workspaceId, zone });
      return { feature, scores: await plugins.get('drift').compare({ profile, window: column, tests }, call) };
    } catch (error) {
      this.#platform.log.error('a window could not be measured', { feature, error: String(error) });
      return { feature, unknown: 'the drift plugin failed' };
    }
  }

  /** An alarm that could not be reported is reported at a next look. */
  async #report(id: string): Promise<void> {
    await reportAlarms(this.#platform, id).catch((error: unknown) =>
      this.#platform.log.error('the incident of a drift alarm could not be opened', {
        monitor: id,
        error: String(error),
      }),
    );
  }
}

/** Whole records until there are so many rows. */
function firstRows(
  records: readonly WatchedRecord[],
  wanted: number,
): { records: readonly WatchedRecord[]; rows: number } {
  let rows = 0;
  for (const [place, { rowCount }] of records.entries()) {
    rows += rowCount;
    if (rows >= wanted) return { records: records.slice(0, place + 1), rows };
  }
  return { records, rows };
}

function windowOf(
  from: Date,
  { records, rows }: { readonly records: readonly WatchedRecord[]; readonly rows: number },
): Window {
  const last = records.at(-1);
  const position = { at: last?.at ?? from, id: last?.id ?? '' };
  return { from, to: position.at, position, records, rows };
}
