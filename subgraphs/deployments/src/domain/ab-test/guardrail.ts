// Non-inferiority: a guardrail holds once its interval excludes harm beyond the margin, and is broken once it proves it.
import type { Comparison } from './samples.js';

export type Direction = 'INCREASE' | 'DECREASE';

export interface GuardrailVerdict {
  readonly status: 'HOLDS' | 'BROKEN' | 'OPEN';
  /** Worst harm that the interval still allows, in units of the metric; at most `margin` where it holds; null = any. */
  readonly worstHarm: number | null;
  readonly margin: number;
}

/** `better`: the direction in which the metric is good. `margin`: harm that is still tolerated, 0 or more. */
export function nonInferior(comparison: Comparison, better: Direction, margin: number): GuardrailVerdict {
  const worstHarm = better === 'INCREASE' ? -comparison.lower : comparison.upper;
  const leastHarm = better === 'INCREASE' ? -comparison.upper : comparison.lower;
  const status = worstHarm <= margin ? 'HOLDS' : leastHarm > margin ? 'BROKEN' : 'OPEN';
  return { status, worstHarm: Number.isFinite(worstHarm) ? worstHarm : null, margin };
}
