// What a stage works with. Everything outside is asked through the graph as the principal on whose behalf the run goes.
import { PlatformError, type Step } from '@falaj/runtime';
import type { Values } from './definition.js';
import type { RunPlan } from './pipeline-run.js';

export interface StageContext {
  readonly plan: RunPlan;
  readonly stage: string;
  readonly inputs: Values;
  readonly step: Step;
  /** Runs a document against the whole graph. */
  query<T>(document: string, variables: Record<string, unknown>): Promise<T>;
  /** Notes the training run that belongs to the stage, so that a cancellation reaches it. */
  noteTrainingRun(runId: string): Promise<void>;
  /** Mean of the label of a sealed training set, read where it is stored. */
  labelRate(trainingSetId: string): Promise<number | null>;
  runCommand(): Promise<Values>;
}

export type Perform = (context: StageContext) => Promise<Values>;

/** The value, where policy or absence did not withhold it. */
export function present<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined)
    throw new PlatformError('FORBIDDEN', `${what} is not there, or is withheld from the principal of this run.`, {
      details: { withheld: what },
    });
  return value;
}

/** Waits, or rejects with the reason of the signal. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}
