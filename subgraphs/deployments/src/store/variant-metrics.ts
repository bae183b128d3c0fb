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

  constructor(database: Database, routes: Pick<EndpointRoutes, 'current'>, process: string) {
    this.#database = database;
    this.#routes = routes;
    this.#process = process;
  }

  observe({ endpoint, revision, role, at, response, latencyMs, error }: Inference): void {
    if (role !== 'ANSWER') return;
    const split = this.#routes.current(endpoint.id)?.split;
    if (split?.kind !== 'ROLLOUT') return;
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
    const windows = [...this.#windows.values()];
    if (windows.length === 0) return;
    this.#windows = new Map();
    await this.#database.asSystem((tx) =>
      tx
        .insert(inferenceWindow)
        .values(windows.map((window) => ({ ...window, process: this.#process })))
        .onConflictDoNothing(),
    );
  }
}
