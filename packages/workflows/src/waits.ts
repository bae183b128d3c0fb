// What a run waits for. While it does nothing else it is let go: no process holds it until a signal or a time wakes it.
import type { Json } from '@falaj/runtime';
import type { Journal } from './journal.js';

/** A turn or two for the function to go on after its last step before it is taken for waiting. */
const QUIET_MS = 20;
/** A shorter sleep is not worth letting go for. */
const SHORT_SLEEP_MS = 1_500;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface Waits {
  signal(name: string): Promise<Json>;
  until(time: Date): Promise<void>;
  /** Work began; no work is left. */
  busy(): void;
  quiet(): void;
  /** Reads which signals have come. */
  look(): Promise<void>;
  close(): void;
}

export function openWaits(parts: {
  journal: Pick<Journal, 'signals' | 'suspend'>;
  idle: () => boolean;
  now: () => number;
  suspended: () => void;
  failed: (error: unknown) => void;
}): Waits {
  const signals = new Map<string, (payload: Json) => void>();
  const sleeps = new Map<symbol, { at: number; timer: NodeJS.Timeout }>();
  let quietTimer: NodeJS.Timeout | undefined;
  let closed = false;

  const quiet = (): void => {
    clearTimeout(quietTimer);
    if (closed || signals.size + sleeps.size === 0) return;
    quietTimer = setTimeout(() => void letGo().catch(parts.failed), QUIET_MS);
  };

  async function letGo(): Promise<void> {
    if (closed || !parts.idle() || signals.size + sleeps.size === 0) return;
    const next = Math.min(...[...sleeps.values()].map(({ at }) => at));
    if (next - parts.now() < SHORT_SLEEP_MS) return;
    const gone = await parts.journal.suspend([...signals.keys()], Number.isFinite(next) ? new Date(next) : undefined);
    if (gone) parts.suspended();
    else await look();
  }

  async function look(): Promise<void> {
    if (closed || signals.size === 0) return;
    for (const { key, output } of await parts.journal.signals()) {
      signals.get(key)?.(output);
      signals.delete(key);
    }
    quiet();
  }

  return {
    signal(name) {
      const came = new Promise<Json>((resolve) => signals.set(name, resolve));
      quiet();
      return came;
    },
    until(time) {
      const left = time.getTime() - parts.now();
      if (left <= 0) return Promise.resolve();
      const over = new Promise<void>((resolve) => {
        const id = Symbol();
        const timer = setTimeout(
          () => {
            sleeps.delete(id);
            resolve();
            quiet();
          },
          Math.min(left, LONGEST_TIMER_MS),
        );
        sleeps.set(id, { at: time.getTime(), timer });
      });
      quiet();
      return over;
    },
    busy: () => clearTimeout(quietTimer),
    quiet,
    look: () => look().catch(parts.failed),
    close() {
      closed = true;
      clearTimeout(quietTimer);
      for (const { timer } of sleeps.values()) clearTimeout(timer);
    },
  };
}
