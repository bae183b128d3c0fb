// Bins are fixed from the reference alone: with edges that move with the window, scores of two windows say nothing of
// each other.
import type { DriftColumn, DriftProfile } from '@falaj/contracts';

/** The values that are there, in their order. */
export const presentNumbers = (values: Float64Array): Float64Array => values.filter((value) => !Number.isNaN(value));

/** What is kept of the reference. Numeric bins hold equal shares of it where its values allow. */
export function profileOf(column: DriftColumn, bins: number, sample: number): DriftProfile {
  if (column.kind === 'CATEGORICAL') return profileOfCategories(column.values, bins);
  const sorted = presentNumbers(column.values).sort();
  const edges = [...new Set(Array.from({ length: bins - 1 }, (_, n) => quantile(sorted, (n + 1) / bins)))].filter(
    (edge) => !Number.isNaN(edge),
  );
  const missing = column.values.length - sorted.length;
  const profile = { kind: 'NUMERIC' as const, edges, categories: [], rows: column.values.length, missing };
  const counts = countsOf({ ...profile, counts: new Array(edges.length + 1).fill(0), sample: [] }, column);
  return { ...profile, counts: counts.slice(0, -1), sample: thinned(sorted, sample) };
}

function profileOfCategories(values: readonly (string | null)[], bins: number): DriftProfile {
  const found = new Map<string, number>();
  for (const value of values) if (value !== null) found.set(value, (found.get(value) ?? 0) + 1);
  // By frequency, ties by name: the same rows give the same bins, whatever their order.
  const ordered = [...found].toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).slice(0, bins - 1);
  const known = ordered.reduce((sum, [, count]) => sum + count, 0);
  const missing = values.filter((value) => value === null).length;
  return {
    kind: 'CATEGORICAL',
    edges: [],
    categories: ordered.map(([name]) => name),
    counts: [...ordered.map(([, count]) => count), values.length - missing - known],
    rows: values.length,
    missing,
    sample: [],
  };
}

/** Rows of the window in each bin of the profile, and last the missing ones. */
export function countsOf(profile: DriftProfile, column: DriftColumn): number[] {
  const counts = new Array<number>(profile.counts.length + 1).fill(0);
  const missing = counts.length - 1;
  const count = (bin: number) => {
    counts[bin] = (counts[bin] ?? 0) + 1;
  };
  if (column.kind === 'NUMERIC') {
    for (const value of column.values) count(Number.isNaN(value) ? missing : binOf(profile.edges, value));
  } else {
    const bins = new Map(profile.categories.map((name, bin) => [name, bin]));
    for (const value of column.values) count(value === null ? missing : (bins.get(value) ?? bins.size));
  }
  return counts;
}

/** The first bin whose upper edge lies above the value. */
function binOf(edges: readonly number[], value: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value < (edges[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Linear between the neighbours, as NumPy's default. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[below + 1] ?? low;
  return low + (place - below) * (high - low);
}

/** Evenly spread order statistics, the extremes among them. */
function thinned(sorted: Float64Array, size: number): number[] {
  if (sorted.length <= size) return [...sorted];
  if (size < 2) return [...sorted.subarray(0, size)];
  return Array.from({ length: size }, (_, n) => sorted[Math.round((n * (sorted.length - 1)) / (size - 1))] as number);
}
