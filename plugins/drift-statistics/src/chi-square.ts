import type { DriftScore } from '@falaj/contracts';

/** Pearson's test of homogeneity over two rows of counts; bins that both lack are left out. No bins to compare: 0, p = 1. */
export function chiSquare(reference: readonly number[], window: readonly number[]): Omit<DriftScore, 'test'> {
  const sum = (counts: readonly number[]) => counts.reduce((all, count) => all + count, 0);
  const [r, w] = [sum(reference), sum(window)];
  let statistic = 0;
  let bins = 0;
  for (const [bin, found] of reference.entries()) {
    const other = window[bin] as number;
    if (found + other === 0) continue;
    bins += 1;
    for (const [observed, rows] of [
      [found, r],
      [other, w],
    ] as const) {
      const expected = ((found + other) * rows) / (r + w);
      statistic += (observed - expected) ** 2 / expected;
    }
  }
  return { statistic, pValue: bins < 2 ? 1 : upperGamma((bins - 1) / 2, statistic / 2) };
}

/** Regularised upper incomplete gamma Q(a, x): a series below a + 1, Lentz's continued fraction above (Abramowitz and Stegun 6.5). */
export function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1;
  const scale = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let series = term;
    for (let n = 1; term > series * 1e-17; n++) {
      term *= x / (a + n);
      series += term;
    }
    return 1 - series * scale;
  }
  let b = x + 1 - a;
  let c = Number.MAX_VALUE;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; n < 10_000; n++) {
    const step = -n * (n - a);
    b += 2;
    d = 1 / (step * d + b);
    c = b + step / c;
    const change = c * d;
    fraction *= change;
    if (Math.abs(change - 1) < 1e-16) break;
  }
  return scale * fraction;
}

/** Lanczos' approximation with g = 7 and nine terms, good to 1e-15; for a > 0. */
function logGamma(a: number): number {
  if (a < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * a)) - logGamma(1 - a);
  const x = a - 1;
  const t = x + 7.5;
  const series = LANCZOS.reduce((sum, term, n) => sum + (n === 0 ? term : term / (x + n)), 0);
  return Math.log(2 * Math.PI) / 2 + (x + 0.5) * Math.log(t) - t + Math.log(series);
}

const LANCZOS = [
  0.999_999_999_999_809_93, 676.520_368_121_885_1, -1_259.139_216_722_402_8, 771.323_428_777_653_13,
  -176.615_029_162_140_6, 12.507_343_278_686_905, -0.138_571_095_265_720_12, 9.984_369_578_019_572e-6,
  1.505_632_735_149_311_6e-7,
];
