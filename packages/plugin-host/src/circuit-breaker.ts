export interface BreakerOptions {
  /** Calls in the window before it may open. */
  readonly minimumVolume: number;
  /** Share of failures at which it opens, 0 to 1. */
  readonly failureRatio: number;
  /** Milliseconds: width of the counting window, and how long it stays open. */
  readonly resetMs: number;
}

const DEFAULTS: BreakerOptions = { minimumVolume: 3, failureRatio: 0.5, resetMs: 60_000 };

/** Spares a failing plugin, and its callers' time: opens on a share of failures, lets one call through after a while. */
export class CircuitBreaker {
  readonly #options: BreakerOptions;
  readonly #clock: () => number;
  #windowStart = 0;
  #calls = 0;
  #failures = 0;
  #openedAt: number | null = null;
  #probing = false;

  constructor(clock: () => number, options: BreakerOptions = DEFAULTS) {
    this.#clock = clock;
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#openedAt !== null;
  }

  /** May this call pass? A `PROBE` is the one call that decides whether the breaker closes again. */
  enter(): 'PASS' | 'PROBE' | 'REFUSED' {
    if (this.#openedAt === null) return 'PASS';
    if (this.#probing || this.#clock() < this.#openedAt + this.#options.resetMs) return 'REFUSED';
    this.#probing = true;
    return 'PROBE';
  }

  /** `ok` null: the call says nothing about the plugin's health (it was cancelled, or never reached the plugin). */
  settle(admission: 'PASS' | 'PROBE', ok: boolean | null): void {
    if (admission === 'PROBE') {
      this.#probing = false;
      if (ok === true) this.#close();
      if (ok === false) this.#openedAt = this.#clock();
      return;
    }
    // Calls that were under way when it opened have no say.
    if (ok === null || this.#openedAt !== null) return;
    const now = this.#clock();
    if (now - this.#windowStart >= this.#options.resetMs) {
      this.#windowStart = now;
      this.#calls = 0;
      this.#failures = 0;
    }
    this.#calls += 1;
    if (ok) return;
    this.#failures += 1;
    const { minimumVolume, failureRatio } = this.#options;
    if (this.#calls >= minimumVolume && this.#failures / this.#calls >= failureRatio) this.#openedAt = now;
  }

  /** How long until a caller may try again, milliseconds. */
  retryAfterMs(): number {
    return this.#openedAt === null ? 0 : Math.max(0, this.#openedAt + this.#options.resetMs - this.#clock());
  }

  #close(): void {
    this.#openedAt = null;
    this.#calls = 0;
    this.#failures = 0;
    this.#windowStart = this.#clock();
  }
}
