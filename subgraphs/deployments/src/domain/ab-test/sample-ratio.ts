// Sample ratio mismatch: an assignment that does not match its weights means that something selects subjects, and then no
// difference between arms means anything. Fabijan et al. (2019), Diagnosing sample ratio mismatch in online experiments.
import { chiSquareUpper, logGamma } from './distributions.js';

export const SRM_THRESHOLD = 0.001;
/** Below this expected count in any arm the chi-square approximation is not used where the exact test can be. */
const SMALL_EXPECTED = 5;
const MOST_OUTCOMES = 200_000;

export interface SampleRatio {
  readonly statistic: number;
  readonly pValue: number;
  readonly method: 'CHI_SQUARE' | 'EXACT';
  /** False below the threshold: no verdict may be given. */
  readonly ok: boolean;
}

/** Subjects found in each arm against the weights; arms of weight 0 must be left out by the caller. */
export function sampleRatio(observed: readonly number[], weights: readonly number[]): SampleRatio {
  const n = observed.reduce((sum, count) => sum + count, 0);
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  const shares = weights.map((weight) => weight / whole);
  if (n === 0 || shares.length < 2) return { statistic: 0, pValue: 1, method: 'EXACT', ok: true };
  const statistic = shares.reduce(
    (sum, share, arm) => sum + ((observed[arm] as number) - n * share) ** 2 / (n * share),
    0,
  );
  const small = shares.some((share) => n * share < SMALL_EXPECTED);
  const exact = small && outcomes(n, shares.length) <= MOST_OUTCOMES;
  const pValue = exact ? exactP(observed, shares, n) : chiSquareUpper(statistic, shares.length - 1);
  return { statistic, pValue, method: exact ? 'EXACT' : 'CHI_SQUARE', ok: pValue >= SRM_THRESHOLD };
}

/** How many ways there are to spread n subjects over so many arms. */
function outcomes(n: number, arms: number): number {
  return Math.exp(logGamma(n + arms) - logGamma(arms) - logGamma(n + 1));
}

/** Probability of all assignments that are at most as likely as the observed one, as SciPy's binomtest counts them. */
function exactP(observed: readonly number[], shares: readonly number[], n: number): number {
  const logShares = shares.map(Math.log);
  const logTotal = logGamma(n + 1);
  const of = (counts: readonly number[]) =>
    counts.reduce((sum, count, arm) => sum + count * (logShares[arm] as number) - logGamma(count + 1), logTotal);
  const limit = of(observed) + 1e-7;
  let p = 0;
  const spread = (left: number, arm: number, counts: number[]): void => {
    if (arm === shares.length - 1) {
      counts[arm] = left;
      const log = of(counts);
      if (log <= limit) p += Math.exp(log);
      return;
    }
    for (let count = 0; count <= left; count++) {
      counts[arm] = count;
      spread(left - count, arm + 1, counts);
    }
  };
  spread(n, 0, []);
  return Math.min(1, p);
}

export const MULTIPLE_EXPOSURE_THRESHOLD = 0.01;

/** Subjects seen in more than one arm; above 1 % the arms are not what they claim to be. */
export function multipleExposures(subjects: number, inSeveralArms: number) {
  const share = subjects === 0 ? 0 : inSeveralArms / subjects;
  return { subjects: inSeveralArms, share, ok: share <= MULTIPLE_EXPOSURE_THRESHOLD };
}
