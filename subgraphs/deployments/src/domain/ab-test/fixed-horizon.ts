// Tests for one look at the planned size. Looking earlier and stopping on what one sees makes their error rates void.
import { normalQuantile, normalUpper, studentQuantile, studentTwoSided } from './distributions.js';
import { type ArmSample, type Comparison, meanOf, varianceOf } from './samples.js';

/**
 * Two proportions: pooled z test for the p value (the null says that both are one), Newcombe's hybrid score interval for
 * the difference, which stays inside [-1, 1] and keeps its coverage near 0 and 1.
 * Newcombe, R. G. (1998), Interval estimation for the difference between independent proportions, method 10.
 */
export function compareProportions(control: ArmSample, treatment: ArmSample, alpha: number): Comparison {
  const [p1, p2] = [meanOf(control), meanOf(treatment)];
  const difference = p2 - p1;
  const pooled = (control.sum + treatment.sum) / (control.n + treatment.n);
  const nullError = Math.sqrt(pooled * (1 - pooled) * (1 / control.n + 1 / treatment.n));
  const z = normalQuantile(1 - alpha / 2);
  const [l1, u1] = wilson(p1, control.n, z);
  const [l2, u2] = wilson(p2, treatment.n, z);
  return {
    difference,
    lower: difference - Math.hypot(p2 - l2, u1 - p1),
    upper: difference + Math.hypot(u2 - p2, p1 - l1),
    // Nobody or everybody in both arms: no difference to speak of.
    pValue: nullError === 0 ? 1 : Math.min(1, 2 * normalUpper(Math.abs(difference / nullError))),
    standardError: Math.sqrt((p1 * (1 - p1)) / control.n + (p2 * (1 - p2)) / treatment.n),
  };
}

/** Wilson's score interval of one proportion. */
function wilson(p: number, n: number, z: number): [number, number] {
  const square = (z * z) / n;
  const middle = p + square / 2;
  const half = z * Math.sqrt((p * (1 - p)) / n + square / (4 * n));
  return [(middle - half) / (1 + square), (middle + half) / (1 + square)];
}

/**
 * Two means with unequal variances. Welch, B. L. (1947), with Satterthwaite's degrees of freedom. The data of each arm
 * may be skewed: with hundreds of units the means are near enough to normal.
 */
export function compareMeans(
  control: ArmSample,
  treatment: ArmSample,
  alpha: number,
): Comparison & { readonly degreesOfFreedom: number } {
  const a = varianceOf(control) / control.n;
  const b = varianceOf(treatment) / treatment.n;
  const difference = meanOf(treatment) - meanOf(control);
  const standardError = Math.sqrt(a + b);
  if (standardError === 0) {
    const pValue = difference === 0 ? 1 : 0;
    const degreesOfFreedom = control.n + treatment.n - 2;
    return { difference, lower: difference, upper: difference, pValue, standardError, degreesOfFreedom };
  }
  const degreesOfFreedom = (a + b) ** 2 / (a ** 2 / (control.n - 1) + b ** 2 / (treatment.n - 1));
  const half = studentQuantile(alpha, degreesOfFreedom) * standardError;
  return {
    difference,
    lower: difference - half,
    upper: difference + half,
    pValue: studentTwoSided(difference / standardError, degreesOfFreedom),
    standardError,
    degreesOfFreedom,
  };
}
