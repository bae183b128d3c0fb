// Against SciPy, statsmodels and gbstats (fixtures/make-statistics.py) and the golden numbers of the papers' formulas.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compareSequentially, halfWidth, mixtureRho, sequentialPValue, smallestLook } from './always-valid.js';
import {
  betaI,
  chiSquareUpper,
  normalQuantile,
  normalUpper,
  studentQuantile,
  studentTwoSided,
} from './distributions.js';
import { compareMeans, compareProportions } from './fixed-horizon.js';
import { nonInferior } from './guardrail.js';
import { multipleExposures, sampleRatio } from './sample-ratio.js';
import { samplesForMean, samplesForProportion, samplesSequential } from './sample-size.js';
import { armOfProportion } from './samples.js';

type Row = readonly number[];
interface Arms {
  readonly control: Row;
  readonly treatment: Row;
  readonly alpha: number;
  readonly pValue: number;
  readonly lower: number;
  readonly upper: number;
}
const reference = JSON.parse(readFileSync(new URL('./fixtures/statistics.json', import.meta.url), 'utf8')) as {
  readonly distributions: Readonly<Record<string, readonly Row[]>>;
  readonly proportions: readonly Arms[];
  readonly means: readonly (Arms & { readonly df: number })[];
  readonly sequential: readonly (Arms & { readonly rho: number; readonly tunedFor: number })[];
  readonly sampleRatios: readonly {
    readonly observed: Row;
    readonly weights: Row;
    readonly method: string;
    readonly statistic?: number;
    readonly pValue: number;
  }[];
  readonly sampleSizes: readonly {
    readonly kind: string;
    readonly baseline: number;
    readonly deviation: number;
    readonly effect: number;
    readonly alpha: number;
    readonly power: number;
    readonly ratio: number;
    readonly control: number;
  }[];
};

/** Relative to the expected value. */
function close(found: number, expected: number, tolerance: number): void {
  expect(Math.abs(found - expected) / Math.max(Math.abs(expected), 1e-300), `${found} for ${expected}`).toBeLessThan(
    tolerance,
  );
}
const arm = ([n = 0, sum = 0, sumOfSquares = 0]: Row) => ({ n, sum, sumOfSquares });
const proportion = ([successes = 0, n = 0]: Row) => armOfProportion(successes, n);

it.each([
  ['normalUpper', normalUpper],
  ['studentTwoSided', studentTwoSided],
  ['studentQuantile', studentQuantile],
  ['chiSquareUpper', chiSquareUpper],
  ['betaI', betaI],
] as const)('%s agrees with SciPy', (name, of) => {
  for (const row of reference.distributions[name] ?? [])
    close((of as (...given: number[]) => number)(...row.slice(0, -1)), row.at(-1) as number, 1e-9);
});

it('normalQuantile agrees with SciPy', () => {
  for (const [p = 0, z = 0] of reference.distributions.normalQuantile ?? [])
    expect(Math.abs(normalQuantile(p) - z)).toBeLessThan(1e-12);
});

it('two proportions: p value and Newcombe interval agree with statsmodels', () => {
  for (const row of reference.proportions) {
    const found = compareProportions(proportion(row.control), proportion(row.treatment), row.alpha);
    close(found.pValue, row.pValue, 1e-9);
    close(found.lower, row.lower, 1e-9);
    close(found.upper, row.upper, 1e-9);
  }
});

it('two means: Welch agrees with SciPy', () => {
  for (const row of reference.means) {
    const found = compareMeans(arm(row.control), arm(row.treatment), row.alpha);
    close(found.pValue, row.pValue, 1e-8);
    close(found.degreesOfFreedom, row.df, 1e-9);
    close(found.lower, row.lower, 1e-8);
    close(found.upper, row.upper, 1e-8);
  }
});

describe('always valid', () => {
  it('agrees with gbstats', () => {
    for (const row of reference.sequential) {
      const found = compareSequentially(arm(row.control), arm(row.treatment), row.alpha, row.tunedFor);
      close(mixtureRho(row.alpha, row.tunedFor), row.rho, 1e-12);
      close(found.pValue, row.pValue, 1e-8);
      close(found.lower, row.lower, 1e-8);
      close(found.upper, row.upper, 1e-8);
    }
  });

  it('gives the golden numbers', () => {
    const rho = mixtureRho(0.05, 5000);
    close(rho, 0.0398400668, 1e-9);
    close(halfWidth(1, 1000, 0.05, rho), 0.1063754701, 1e-9);
    close(halfWidth(1, 5000, 0.05, rho), 0.0429243372, 1e-9);
  });

  it('has a p value below alpha exactly where its interval leaves out zero', () => {
    const rho = mixtureRho(0.05);
    for (let n = 100; n < 100_000; n *= 2) {
      const error = 1 / Math.sqrt(n);
      const half = halfWidth(1, n, 0.05, rho);
      expect(sequentialPValue(half * 1.0001, error, n, rho)).toBeLessThan(0.05);
      expect(sequentialPValue(half * 0.9999, error, n, rho)).toBeGreaterThan(0.05);
    }
  });

  it('says nothing where nothing varied, or too few were seen', () => {
    const none = armOfProportion(0, 500);
    expect(compareSequentially(none, none, 0.05)).toMatchObject({ pValue: 1, upper: Number.POSITIVE_INFINITY });
    expect(smallestLook(armOfProportion(19, 500), true)).toBe(false);
    expect(smallestLook(armOfProportion(20, 500), true)).toBe(true);
    expect(smallestLook({ n: 99, sum: 1, sumOfSquares: 1 }, false)).toBe(false);
  });
});

describe('sample ratio', () => {
  it('agrees with SciPy, chi-square and exact', () => {
    for (const row of reference.sampleRatios) {
      const found = sampleRatio(row.observed, row.weights);
      expect(found.method).toBe(row.method);
      close(found.pValue, row.pValue, 1e-8);
      if (row.statistic !== undefined) close(found.statistic, row.statistic, 1e-12);
    }
  });

  it('gives the golden numbers and blocks below 0.001', () => {
    const golden = [
      [[5000, 4800], [1, 1], 4.08163, 0.0433518],
      [[5000, 4700], [1, 1], 9.27835, 0.00231878],
      [[9000, 1100], [9, 1], 8.91089, 0.00283475],
    ] as const;
    for (const [observed, weights, statistic, pValue] of golden) {
      const found = sampleRatio(observed, weights);
      expect(found.ok).toBe(true);
      close(found.statistic, statistic, 2e-6);
      close(found.pValue, pValue, 2e-6);
    }
    expect(sampleRatio([5000, 4600], [1, 1])).toMatchObject({ ok: false });
  });

  it('counts who was seen in several arms', () => {
    expect(multipleExposures(1000, 10).ok).toBe(true);
    expect(multipleExposures(1000, 11)).toEqual({ subjects: 11, share: 0.011, ok: false });
    expect(multipleExposures(0, 0).ok).toBe(true);
  });
});

describe('sample size', () => {
  it('agrees with statsmodels', () => {
    for (const row of reference.sampleSizes) {
      const { alpha, power, ratio, effect } = row;
      const found =
        row.kind === 'PROPORTION'
          ? samplesForProportion(row.baseline, effect, { alpha, power, ratio })
          : samplesForMean(row.deviation, effect, { alpha, power, ratio });
      expect(found.control).toBe(Math.ceil(row.control));
    }
  });

  it('asks more of an always-valid test, but not twice as much', () => {
    const wanted = { alpha: 0.05, power: 0.8 };
    const fixed = samplesForMean(1, 0.05, wanted).control;
    const sequential = samplesSequential([1, 1], 0.05, wanted).control;
    expect(sequential / fixed).toBeGreaterThan(1.2);
    expect(sequential / fixed).toBeLessThan(2);
  });
});

it('a guardrail holds, is broken, or is open still', () => {
  const interval = (lower: number, upper: number) => ({ difference: 0, lower, upper, pValue: 1, standardError: 1 });
  expect(nonInferior(interval(-0.01, 0.02), 'INCREASE', 0.02).status).toBe('HOLDS');
  expect(nonInferior(interval(-0.09, -0.03), 'INCREASE', 0.02)).toEqual({
    status: 'BROKEN',
    worstHarm: 0.09,
    margin: 0.02,
  });
  expect(nonInferior(interval(-0.05, 0.05), 'INCREASE', 0.02).status).toBe('OPEN');
  expect(nonInferior(interval(0.03, 0.05), 'DECREASE', 0.02).status).toBe('BROKEN');
});
