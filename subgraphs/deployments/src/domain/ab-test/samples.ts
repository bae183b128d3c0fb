/** What the tests need of one arm: enough to merge arms of several processes by adding. */
export interface ArmSample {
  /** Independent units: subjects, never requests. */
  readonly n: number;
  readonly sum: number;
  readonly sumOfSquares: number;
}

/** A proportion is the mean of zeros and ones. */
export const armOfProportion = (successes: number, n: number): ArmSample => ({
  n,
  sum: successes,
  sumOfSquares: successes,
});

export const meanOf = ({ n, sum }: ArmSample): number => (n === 0 ? Number.NaN : sum / n);

/** Unbiased; NaN below two units. */
export function varianceOf({ n, sum, sumOfSquares }: ArmSample): number {
  if (n < 2) return Number.NaN;
  return Math.max(0, (sumOfSquares - (sum * sum) / n) / (n - 1));
}

/** Treatment minus control, absolute, in units of the metric. */
export interface Comparison {
  readonly difference: number;
  readonly lower: number;
  readonly upper: number;
  /** Two-sided. */
  readonly pValue: number;
  readonly standardError: number;
}
