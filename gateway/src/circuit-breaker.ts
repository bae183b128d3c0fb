import { PlatformError } from '@falaj/runtime';

const FAILURES_TO_OPEN = 5;
const OPEN_MS = 5_000;

/** Spares a subgraph that fails: after five failures in a row, calls fail at once for five seconds, then one may try. */
export class CircuitBreaker {
  readonly #subgraph: string;
  readonly #now: () => number;
  #failures = 0;
  #openUntil = 0;

  constructor(subgraph: string, now: () => number = Date.now) {
    this.#subgraph = subgraph;
    this.#now = now;
  }

  /** Errors: DOWNSTREAM_SERVICE_ERROR while open. */
  enter(): void {
    if (this.#failures < FAILURES_TO_OPEN) return;
    if (this.#now() < this.#openUntil) {
      throw new PlatformError(
        'DOWNSTREAM_SERVICE_ERROR',
        `The subgraph ${this.#subgraph} failed repeatedly and is left alone for a moment; try again.`,
        { retryAfterMs: this.#openUntil - this.#now() },
      );
    }
    // This caller probes; the others wait for its answer.
    this.#openUntil = this.#now() + OPEN_MS;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  failed(): void {
    this.#failures += 1;
    if (this.#failures >= FAILURES_TO_OPEN) this.#openUntil = this.#now() + OPEN_MS;
  }
}
