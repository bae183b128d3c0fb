// One attempt of a step: its signal, its silence limit, its grace.
import type { Step } from '@falaj/runtime';

/** How long an effect may take to heed its signal before it is left behind. */
const GRACE_MS = 5_000;

/** The step said nothing for its `timeoutMs`. Not a PlatformError: another attempt may be quicker. */
export class StepTimeout extends Error {
  constructor(key: string, timeoutMs: number) {
    super(`Step "${key}" was silent for ${timeoutMs} ms, its timeout: give it longer, or call heartbeat() in it.`);
    this.name = 'StepTimeout';
  }
}

export interface AttemptOptions {
  readonly key: string;
  readonly attempt: number;
  readonly idempotencyKey: string;
  readonly timeoutMs: number | undefined;
  /** Aborts when the run is interrupted. */
  readonly interrupted: AbortSignal;
  readonly log: Step['log'];
}

/** Runs the effect once. Rejects with its failure, its timeout, or the reason of the interruption. */
export async function runAttempt<Output>(
  options: AttemptOptions,
  effect: (step: Step) => Promise<Output> | Output,
): Promise<Output> {
  const { key, timeoutMs, interrupted } = options;
  const silent = new AbortController();
  const signal = AbortSignal.any([interrupted, silent.signal]);
  let silence: NodeJS.Timeout | undefined;
  let grace: NodeJS.Timeout | undefined;
  const listen = () => {
    clearTimeout(silence);
    if (timeoutMs !== undefined) silence = setTimeout(() => silent.abort(new StepTimeout(key, timeoutMs)), timeoutMs);
  };
  const leftBehind = Promise.withResolvers<never>();
  const onAbort = () => {
    grace = setTimeout(() => leftBehind.reject(signal.reason), GRACE_MS);
  };
  signal.addEventListener('abort', onAbort);
  const step: Step = {
    signal,
    attempt: options.attempt,
    idempotencyKey: options.idempotencyKey,
    heartbeat() {
      signal.throwIfAborted();
      listen();
    },
    log: options.log,
  };
  listen();
  try {
    signal.throwIfAborted();
    return await Promise.race([Promise.resolve(effect(step)), leftBehind.promise]);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    clearTimeout(silence);
    clearTimeout(grace);
    signal.removeEventListener('abort', onAbort);
  }
}

/** Resolves after the wait; rejects with the signal's reason. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
