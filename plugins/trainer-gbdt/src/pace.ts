import { setImmediate as nextTurn } from 'node:timers/promises';
import { throwIfCancelled } from '@falaj/plugin-sdk';

/** Work done between two turns of the event loop, in milliseconds. */
const SLICE_MS = 20;

/** Training is one long computation: the pace gives the event loop its turns, and notices an abort at each. */
export interface Pace {
  /** True when the present slice is used up; then `await rest()`. */
  due(): boolean;
  /** Lets the event loop run. Rejects with CANCELLED when the signal has aborted. */
  rest(): Promise<void>;
}

export function keepPace(signal: AbortSignal): Pace {
  let sliceStart = performance.now();
  return {
    due: () => performance.now() - sliceStart >= SLICE_MS,
    async rest() {
      await nextTurn();
      throwIfCancelled({ signal });
      sliceStart = performance.now();
    },
  };
}
