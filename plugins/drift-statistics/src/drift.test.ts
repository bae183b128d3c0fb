// Against SciPy: fixtures/scipy.json is made by fixtures/make.py, which draws the same numbers.
import { readFileSync } from 'node:fs';
import type { DriftColumn, DriftTest } from '@falaj/contracts';
import { conformance, fakeCall } from '@falaj/plugin-testing';
import { describe, expect, it } from 'vitest';
import { upperGamma } from './chi-square.js';
import { openDrift } from './drift.js';
import plugin from './index.js';
import { kolmogorovSmirnov } from './kolmogorov-smirnov.js';

interface Case {
  readonly seed: number;
  readonly m: number;
  readonly n: number;
  readonly shift: number;
  readonly grid: number;
  readonly edges: number[];
  readonly reference: number[];
  readonly window: number[];
  readonly ks: [number, number];
  readonly chi: [number, number];
  readonly js: number;
  readonly wasserstein: number;
  readonly psi: number;
}
const scipy = JSON.parse(readFileSync(new URL('../fixtures/scipy.json', import.meta.url), 'utf8')) as {
  cases: Case[];
  gamma: [number, number, number][];
};

function uniform(seed: number, n: number): Float64Array {
  let state = seed;
  return Float64Array.from({ length: n }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  });
}

function columnsOf({ seed, m, n, shift, grid }: Case): [DriftColumn, DriftColumn] {
  const snap = (value: number) => (grid ? Math.floor(value * grid) / grid : value);
  const reference = uniform(seed, m).map((value) => snap(value ** 2));
  const window = uniform(seed + 100, n).map((value) => snap(value ** 2 + shift));
  return [
    { kind: 'NUMERIC', values: reference },
    { kind: 'NUMERIC', values: window },
  ];
}

const tests: DriftTest[] = ['PSI', 'KOLMOGOROV_SMIRNOV', 'CHI_SQUARE', 'JENSEN_SHANNON', 'WASSERSTEIN'];
const drift = openDrift();
const judge = async (reference: DriftColumn, window: DriftColumn, bins = 10, sample = 20_000) => {
  const profile = await drift.profile({ column: reference, bins, sample }, fakeCall());
  const scores = await drift.compare({ profile, window, tests }, fakeCall());
  return { profile, of: Object.fromEntries(scores.map((score) => [score.test, score])) };
};

/** To a part of the larger, or of one. */
const near = (found: number | null | undefined, expected: number, tolerance: number) =>
  expect(Math.abs((found ?? Number.NaN) - expected)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(expected)));

it.each(scipy.cases)('agrees with SciPy on $m against $n values, shift $shift', async (expected) => {
  const [reference, window] = columnsOf(expected);
  const { profile, of } = await judge(reference, window);
  expect(profile.counts).toEqual(expected.reference);
  for (const [n, edge] of expected.edges.entries()) near(profile.edges[n], edge, 1e-12);
  near(of.KOLMOGOROV_SMIRNOV?.statistic, expected.ks[0], 1e-9);
  near(of.KOLMOGOROV_SMIRNOV?.pValue, expected.ks[1], 1e-8);
  near(of.CHI_SQUARE?.statistic, expected.chi[0], 1e-9);
  near(of.CHI_SQUARE?.pValue, expected.chi[1], 1e-8);
  near(of.JENSEN_SHANNON?.statistic, expected.js, 1e-9);
  near(of.WASSERSTEIN?.statistic, expected.wasserstein, 1e-9);
  near(of.PSI?.statistic, expected.psi, 1e-9);
});

it('small probabilities keep their digits', () => {
  for (const expected of scipy.cases.filter(({ ks }) => ks[1] > 1e-12)) {
    const [reference, window] = columnsOf(expected);
    const { pValue } = kolmogorovSmirnov(
      Float64Array.from(reference.values as Float64Array).sort(),
      Float64Array.from(window.values as Float64Array).sort(),
    );
    expect(Math.abs((pValue ?? 0) / expected.ks[1] - 1)).toBeLessThan(1e-8);
  }
  for (const [a, x, expected] of scipy.gamma) {
    if (expected > 1e-300) expect(Math.abs(upperGamma(a, x) / expected - 1)).toBeLessThan(1e-8);
  }
});

it('the exact probability is the share of orders, counted one by one', () => {
  // All orders of 4 and 3 values; the gap of each, as the definition has it.
  const gaps: number[] = [];
  for (let order = 0; order < 2 ** 7; order++) {
    const bits = Array.from({ length: 7 }, (_, n) => (order >> n) & 1);
    if (bits.filter(Boolean).length !== 4) continue;
    let [i, j, gap] = [0, 0, 0];
    for (const bit of bits) {
      if (bit) i += 1;
      else j += 1;
      gap = Math.max(gap, Math.abs(i / 4 - j / 3));
    }
    gaps.push(gap);
  }
  const a = [1, 2, 3, 7];
  const b = [4, 5, 6];
  const { statistic, pValue } = kolmogorovSmirnov(a, b);
  expect(statistic).toBe(0.75);
  expect(pValue).toBeCloseTo(gaps.filter((gap) => gap >= 0.75 - 1e-12).length / gaps.length, 14);
});

describe('bins', () => {
  const numbers = (...values: number[]): DriftColumn => ({ kind: 'NUMERIC', values: Float64Array.from(values) });
  const words = (...values: (string | null)[]): DriftColumn => ({ kind: 'CATEGORICAL', values });

  it('the reference against itself has no distance', async () => {
    const column = numbers(...uniform(3, 500));
    const { of } = await judge(column, column);
    expect(Object.values(of).map(({ statistic }) => statistic)).toEqual([0, 0, 0, 0, 0]);
    expect(of.CHI_SQUARE?.pValue).toBe(1);
    expect(of.KOLMOGOROV_SMIRNOV?.pValue).toBe(1);
  });

  it('a column of one value is one bin, and another value is far from it', async () => {
    const { profile, of } = await judge(numbers(5, 5, 5, 5), numbers(4, 4, 4, 4));
    expect(profile.counts.filter((count) => count > 0)).toEqual([4]);
    expect(of.JENSEN_SHANNON?.statistic).toBeCloseTo(1, 12);
    expect(of.WASSERSTEIN?.statistic).toBe(1);
  });

  it('missing values are a bin of their own', async () => {
    const { profile, of } = await judge(numbers(1, 2, 3, Number.NaN), numbers(Number.NaN, Number.NaN, Number.NaN, 1));
    expect(profile).toMatchObject({ rows: 4, missing: 1 });
    expect(of.PSI?.statistic).toBeGreaterThan(0.5);
    expect(of.KOLMOGOROV_SMIRNOV?.statistic).toBeCloseTo(2 / 3, 12);
  });

  it('a category that the reference does not name is counted beside the rare ones', async () => {
    const reference = words('a', 'a', 'a', 'b', 'b', 'c', null);
    const { profile, of } = await judge(reference, words('new', 'new', 'a', null, 'b', 'c', 'a'), 3);
    expect(profile).toMatchObject({ categories: ['a', 'b'], counts: [3, 2, 1], missing: 1 });
    expect(Object.keys(of).toSorted()).toEqual(['CHI_SQUARE', 'JENSEN_SHANNON', 'PSI']);
    expect(of.CHI_SQUARE?.statistic).toBeCloseTo(0.2 + 1 / 3 + 1, 10);
  });

  it('the kept sample holds the extremes and is no longer than asked for', async () => {
    const column = numbers(...uniform(9, 1000));
    const { profile } = await judge(column, column, 10, 100);
    expect(profile.sample).toHaveLength(100);
    expect(profile.sample[0]).toBe(Math.min(...(column.values as Float64Array)));
    expect(profile.sample.at(-1)).toBe(Math.max(...(column.values as Float64Array)));
    expect((await judge(column, column, 10, 0)).of.KOLMOGOROV_SMIRNOV?.pValue).toBe(1);
  });
});

describe('conformance', () => {
  it.each(conformance(plugin).map((each) => [each.id, each] as const))('%s', (_, each) => each.run());
});
