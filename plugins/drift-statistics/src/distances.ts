// Distances between two distributions. The binned ones take counts of the same bins.

/** A share of nothing would make the logarithm endless; Evidently and the banks that the index comes from floor it alike. */
const LEAST_SHARE = 1e-4;

const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);
const sharesOf = (counts: readonly number[]): number[] => {
  const sum = total(counts);
  return counts.map((count) => count / sum);
};

/** Population stability index, in nats: Σ (w - r) ln(w / r) over the bins that either has. */
export function psi(reference: readonly number[], window: readonly number[]): number {
  const r = sharesOf(reference);
  const w = sharesOf(window);
  return r.reduce((sum, share, bin) => {
    const other = w[bin] as number;
    if (share === 0 && other === 0) return sum;
    const from = Math.max(share, LEAST_SHARE);
    const to = Math.max(other, LEAST_SHARE);
    return sum + (to - from) * Math.log(to / from);
  }, 0);
}

/** Jensen-Shannon distance, 0..1: the root of the divergence to base 2 (Endres and Schindelin 2003). */
export function jensenShannon(reference: readonly number[], window: readonly number[]): number {
  const r = sharesOf(reference);
  const w = sharesOf(window);
  let divergence = 0;
  for (const [bin, share] of r.entries()) {
    const other = w[bin] as number;
    const middle = (share + other) / 2;
    if (share > 0) divergence += (share * Math.log2(share / middle)) / 2;
    if (other > 0) divergence += (other * Math.log2(other / middle)) / 2;
  }
  return Math.sqrt(Math.max(0, divergence));
}

/** First Wasserstein distance of two sorted samples, in their own unit: the area between the distribution functions. NaN without values. */
export function wasserstein(reference: ArrayLike<number>, window: ArrayLike<number>): number {
  if (reference.length === 0 || window.length === 0) return Number.NaN;
  let area = 0;
  let i = 0;
  let j = 0;
  let before = Math.min(reference[0] as number, window[0] as number);
  while (i < reference.length || j < window.length) {
    const a = i < reference.length ? (reference[i] as number) : Number.POSITIVE_INFINITY;
    const b = j < window.length ? (window[j] as number) : Number.POSITIVE_INFINITY;
    const value = Math.min(a, b);
    area += Math.abs(i / reference.length - j / window.length) * (value - before);
    while (i < reference.length && reference[i] === value) i += 1;
    while (j < window.length && window[j] === value) j += 1;
    before = value;
  }
  return area;
}
