// Judges the windows of monitors: in every process that runs deployments, one process at a time per monitor. A holder that
// dies loses its lease; a window and the position after it are written together, so that none is judged twice or skipped.

import { recordAudit } from '@falaj/audit';
import type { DriftTest } from '@falaj/contracts';
import { publishEvent } from '@falaj/database';
import { gauge } from '@falaj/runtime';
import { newId, type Platform } from '@falaj/subgraph-kit';
import { and, desc, eq, type InferSelectModel, isNull, sql } from 'drizzle-orm';
import { type Judgement, judge, type Measured } from '../domain/monitor/judge.js';
import { openIncident } from './incident.js';
import { columnOf, presentIn, recordsAfter, recordsBetween, type WatchedRecord } from './monitor-data.js';
import { monitor, monitorWindow } from './monitor-tables.js';

const LEASE_SECONDS = 30;
/** Records of other processes may come so much later than their time says. */
const SETTLE_MS = 3_000;
const MOST_RECORDS = 50_000;
const WINDOWS_PER_LOOK = 20;
/** Windows of the past that persistence may look at, those that could not be judged included. */
const HISTORY = 50;
const ACTOR = 'drift-monitor';
/** Of the outbox: pipelines may begin at it. */
export const DRIFT_TOPIC = 'deployments.drift-alarm';

export type MonitorRecord = InferSelectModel<typeof monitor>;
export type WindowRecord = InferSelectModel<typeof monitorWindow>;

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

  /** Looks once at every monitor that is ours or nobody's. */
  look(): Promise<void> {
    return this.#alone(async () => {
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

  /** Judges what there is, a window that is not full included; null where another process is at it. */
  async evaluateNow(id: string): Promise<WindowRecord[] | null> {
    await this.#flush();
    return this.#alone(() => this.#evaluate(id, true));
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

  async #evaluate(id: string, now: boolean): Promise<WindowRecord[] | null> {
    const judged: WindowRecord[] = [];
    for (let turn = 0; turn < WINDOWS_PER_LOOK; turn++) {
      // Anew for each window: the lease starts again, and the position is the committed one.
      const record = await this.#claim(id);
      if (!record) return turn === 0 ? null : judged;
      if (turn === 0) await this.#report(record);
      const window =
        (await this.#nextWindow(record)) ?? (now && judged.length === 0 ? await this.#partWindow(record) : null);
      if (!window) break;
      const row = await this.#close(record, window);
      if (!row) break;
      judged.push(row);
      if (row.verdict === 'ALARM') {
        this.#alarming.add(id);
        await this.#report(record);
      } else this.#alarming.delete(id);
    }
    alarming.set(this.#alarming.size);
    return judged;
  }

  /** The next window if it is full, or as long as it may be. */
  async #nextWindow(record: MonitorRecord): Promise<Window | null> {
    const { spec, positionAt: at, positionId: id, endpointId } = record;
    const settled = new Date(Date.now() - SETTLE_MS);
    if (spec.windowSeconds !== null) {
      const to = new Date(at.getTime() + spec.windowSeconds * 1_000);
      if (to > settled) return null;
      return this.#timeWindow(record, to);
    }
    const wanted = spec.windowRows as number;
    const longest = new Date(at.getTime() + spec.longestSeconds * 1_000);
    const until = longest < settled ? longest : settled;
    const records = await this.#platform.database.asSystem((tx) =>
      recordsAfter(tx, endpointId, { at, id }, until, wanted),
    );
    const taken = firstRows(records, wanted);
    if (taken.rows >= wanted) return windowOf(at, taken);
    return longest < settled
      ? { ...windowOf(at, { records, rows: taken.rows }), to: longest, position: { at: longest, id: '' } }
      : null;
  }

  async #partWindow(record: MonitorRecord): Promise<Window | null> {
    const { spec, positionAt: at, positionId: id, endpointId } = record;
    // One millisecond more, for the end of a window of time is excluded.
    const now = new Date(Date.now() + 1);
    if (spec.windowSeconds !== null) return this.#timeWindow(record, now);
    const records = await this.#platform.database.asSystem((tx) =>
      recordsAfter(tx, endpointId, { at, id }, now, spec.windowRows as number),
    );
    const taken = firstRows(records, Number.POSITIVE_INFINITY);
    return records.length > 0 ? windowOf(at, taken) : { from: at, to: now, position: { at: now, id: '' }, ...taken };
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
    return database.asSystem(async (tx) => {
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

  /** Opens the incident of every alarm that has none yet: one that could not be reported is reported at the next look. */
  async #report(record: MonitorRecord): Promise<void> {
    const { database, log } = this.#platform;
    const open = and(
      eq(monitorWindow.monitorId, record.id),
      eq(monitorWindow.verdict, 'ALARM'),
      isNull(monitorWindow.incidentId),
    );
    const [newest] = await database.asSystem((tx) =>
      tx.select().from(monitorWindow).where(open).orderBy(desc(monitorWindow.number)).limit(1),
    );
    if (!newest) return;
    let opened: { readonly id: string; readonly created: boolean };
    try {
      opened = await openDriftIncident(this.#platform, record, newest);
    } catch (error) {
      log.error('the incident of a drift alarm could not be opened', { monitor: record.id, error: String(error) });
      return;
    }
    const { workspaceId, zone } = record;
    await database.inWorkspace({ workspaceId, zones: [zone], principalId: ACTOR }, async (tx) => {
      await publishEvent(tx, {
        topic: DRIFT_TOPIC,
        key: newest.id,
        payload: {
          monitorId: record.id,
          monitor: record.name,
          endpointId: record.endpointId,
          incidentId: opened.id,
          created: opened.created,
          alarmed: newest.alarmed,
        },
      });
      await tx.update(monitorWindow).set({ incidentId: opened.id }).where(open);
      await tx.update(monitor).set({ incidentId: opened.id }).where(eq(monitor.id, record.id));
      await recordAudit(tx, {
        workspaceId: record.workspaceId,
        actorId: ACTOR,
        actorKind: 'SERVICE',
        onBehalfOf: record.ownerId,
        action: 'raiseDriftAlarm',
        subjectType: 'Monitor',
        subjectId: record.id,
        outcome: 'SUCCEEDED',
        reason: null,
        requestId: newest.id,
        traceId: null,
        policyVersion: await this.#platform.policyVersion(record.workspaceId),
        details: { window: newest.number, alarmed: newest.alarmed, incidentId: opened.id, created: opened.created },
      });
    });
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

/** One incident per monitor while it is open: governance joins what has the same key. */
function openDriftIncident(platform: Pick<Platform, 'graph'>, monitor: MonitorRecord, window: WindowRecord) {
  const { id, name, workspaceId, zone, endpointId } = monitor;
  return openIncident(
    platform,
    { id: ACTOR, name: 'drift monitor', workspaceId, zone },
    {
      dedupKey: `drift:${id}`,
      title: `Drift on monitor ${name}: ${window.alarmed.join(', ')}`,
      description: window.reason,
      impact: 'MEDIUM',
      urgency: 'MEDIUM',
      category: 'DRIFT',
      links: [
        { type: 'Endpoint', id: endpointId },
        { type: 'Monitor', id },
        ...window.modelVersionIds.map((version) => ({ type: 'ModelVersion', id: version })),
      ],
      evidence: {
        windowId: window.id,
        window: window.number,
        from: window.fromAt.toISOString(),
        to: window.toAt.toISOString(),
        rows: window.rowCount,
        findings: window.findings.filter(({ feature }) => window.alarmed.includes(feature)),
      },
    },
  );
}
