/** Why a caller got no place. */
export type BulkheadRefusal = 'FULL' | 'WAITED_TOO_LONG' | 'CANCELLED';

interface Waiter {
  admit(): void;
}

/** Bounds how many calls run in one plugin at once, so that a slow one cannot take the whole process. */
export class Bulkhead {
  readonly #limit: number;
  readonly #queueLimit: number;
  readonly #waiting = new Set<Waiter>();
  #running = 0;

  constructor(limit: number) {
    this.#limit = limit;
    this.#queueLimit = limit * 16;
  }

  /** True at once when there is a place; whoever was admitted must `leave`. */
  tryEnter(): boolean {
    if (this.#running >= this.#limit) return false;
    this.#running += 1;
    return true;
  }

  /** Waits in line. Null = admitted. */
  wait(timeoutMs: number, signal: AbortSignal): Promise<BulkheadRefusal | null> {
    if (this.#waiting.size >= this.#queueLimit) return Promise.resolve('FULL');
    return new Promise((resolve) => {
      const finish = (refusal: BulkheadRefusal | null) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', cancel);
        this.#waiting.delete(waiter);
        resolve(refusal);
      };
      const waiter: Waiter = { admit: () => finish(null) };
      const cancel = () => finish('CANCELLED');
      const timer = setTimeout(() => finish('WAITED_TOO_LONG'), timeoutMs);
      signal.addEventListener('abort', cancel, { once: true });
      this.#waiting.add(waiter);
      if (signal.aborted) cancel();
    });
  }

  /** The place passes to the first in line, or is free again. */
  leave(): void {
    const [next] = this.#waiting;
    if (next) next.admit();
    else this.#running -= 1;
  }
}
