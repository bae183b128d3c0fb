// Judges the windows of monitors: in every process that runs deployments, one process at a time per monitor. A holder that
// dies loses its lease; a window and the position after it are written together, so that none is judged twice or skipped.
import { setTimeout as delay } from 'node:timers/promises';
import type { DriftProfile, DriftTest } from '@falaj/contracts';
import { gauge } from '@falaj/runtime';
import { newId, type Platform } from '@falaj/subgraph-kit';
import { and, desc, eq, sql } from 'drizzle-orm';
import { type Judgement, judge, type Measured } from '../domain/monitor/judge.js';
import { leased, openTo } from './lease.js';
import { monitorsUnreported, publishAlarm, reportAlarms, scopeOf } from './monitor-alarm.js';
import { columnOf, presentIn } from './monitor-data.js';
import { type MonitorRecord, monitor, monitorColumns, monitorWindow, type WindowRecord } from './monitor-tables.js';
import { nextWindow, partWindow, type Window, windowIsFull } from './monitor-window.js';

const LEASE_SECONDS = 30;
/** How long a request waits for a process that is at the same monitor. */
const WAIT_MS = 10_000;
const WAIT_STEP_MS = 200;
const WINDOWS_PER_LOOK = 20;
/** Windows of the past that persistence may look at, those that could not be judged included. */
const HISTORY = 50;

const alarming = gauge('falaj_monitors_alarming', 'Monitors of this process whose newest window alarmed.', []);

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
      for (const record of await this.#active()) {
        const { id } = record;
        await this.#evaluateFull(record).catch((error: unknown) =>
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

  async #active(): Promise<MonitorRecord[]> {
    return this.#platform.database.asSystem((tx) =>
      tx.select(monitorColumns).from(monitor).where(eq(monitor.state, 'ACTIVE')).orderBy(monitor.createdAt),
    );
  }

  /** Most looks find no full window, and write nothing. */
  async #evaluateFull(record: MonitorRecord): Promise<void> {
    if (await windowIsFull(this.#platform.database, record)) await this.#evaluate(record.id, false);
  }

  async #claim(id: string): Promise<MonitorRecord | undefined> {
    const [row] = await this.#platform.database.asSystem((tx) =>
      tx
        .update(monitor)
        .set(leased(this.#process, LEASE_SECONDS))
        .where(
          sql`${monitor.id} in (select id from deployments.monitor where id = ${id} and state = 'ACTIVE'
            and ${openTo(this.#process)} for update skip locked)`,
        )
        .returning(monitorColumns),
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
    const { database } = this.#platform;
    const judged: WindowRecord[] = [];
    try {
      for (let turn = 0; turn < WINDOWS_PER_LOOK; turn++) {
        // Anew for each window: the lease starts again, and the position is the committed one.
        const record = await this.#claim(id);
        if (!record) return turn === 0 ? null : judged;
        const window =
          (await nextWindow(database, record, now)) ??
          (now && judged.length === 0 ? await partWindow(database, record) : null);
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

  /** Judges a window and writes it with the position after it; undefined where the lease was lost meanwhile. */
  async #close(record: MonitorRecord, window: Window): Promise<WindowRecord | undefined> {
    const { database } = this.#platform;
    const [kept] = await database.asSystem((tx) =>
      tx.select({ reference: monitor.reference }).from(monitor).where(eq(monitor.id, record.id)),
    );
    const measured = await Promise.all(
      record.features.map((feature) => this.#measure(record, feature, kept?.reference[feature], window)),
    );
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
    { spec, ownerId, workspaceId, zone }: MonitorRecord,
    feature: string,
    profile: DriftProfile | undefined,
    { records }: Window,
  ): Promise<Measured> {
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
