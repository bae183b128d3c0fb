// What each variant of a rollout does, counted in memory and added to the database every second: the guardrails' facts.
import type { Database } from '@falaj/database';
import type { Inference, InferenceObserver } from '../domain/inference-observer.js';
import { scoresOf } from '../domain/rollout/shadow-comparison.js';
import { addTo, type Sketch } from '../domain/rollout/sketch.js';
import type { EndpointRoutes } from './endpoint-routes.js';
import { inferenceWindow } from './rollout-tables.js';

interface Window {
  readonly workspaceId: string;
  readonly zone: string;
  readonly endpointId: string;
  readonly revision: number;
  readonly beganAt: Date;
  requests: number;
  errors: number;
  readonly latency: Sketch;
  readonly scores: Sketch;
}

export class VariantMetrics implements InferenceObserver {
  readonly #database: Database;
  readonly #routes: Pick<EndpointRoutes, 'current'>;
  readonly #process: string;
  #windows = new Map<string, Window>();
  /** Windows that are full and not yet written; a failed write leaves them to the next. */
  readonly #closed: Window[] = [];

  constructor(database: Database, routes: Pick<EndpointRoutes, 'current'>, process: string) {
    this.#database = database;
    this.#routes = routes;
    this.#process = process;
  }

  observe({ endpoint, revision, variant, role, at, response, latencyMs, error }: Inference): void {
    if (role !== 'ANSWER') return;
    const split = this.#routes.current(endpoint.id)?.split;
    // Who named a version chose for himself: his answers say nothing of a split by chance.
    if (split?.kind !== 'ROLLOUT' || !split.variants.some(({ name }) => name === variant)) return;
    const key = `${endpoint.id}/${revision}`;
    let window = this.#windows.get(key);
    if (!window) {
      const { workspaceId, zone } = endpoint;
      window = {
        workspaceId,
        zone,
        endpointId: endpoint.id,
        revision,
        beganAt: new Date(at),
        requests: 0,
        errors: 0,
        latency: {},
        scores: {},
      };
      this.#windows.set(key, window);
    }
    window.requests++;
    if (error || !response) {
      window.errors++;
      return;
    }
    addTo(window.latency, latencyMs);
    for (const score of scoresOf(response)) addTo(window.scores, score);
  }

  async flush(): Promise<void> {
    this.#closed.push(...this.#windows.values());
    this.#windows = new Map();
    const windows = [...this.#closed];
    if (windows.length === 0) return;
    await this.#database.asSystem((tx) =>
      tx
        .insert(inferenceWindow)
        .values(windows.map((window) => ({ ...window, process: this.#process })))
        .onConflictDoNothing(),
    );
    this.#closed.splice(0, windows.length);
  }
}
