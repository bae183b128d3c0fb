import type { DriftScore } from '@falaj/contracts';

/** Cells of the lattice that the exact count may visit: about a second. */
const MAX_CELLS = 2e8;

/** Two-sample Kolmogorov-Smirnov test of sorted samples, two-sided. Without values on a side: NaN, p = 1. */
export function kolmogorovSmirnov(reference: ArrayLike<number>, window: ArrayLike<number>): Omit<DriftScore, 'test'> {
  const [m, n] = [reference.length, window.length];
  if (m === 0 || n === 0) return { statistic: Number.NaN, pValue: 1 };
  const gap = largestGap(reference, window);
  return { statistic: gap / (m * n), pValue: probabilityOfGap(gap, m, n) };
}

/** The largest |i n - j m| where i and j values of each sample are at most x: the statistic in whole numbers, free of rounding. */
function largestGap(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let i = 0;
  let j = 0;
  let gap = 0;
  while (i < a.length && j < b.length) {
    const value = Math.min(a[i] as number, b[j] as number);
    while (i < a.length && (a[i] as number) <= value) i += 1;
    while (j < b.length && (b[j] as number) <= value) j += 1;
    gap = Math.max(gap, Math.abs(i * b.length - j * a.length));
  }
  return gap;
}

/**
 * The share of the orders of m + n values whose gap is at least `gap` (Hodges 1957). A random order is a walk from (0, 0)
 * to (m, n); what leaves the band |i n - j m| < gap is added up as it leaves, so that small probabilities keep their digits.
 * Beyond MAX_CELLS, or where the limit is under 1e-30, Kolmogorov's limit is given.
 */
function probabilityOfGap(gap: number, m: number, n: number): number {
  if (gap === 0) return 1;
  const limit = kolmogorovLimit((gap / (m * n)) * Math.sqrt((m * n) / (m + n)));
  const cells = Math.min((2 * gap) / Math.max(m, n), n) * m;
  if (limit < 1e-30 || cells > MAX_CELLS) return limit;
  // One column of the walk at a time: the probability of standing at (i, j) without having left.
  let column = new Float64Array(n + 2);
  let next = new Float64Array(n + 2);
  let outside = 0;
  column[0] = 1;
  for (let i = 0; i <= m; i++) {
    const from = Math.max(0, Math.floor((i * n - gap) / m) + 1);
    const to = Math.min(n, Math.ceil((i * n + gap) / m) - 1);
    const nextFrom = Math.max(0, Math.floor(((i + 1) * n - gap) / m) + 1);
    const nextTo = Math.min(n, Math.ceil(((i + 1) * n + gap) / m) - 1);
    for (let j = nextFrom; j <= nextTo; j++) next[j] = 0;
    for (let j = from; j <= to; j++) {
      const here = column[j] as number;
      if (here === 0) continue;
      const left = m + n - i - j;
      if (left === 0) continue;
      const right = (here * (m - i)) / left;
      const up = (here * (n - j)) / left;
      if (i < m) {
        if (j >= nextFrom && j <= nextTo) next[j] = (next[j] as number) + right;
        else outside += right;
      }
      if (j < n) {
        if (j + 1 <= to) column[j + 1] = (column[j + 1] as number) + up;
        else outside += up;
      }
    }
    [column, next] = [next, column];
  }
  return Math.min(1, outside);
}

/** Survival function of Kolmogorov's distribution (Smirnov 1948); the second form is its theta transform for small values. */
function kolmogorovLimit(z: number): number {
  if (z <= 0) return 1;
  if (z < 1.18) {
    const factor = Math.exp((-Math.PI * Math.PI) / (8 * z * z));
    let sum = 0;
    for (let k = 1; k <= 19; k += 2) sum += factor ** (k * k);
    return 1 - (Math.sqrt(2 * Math.PI) / z) * sum;
  }
  let sum = 0;
  for (let k = 1; k <= 20; k++) sum += (k % 2 === 1 ? 1 : -1) * Math.exp(-2 * k * k * z * z);
  return Math.min(1, 2 * sum);
}
