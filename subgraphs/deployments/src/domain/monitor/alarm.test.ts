import { expect, it } from 'vitest';
import { adjustedPValues } from './false-discovery.js';
import { persists } from './persistence.js';

// scipy.stats.false_discovery_control(ps, method='bh' | 'by'), SciPy 1.17.1
const ps = [0.01, 0.04, 0.03, 0.5, 0.001, 0.04];
it('agrees with SciPy', () => {
  const bh = adjustedPValues(ps, 'BENJAMINI_HOCHBERG');
  for (const [n, expected] of [0.03, 0.048, 0.048, 0.5, 0.006, 0.048].entries())
    expect(bh[n]).toBeCloseTo(expected, 12);
  const by = adjustedPValues(ps, 'BENJAMINI_YEKUTIELI');
  for (const [n, expected] of [0.0735, 0.1176, 0.1176, 1, 0.0147, 0.1176].entries())
    expect(by[n]).toBeCloseTo(expected, 12);
  expect(adjustedPValues([], 'BENJAMINI_HOCHBERG')).toEqual([]);
});

it('is the definition: k discoveries where the k-th smallest is at most k q / m', () => {
  let state = 7;
  const draw = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  for (let round = 0; round < 500; round++) {
    const values = Array.from({ length: 1 + Math.floor(draw() * 30) }, () => draw() ** 3);
    const sorted = values.toSorted((a, b) => a - b);
    const k = sorted.findLastIndex((value, n) => value <= ((n + 1) * 0.1) / values.length) + 1;
    const adjusted = adjustedPValues(values, 'BENJAMINI_HOCHBERG');
    expect(adjusted.filter((value) => value <= 0.1)).toHaveLength(k);
  }
});

it('one odd window is no drift, and a window that could not be judged is no all-clear', () => {
  const rule = { windows: 2, among: 3 };
  expect(persists([true], rule)).toBe(false);
  expect(persists([true, false, true], rule)).toBe(true);
  expect(persists([true, false, false, true], rule)).toBe(false);
  expect(persists([true, undefined, undefined, true], rule)).toBe(true);
  expect(persists([], rule)).toBe(false);
});
