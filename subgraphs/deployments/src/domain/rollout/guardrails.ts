// What a canary may do worse than the revision that it is to replace, and whether it did. All statements hold at every
// look, for the controller looks every second: a breach is proved, never a bad moment of a small sample.
import { compareSequentially, halfWidth, mixtureRho, smallestLook } from '../ab-test/always-valid.js';
import { type Direction, nonInferior } from '../ab-test/guardrail.js';
import type { ArmSample } from '../ab-test/samples.js';
import { countAbove, countOf, distance, leastEdge, quantileOf, type Sketch } from './sketch.js';

export type Guardrail =
  /** `limit`: greatest tolerated excess of the share of failed requests over the baseline's, e.g. 0.01. */
  | { readonly metric: 'ERROR_RATE'; readonly limit: number }
  /** `limit`: greatest tolerated ratio of the 95th percentiles, e.g. 1.5. */
  | { readonly metric: 'LATENCY_P95'; readonly limit: number }
  /** `limit`: greatest tolerated Kolmogorov-Smirnov distance of the score distributions, e.g. 0.2. */
  | { readonly metric: 'SCORE_SHIFT'; readonly limit: number }
  /** `limit`: greatest tolerated loss per subject, in the unit of the outcome. */
  | {
      readonly metric: 'BUSINESS_METRIC';
      readonly limit: number;
      readonly outcome: string;
      readonly kind: 'PROPORTION' | 'MEAN';
      readonly better: Direction;
    };

/** What a variant did since the step began, summed over all processes. */
export interface VariantFacts {
  readonly requests: number;
  readonly errors: number;
  /** Milliseconds of the requests that were answered. */
  readonly latency: Sketch;
  readonly scores: Sketch;
  /** Outcomes per subject, by the name of the outcome. */
  readonly outcomes: Readonly<Record<string, ArmSample>>;
}

/** One look at one guardrail. */
export interface GuardrailFinding {
  readonly metric: Guardrail['metric'];
  /** Name of the outcome of a BUSINESS_METRIC. */
  readonly outcome: string | null;
  /** HOLDS: within the limit as far as seen. EXCEEDED: beyond it, not proved. BROKEN: proved at level alpha. TOO_EARLY: too little was seen. */
  readonly status: 'HOLDS' | 'EXCEEDED' | 'BROKEN' | 'TOO_EARLY';
  readonly found: number | null;
  readonly limit: number;
  /** The least that `found` can be by the always-valid interval; BROKEN where this is beyond the limit. */
  readonly atLeast: number | null;
  readonly candidateCount: number;
  readonly baselineCount: number;
}

/** Requests of each variant below which nothing is said. */
const SMALLEST_SAMPLE = 50;
const P95_SHARE = 0.05;

export function judge(
  guardrail: Guardrail,
  candidate: VariantFacts,
  baseline: VariantFacts,
  alpha: number,
): GuardrailFinding {
  const of = (found: number | null, atLeast: number | null, candidateCount: number, baselineCount: number) => {
    const { metric, limit } = guardrail;
    const outcome = guardrail.metric === 'BUSINESS_METRIC' ? guardrail.outcome : null;
    const early = found === null || Math.min(candidateCount, baselineCount) < SMALLEST_SAMPLE;
    const status = early
      ? 'TOO_EARLY'
      : (atLeast ?? -Infinity) > limit
        ? 'BROKEN'
        : found > limit
          ? 'EXCEEDED'
          : 'HOLDS';
    return { metric, outcome, status, found, limit, atLeast, candidateCount, baselineCount } as const;
  };
  switch (guardrail.metric) {
    case 'ERROR_RATE': {
      if (candidate.requests === 0 || baseline.requests === 0)
        return of(null, null, candidate.requests, baseline.requests);
      const found = candidate.errors / candidate.requests - baseline.errors / baseline.requests;
      return of(found, excess(candidate, baseline, alpha), candidate.requests, baseline.requests);
    }
    case 'LATENCY_P95': {
      const [own, others] = [quantileOf(candidate.latency, 0.95), quantileOf(baseline.latency, 0.95)];
      const [n, m] = [countOf(candidate.latency), countOf(baseline.latency)];
      if (own === null || others === null || others <= 0) return of(null, null, n, m);
      return of(own / others, leastRatio(candidate.latency, baseline.latency, guardrail.limit, alpha), n, m);
    }
    case 'SCORE_SHIFT': {
      const [n, m] = [countOf(candidate.scores), countOf(baseline.scores)];
      if (n === 0 || m === 0) return of(null, null, n, m);
      const found = distance(candidate.scores, baseline.scores);
      return of(found, Math.max(0, found - band(n, alpha / 2) - band(m, alpha / 2)), n, m);
    }
    case 'BUSINESS_METRIC': {
      const empty = { n: 0, sum: 0, sumOfSquares: 0 };
      const own = candidate.outcomes[guardrail.outcome] ?? empty;
      const others = baseline.outcomes[guardrail.outcome] ?? empty;
      const proportion = guardrail.kind === 'PROPORTION';
      if (!smallestLook(own, proportion) || !smallestLook(others, proportion)) return of(null, null, own.n, others.n);
      const comparison = compareSequentially(others, own, alpha);
      const { difference, lower, upper } = comparison;
      const better = guardrail.better === 'INCREASE';
      const { status } = nonInferior(comparison, guardrail.better, guardrail.limit);
      const atLeast = better ? -upper : lower;
      return of(
        better ? -difference : difference,
        status === 'BROKEN' ? atLeast : Math.min(atLeast, guardrail.limit),
        own.n,
        others.n,
      );
    }
  }
}

/**
 * Lower end of the always-valid interval of the difference of two failure shares. One failure and one success are added
 * to each side (Agresti and Caffo 2000): where all or none fail, the plain variance would be zero.
 */
function excess(candidate: VariantFacts, baseline: VariantFacts, alpha: number): number {
  const smooth = ({ requests, errors }: VariantFacts): ArmSample => ({
    n: requests + 2,
    sum: errors + 1,
    sumOfSquares: errors + 1,
  });
  return compareSequentially(smooth(baseline), smooth(candidate), alpha).lower;
}

/**
 * Whether the ratio of the percentiles is proved to be beyond the limit: then more than 5 % of the candidate's requests
 * are slower than the limit times the baseline's percentile. Neither percentile is known: half of alpha goes to the
 * largest that the baseline's can be, half to the candidate's share above the limit times that. Both are always-valid
 * intervals of one share at one point, since the share above a value falls as the value grows. Answers the largest proved
 * ratio, and 0 where the limit itself is not proved.
 */
function leastRatio(candidate: Sketch, baseline: Sketch, limit: number, alpha: number): number {
  const [n, m] = [countOf(candidate), countOf(baseline)];
  const greatest = leastEdge(baseline, (above) => shareOf(above, m, alpha / 2).upper < P95_SHARE);
  if (greatest === null) return 0;
  const proved = (ratio: number) => shareOf(countAbove(candidate, ratio * greatest), n, alpha / 2).lower > P95_SHARE;
  if (!proved(limit)) return 0;
  let ratio = limit;
  while (ratio < limit * 1e6 && proved(ratio * 1.05)) ratio *= 1.05;
  return ratio * (1 + 1e-9);
}

/** Always-valid interval of a share; one value of each kind is added, as in `excess`. */
function shareOf(count: number, total: number, alpha: number): { readonly lower: number; readonly upper: number } {
  const n = total + 2;
  const share = (count + 1) / n;
  const half = halfWidth(share * (1 - share), n, alpha, mixtureRho(alpha));
  return { lower: share - half, upper: share + half };
}

/**
 * Half the width of a time-uniform band around an empirical distribution function: Howard and Ramdas (2022), Sequential
 * estimation of quantiles (Bernoulli 28(3)), corollary 2, which is theorem 2 with A = 0.85 and C = 0.8 log(1612 / alpha).
 */
export const band = (n: number, alpha: number): number =>
  0.85 * Math.sqrt((Math.log(Math.log(Math.E * n)) + 0.8 * Math.log(1612 / alpha)) / n);
