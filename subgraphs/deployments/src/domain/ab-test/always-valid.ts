// Results that hold at every look at once: stop whenever you like.
//
// The asymptotic confidence sequence of a mean, with Robbins' normal mixture: Waudby-Smith, Arbour, Sinha, Kennedy and
// Ramdas, Time-uniform central limit theory and asymptotic confidence sequences (arXiv 2103.06476v7), equation 9, tuned
// by equation 161; its p value is the mixture sequential probability ratio test of Johari, Pekelis and Walsh, Always valid
// inference (arXiv 1512.04922), inverted. Asymptotic: an early look leans on the central limit theorem, hence the smallest
// sample below which no verdict is given (see `smallestLook`).
import { type ArmSample, type Comparison, meanOf, varianceOf } from './samples.js';

/** Units over all arms at which the sequence is tightest, unless a test plans another number. */
export const TUNED_FOR = 5000;

/** Equation 161: the rho that makes the boundary tightest at n units. */
export function mixtureRho(alpha: number, tunedFor: number = TUNED_FOR): number {
  const twice = -2 * Math.log(alpha);
  return Math.sqrt((twice + Math.log(twice + 1)) / tunedFor);
}

/** Equation 9: half the width of the sequence after n units whose variance is given. */
export function halfWidth(variance: number, n: number, alpha: number, rho: number): number {
  const mixed = n * rho * rho + 1;
  return Math.sqrt(variance) * Math.sqrt(((2 * mixed) / (n * rho) ** 2) * Math.log(Math.sqrt(mixed) / alpha));
}

/** Always-valid two-sided p value of a difference with a standard error after n units; never below the true one. */
export function sequentialPValue(difference: number, standardError: number, n: number, rho: number): number {
  const mixed = n * rho * rho + 1;
  const statistic = (n * difference * difference) / (standardError * standardError);
  return Math.min(1, Math.exp(0.5 * Math.log(mixed) - (rho * rho * statistic) / (2 * mixed)));
}

/** Compares two arms at any time, as often as you like. */
export function compareSequentially(
  control: ArmSample,
  treatment: ArmSample,
  alpha: number,
  tunedFor: number = TUNED_FOR,
): Comparison {
  const n = control.n + treatment.n;
  const difference = meanOf(treatment) - meanOf(control);
  const standardError = Math.sqrt(varianceOf(control) / control.n + varianceOf(treatment) / treatment.n);
  if (!(standardError > 0)) {
    // No variance seen yet is no evidence of anything.
    return { difference, lower: Number.NEGATIVE_INFINITY, upper: Number.POSITIVE_INFINITY, pValue: 1, standardError };
  }
  const rho = mixtureRho(alpha, tunedFor);
  const half = halfWidth(standardError * standardError * n, n, alpha, rho);
  return {
    difference,
    lower: difference - half,
    upper: difference + half,
    pValue: sequentialPValue(difference, standardError, n, rho),
    standardError,
  };
}

/** Units in every arm, and successes and failures of a proportion, below which the asymptotics are not trusted. */
export const SMALLEST_ARM = 100;
export const SMALLEST_COUNT = 20;

/** Whether the sample bears an asymptotic statement. Fixed in advance by counts, so it does not select on the effect. */
export function smallestLook(arm: ArmSample, proportion: boolean): boolean {
  if (arm.n < SMALLEST_ARM) return false;
  return !proportion || Math.min(arm.sum, arm.n - arm.sum) >= SMALLEST_COUNT;
}
