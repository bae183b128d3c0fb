// Copies answered requests to a revision that answers nobody, and keeps account of how its answers differ. Copies run
// after the answer was given, few at a time; those that find no place are dropped and counted.
import type { Database } from '@falaj/database';
import { anonymous, type Logger } from '@falaj/runtime';
import type { Inference, InferenceObserver } from '../domain/inference-observer.js';
import { WHOLE } from '../domain/rollout/assignment.js';
import { compareAnswers } from '../domain/rollout/shadow-comparison.js';
import { addTo, type Sketch } from '../domain/rollout/sketch.js';
import type { EndpointRoutes, Route, Shadow } from './endpoint-routes.js';
import type { ModelHost } from './model-host.js';
import { observedModel } from './observed-model.js';
import { shadowWindow } from './rollout-tables.js';

const MOST_RUNNING = 4;
const MOST_WAITING = 64;
const TIMEOUT_MS = 10_000;

interface Window {
  readonly shadow: Shadow;
  readonly beganAt: Date;
  compared: number;
  failed: number;
  dropped: number;
  comparedRows: number;
  disagreed: number;
  readonly deltas: Sketch;
  readonly answerLatency: Sketch;
  readonly shadowLatency: Sketch;
}

interface Copy {
  readonly route: Route;
  readonly shadow: Shadow;
  readonly inference: Inference;
}

interface ShadowPorts {
  readonly database: Database;
  readonly log: Logger;
  readonly host: ModelHost;
  readonly routes: Pick<EndpointRoutes, 'current'>;
  /** Names this process in the windows. */
  readonly process: string;
  /** Told of the shadow's own inferences. */
  readonly observer: InferenceObserver;
}

export class ShadowRunner implements InferenceObserver {
  readonly #ports: ShadowPorts;
  #windows = new Map<string, Window>();
  /** Windows that are full and not yet written; a failed write leaves them to the next. */
  readonly #closed: Window[] = [];
  readonly #waiting: Copy[] = [];
  #running = 0;

  constructor(ports: ShadowPorts) {
    this.#ports = ports;
  }

  observe(inference: Inference): void {
    if (inference.role !== 'ANSWER' || !inference.response) return;
    const route = this.#ports.routes.current(inference.endpoint.id);
    if (!route?.shadow || Math.random() * WHOLE >= route.shadow.sampleRate) return;
    if (this.#waiting.length >= MOST_WAITING) {
      this.#window(route.shadow).dropped++;
      return;
    }
    this.#waiting.push({ route, shadow: route.shadow, inference });
    // The answer goes out first.
    if (this.#running < MOST_RUNNING) setImmediate(() => this.#next());
  }

  async flush(): Promise<void> {
    this.#closed.push(...this.#windows.values());
    this.#windows = new Map();
    const windows = [...this.#closed];
    if (windows.length === 0) return;
    await this.#ports.database.asSystem((tx) =>
      tx
        .insert(shadowWindow)
        .values(
          windows.map(({ shadow: { id, workspaceId, zone }, ...counts }) => ({
            ...counts,
            workspaceId,
            zone,
            shadowId: id,
            process: this.#ports.process,
          })),
        )
        .onConflictDoNothing(),
    );
    this.#closed.splice(0, windows.length);
  }

  #next(): void {
    if (this.#running >= MOST_RUNNING) return;
    const copy = this.#waiting.shift();
    if (!copy) return;
    this.#running++;
    this.#run(copy)
      .catch((error: unknown) => {
        this.#window(copy.shadow).failed++;
        this.#ports.log.warn('a shadow did not answer', { shadow: copy.shadow.id, error: String(error) });
      })
      .finally(() => {
        this.#running--;
        setImmediate(() => this.#next());
      });
  }

  async #run({ route, shadow, inference }: Copy): Promise<void> {
    const { host, observer } = this.#ports;
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
    const window = this.#window(shadow);
    const { rows, disagreed, deltas } = compareAnswers(inference.response ?? [], response, shadow.threshold);
    window.compared++;
    window.comparedRows += rows;
    window.disagreed += disagreed;
    for (const delta of deltas) addTo(window.deltas, delta);
    addTo(window.answerLatency, inference.latencyMs);
    addTo(window.shadowLatency, performance.now() - began);
  }

  #window(shadow: Shadow): Window {
    let window = this.#windows.get(shadow.id);
    if (!window) {
      window = {
        shadow,
        beganAt: new Date(),
        compared: 0,
        failed: 0,
        dropped: 0,
        comparedRows: 0,
        disagreed: 0,
        deltas: {},
        answerLatency: {},
        shadowLatency: {},
      };
      this.#windows.set(shadow.id, window);
    }
    return window;
  }
}
