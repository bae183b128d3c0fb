// Copies answered requests to a revision that answers nobody, and keeps account of how its answers differ. Copies run
// after the answer was given, few at a time; those that find no place are dropped and counted.
import type { Database } from '@falaj/database';
import { anonymous, type Logger } from '@falaj/runtime';
import { getColumns, type InferInsertModel, sql } from 'drizzle-orm';
import { cellsOf } from '../domain/inference-log/record.js';
import type { Inference, InferenceObserver } from '../domain/inference-observer.js';
import { WHOLE } from '../domain/rollout/assignment.js';
import { compareAnswers } from '../domain/rollout/shadow-comparison.js';
import { addTo } from '../domain/rollout/sketch.js';
import { type EndpointRoutes, LIVE, type Route, type Shadow } from './endpoint-routes.js';
import type { ModelHost } from './model-host.js';
import { observedModel } from './observed-model.js';
import { shadowWindow } from './rollout-tables.js';

/** Per shadow, so that one which hangs takes no place from another. */
const MOST_RUNNING = 4;
const MOST_WAITING = 64;
/** Values of the requests that wait, over all shadows. */
const MOST_CELLS = 2_000_000;
const TIMEOUT_MS = 10_000;
/** A window is written again as it grows, so that a shadow of weeks stays a few rows. */
const WINDOW_MS = 3_600_000;

/** What this process saw of a shadow in one hour. */
interface Window {
  readonly counts: InferInsertModel<typeof shadowWindow>;
  /** Whether more was seen than is written. */
  changed: boolean;
}

interface Copy {
  readonly route: Route;
  readonly shadow: Shadow;
  readonly inference: Inference;
  readonly cells: number;
}

interface Lane {
  readonly waiting: Copy[];
  running: number;
}

interface ShadowPorts {
  readonly database: Database;
  readonly log: Logger;
  readonly host: Pick<ModelHost, 'load'>;
  readonly routes: Pick<EndpointRoutes, 'current'>;
  /** Names this process in the windows. */
  readonly process: string;
  /** Told of the shadow's own inferences. */
  readonly observer: InferenceObserver;
  readonly clock?: () => number;
}

export class ShadowRunner implements InferenceObserver {
  readonly #ports: ShadowPorts;
  readonly #windows = new Map<string, Window>();
  readonly #lanes = new Map<string, Lane>();
  #cells = 0;

  constructor(ports: ShadowPorts) {
    this.#ports = ports;
  }

  observe(inference: Inference): void {
    if (inference.role !== 'ANSWER' || !inference.response) return;
    const route = this.#ports.routes.current(inference.endpoint.id);
    if (!route?.shadow || !isTraffic(route, inference.variant)) return;
    const { shadow } = route;
    if (Math.random() * WHOLE >= shadow.sampleRate) return;
    const lane = this.#lane(shadow.id);
    const cells = cellsOf(inference);
    if (lane.waiting.length >= MOST_WAITING || this.#cells + cells > MOST_CELLS) {
      this.#seen(shadow).dropped++;
      return;
    }
    lane.waiting.push({ route, shadow, inference, cells });
    this.#cells += cells;
    // The answer goes out first.
    if (lane.running < MOST_RUNNING) setImmediate(() => this.#next(shadow.id));
  }

  /** Writes what has changed; a failed write leaves it to the next. */
  async flush(): Promise<void> {
    const changed = [...this.#windows].filter(([, window]) => window.changed);
    if (changed.length > 0) {
      for (const [, window] of changed) window.changed = false;
      try {
        await this.#write(changed.map(([, { counts }]) => counts));
      } catch (error) {
        for (const [, window] of changed) window.changed = true;
        throw error;
      }
    }
    const current = this.#hour();
    for (const [key, { counts, changed: more }] of this.#windows)
      if (!more && Number(counts.beganAt) < current) this.#windows.delete(key);
  }

  #write(windows: readonly InferInsertModel<typeof shadowWindow>[]): Promise<unknown> {
    return this.#ports.database.asSystem((tx) =>
      tx
        .insert(shadowWindow)
        .values([...windows])
        .onConflictDoUpdate({
          target: [shadowWindow.shadowId, shadowWindow.beganAt, shadowWindow.process],
          set: REPLACED,
        }),
    );
  }

  #next(shadowId: string): void {
    const lane = this.#lane(shadowId);
    if (lane.running >= MOST_RUNNING) return;
    const copy = lane.waiting.shift();
    if (!copy) {
      if (lane.running === 0) this.#lanes.delete(shadowId);
      return;
    }
    this.#cells -= copy.cells;
    lane.running++;
    this.#run(copy)
      .catch((error: unknown) => {
        const counts = this.#seen(copy.shadow);
        // The first of the hour says what is wrong; the report says how often.
        if (counts.failed++ === 0)
          this.#ports.log.warn('a shadow did not answer', { shadow: shadowId, error: String(error) });
      })
      .finally(() => {
        lane.running--;
        setImmediate(() => this.#next(shadowId));
      });
  }

  async #run({ route, shadow, inference }: Copy): Promise<void> {
    const { host, observer, routes } = this.#ports;
    // Stopped while the copy waited.
    if (routes.current(inference.endpoint.id)?.shadow?.id !== shadow.id) return;
    const loaded = await host.load(route.record, shadow.revision);
    const variant = 'shadow';
    const served = observedModel(
      loaded,
      { endpoint: route.record, revision: shadow.revision, variant, role: 'SHADOW' },
      observer,
    );
    const began = performance.now();
    const response = await served.infer(inference.request, [], {
      principal: { ...anonymous, id: inference.principalId, workspaceId: inference.endpoint.workspaceId },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      id: inference.requestId ?? undefined,
      subject: inference.subject ?? undefined,
      inferenceId: inference.id,
    });
    const latencyMs = performance.now() - began;
    const { rows, disagreed, deltas } = compareAnswers(inference.response ?? [], response, shadow.threshold);
    const counts = this.#seen(shadow);
    counts.compared++;
    counts.comparedRows += rows;
    counts.disagreed += disagreed;
    for (const delta of deltas) {
      addTo(counts.deltas, delta);
      counts.deltaSum += delta;
    }
    addTo(counts.answerLatency, inference.latencyMs);
    counts.answerLatencySum += inference.latencyMs;
    addTo(counts.shadowLatency, latencyMs);
    counts.shadowLatencySum += latencyMs;
  }

  #lane(shadowId: string): Lane {
    let lane = this.#lanes.get(shadowId);
    if (!lane) {
      lane = { waiting: [], running: 0 };
      this.#lanes.set(shadowId, lane);
    }
    return lane;
  }

  #hour(): number {
    const now = this.#ports.clock?.() ?? Date.now();
    return now - (now % WINDOW_MS);
  }

  /** The counts of this hour, about to be added to. */
  #seen({ id, workspaceId, zone }: Shadow): Window['counts'] {
    const hour = this.#hour();
    const key = `${id}/${hour}`;
    let window = this.#windows.get(key);
    if (!window) {
      const counts = {
        shadowId: id,
        workspaceId,
        zone,
        beganAt: new Date(hour),
        process: this.#ports.process,
        compared: 0,
        failed: 0,
        dropped: 0,
        comparedRows: 0,
        disagreed: 0,
        deltas: {},
        answerLatency: {},
        shadowLatency: {},
        deltaSum: 0,
        answerLatencySum: 0,
        shadowLatencySum: 0,
      };
      window = { counts, changed: true };
      this.#windows.set(key, window);
    }
    window.changed = true;
    return window.counts;
  }
}

/** Who named a version chose for himself: his answer is not the endpoint's. */
const isTraffic = ({ split }: Route, variant: string): boolean =>
  split ? split.variants.some(({ name }) => name === variant) : variant === LIVE;

const { shadowId: _, beganAt: __, process: ___, ...growing } = getColumns(shadowWindow);
const REPLACED = Object.fromEntries(
  Object.entries(growing).map(([field, column]) => [field, sql.raw(`excluded."${column.name}"`)]),
);
