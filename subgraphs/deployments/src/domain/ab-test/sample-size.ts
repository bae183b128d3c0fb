// How many subjects a test needs before anyone is exposed.
import { PlatformError } from '@falaj/runtime';
import { halfWidth, mixtureRho } from './always-valid.js';
import { normalQuantile } from './distributions.js';

export interface SamplePlan {
  readonly control: number;
  readonly treatment: number;
}

interface Wanted {
  readonly alpha: number;
  /** Probability of finding the minimum effect where it is real, e.g. 0.8. */
  readonly power: number;
  /** Subjects of treatment for each one of control; default 1. */
  readonly ratio?: number;
}

/**
 * Two-sided, normal: the smallest n of control with z(1-alpha/2)·s0 + z(power)·s1 = |effect|·√n, where s0² and s1² are
 * the variances of the difference times n under the null and under the effect.
 * Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, equation 4.14, without continuity correction.
 */
function fixed(effect: number, nullVariance: number, effectVariance: number, { alpha, power, ratio = 1 }: Wanted) {
  const root =
    normalQuantile(1 - alpha / 2) * Math.sqrt(nullVariance) + normalQuantile(power) * Math.sqrt(effectVariance);
  return rounded((root / effect) ** 2, ratio);
}

/** `effect`: absolute change of the proportion. */
export function samplesForProportion(baseline: number, effect: number, wanted: Wanted): SamplePlan {
  const { ratio = 1 } = wanted;
  const changed = baseline + effect;
  const pooled = (baseline + ratio * changed) / (1 + ratio);
  return fixed(
    effect,
    pooled * (1 - pooled) * (1 + 1 / ratio),
    baseline * (1 - baseline) + (changed * (1 - changed)) / ratio,
    wanted,
  );
}

/** `effect`: absolute change of the mean, in the unit of the standard deviation. */
export function samplesForMean(deviation: number, effect: number, wanted: Wanted): SamplePlan {
  const variance = deviation ** 2 * (1 + 1 / (wanted.ratio ?? 1));
  return fixed(effect, variance, variance, wanted);
}

/**
 * When an always-valid test tuned for that very size has found the effect with the power wanted: its half width and the
 * normal quantile of the power together are no wider than the effect. It costs more than the fixed horizon at the
 * planned effect, and ends sooner where the effect is larger. `variances` of control and treatment.
 */
export function samplesSequential(variances: readonly [number, number], effect: number, wanted: Wanted): SamplePlan {
  const { alpha, power, ratio = 1 } = wanted;
  const reach = (control: number): number => {
    const n = control * (1 + ratio);
    const squared = variances[0] / control + variances[1] / (control * ratio);
    return halfWidth(squared * n, n, alpha, mixtureRho(alpha, n)) + normalQuantile(power) * Math.sqrt(squared);
  };
  let high = 2;
  while (reach(high) > Math.abs(effect) && high < 1e12) high *= 2;
  let low = high / 2;
  while (high - low > 0.5) {
    const middle = (low + high) / 2;
    if (reach(middle) > Math.abs(effect)) low = middle;
    else high = middle;
  }
  return rounded(high, ratio);
}

const rounded = (control: number, ratio: number): SamplePlan => ({
  control: Math.ceil(control),
  treatment: Math.ceil(control * ratio),
});

/** What a plan starts from, as a caller gives it. */
export interface PlanRequest {
  readonly kind: 'PROPORTION' | 'MEAN';
  readonly baseline: number;
  /** Of a MEAN, per subject. */
  readonly deviation?: number | null | undefined;
  readonly minimumEffect: number;
  readonly method: 'FIXED_HORIZON' | 'ALWAYS_VALID';
  readonly alpha: number;
  readonly power: number;
  readonly treatmentShare: number;
}

/** More than GraphQL's Int could say. */
const MOST_SUBJECTS = 2_147_483_647;

/** Throws BAD_USER_INPUT where the baseline and the effect are no proportions, a mean has no deviation, or nobody has so many subjects. */
export function planTest(request: PlanRequest): SamplePlan {
  const plan = planOf(request);
  if (plan.control + plan.treatment <= MOST_SUBJECTS) return plan;
  throw new PlatformError(
    'BAD_USER_INPUT',
    `input.minimumEffect: ${request.minimumEffect} would need more than ${MOST_SUBJECTS} subjects; plan for a larger effect.`,
  );
}

function planOf(request: PlanRequest): SamplePlan {
  const { kind, baseline, deviation, minimumEffect: effect, method, alpha, power, treatmentShare } = request;
  const wanted = { alpha, power, ratio: treatmentShare / (1 - treatmentShare) };
  if (kind === 'MEAN') {
    if (!deviation)
      throw new PlatformError(
        'BAD_USER_INPUT',
        'input.deviation: found nothing; a MEAN is planned from its deviation.',
      );
    if (method === 'ALWAYS_VALID') return samplesSequential([deviation ** 2, deviation ** 2], effect, wanted);
    return samplesForMean(deviation, effect, wanted);
  }
  const changed = baseline + effect;
  if (!(baseline > 0 && changed < 1)) {
    const found = `baseline ${baseline} and minimumEffect ${effect}`;
    throw new PlatformError('BAD_USER_INPUT', `input: found ${found}; a PROPORTION stays above 0 and below 1.`);
  }
  if (method === 'FIXED_HORIZON') return samplesForProportion(baseline, effect, wanted);
  return samplesSequential([baseline * (1 - baseline), changed * (1 - changed)], effect, wanted);
}
