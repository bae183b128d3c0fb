// How much one principal may ask of this process in a minute: requests, and the cost of what they ask.
import { type Principal, RateBuckets } from '@falaj/runtime';

export interface CallerRates {
  /** Requests, refused ones included once it is known who asks; absent = any number. */
  readonly requestsPerMinute?: number | undefined;
  /** Cost as `Limits.cost` counts it; absent = any. */
  readonly costPerMinute?: number | undefined;
}

export class RateKeeper {
  readonly #requests: RateBuckets | undefined;
  readonly #cost: RateBuckets | undefined;

  /** `now`: milliseconds, never backwards. */
  constructor({ requestsPerMinute, costPerMinute }: CallerRates, now: () => number = () => performance.now()) {
    this.#requests = requestsPerMinute ? new RateBuckets('requestsPerMinute', requestsPerMinute, now) : undefined;
    this.#cost = costPerMinute ? new RateBuckets('costPerMinute', costPerMinute, now) : undefined;
  }

  /** Throws RATE_LIMITED. Callers without credentials are one caller. */
  countRequest({ id }: Principal): void {
    this.#requests?.take(id, 1);
  }

  /** Throws RATE_LIMITED. */
  countCost({ id }: Principal, cost: number): void {
    this.#cost?.take(id, cost);
  }
}
