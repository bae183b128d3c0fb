// How much one caller may ask of this process in a minute.
import { counter } from './metrics.js';
import { PlatformError } from './platform-error.js';

const refused = counter('falaj_gateway_rate_limited_total', 'Requests refused for the rate of their caller.', [
  'what',
] as const);

const MINUTE_MS = 60_000;
/** Callers known at once; who came first gives way, and begins anew with a full minute. */
const MAX_CALLERS = 10_000;

interface Bucket {
  left: number;
  at: number;
}

/** One bucket a caller, full at first, filled evenly: after a quiet minute the whole of it may be asked at once. */
export class RateBuckets {
  readonly #what: string;
  readonly #perMinute: number;
  readonly #now: () => number;
  readonly #byCaller = new Map<string, Bucket>();

  /** `what` names the limit in errors and metrics. `now`: milliseconds, never backwards. */
  constructor(what: string, perMinute: number, now: () => number = () => performance.now()) {
    this.#what = what;
    this.#perMinute = perMinute;
    this.#now = now;
  }

  /** Throws RATE_LIMITED. */
  take(caller: string, amount = 1): void {
    const now = this.#now();
    const bucket = this.#byCaller.get(caller) ?? this.#full(caller, now);
    const filled = ((now - bucket.at) * this.#perMinute) / MINUTE_MS;
    bucket.left = Math.min(this.#perMinute, bucket.left + filled);
    bucket.at = now;
    // What is larger than the bucket takes all of it: it may be asked once a minute.
    const taken = Math.min(amount, this.#perMinute);
    if (bucket.left < taken) {
      refused.inc({ what: this.#what });
      throw new PlatformError(
        'RATE_LIMITED',
        `${this.#what}: the limit of one caller is ${this.#perMinute}; try again later.`,
        {
          details: { what: this.#what, found: amount, limit: this.#perMinute },
          retryAfterMs: Math.ceil(((taken - bucket.left) * MINUTE_MS) / this.#perMinute),
        },
      );
    }
    bucket.left -= taken;
  }

  #full(caller: string, now: number): Bucket {
    if (this.#byCaller.size >= MAX_CALLERS) {
      const [first] = this.#byCaller.keys();
      if (first !== undefined) this.#byCaller.delete(first);
    }
    const bucket = { left: this.#perMinute, at: now };
    this.#byCaller.set(caller, bucket);
    return bucket;
  }
}
