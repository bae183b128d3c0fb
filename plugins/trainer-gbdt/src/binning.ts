import type { Matrix } from '@falaj/contracts';
import type { Pace } from './pace.js';
import { sampleAscending, seededRandom } from './random.js';

/** Beyond this many rows the bin edges come from a seeded sample: more rows move them by less than a bin. */
const EDGE_SAMPLE_ROWS = 200_000;
const ROWS_PER_SLICE = 100_000;

/** A matrix as small integers: what the histograms are counted over. */
export interface BinnedMatrix {
  readonly rows: number;
  readonly columns: number;
  /** Row-major; `rows * columns`. */
  readonly bins: Uint8Array;
  /**
   * Upper edges per column, ascending, each exactly a float32: bin b holds the values v with edges[b-1] < v <= edges[b],
   * and the last value bin (b = edges.length) the rest.
   */
  readonly edges: readonly Float32Array[];
  /** Start of each column's cells in a histogram: edges.length + 1 value bins, then one for missing values. */
  readonly offsets: Int32Array;
  /** Cells of a histogram over all columns. */
  readonly cells: number;
}

export async function binMatrix(matrix: Matrix, maxBins: number, seed: number, pace: Pace): Promise<BinnedMatrix> {
  const { rows, values } = matrix;
  const columns = matrix.columns.length;
  const bins = new Uint8Array(rows * columns);
  const offsets = new Int32Array(columns);
  const edges: Float32Array[] = [];
  const sampled = Math.min(rows, EDGE_SAMPLE_ROWS);
  const sample = new Int32Array(sampled);
  sampleAscending(rows, sampled, seededRandom(seed), sample);
  let cells = 0;
  for (let column = 0; column < columns; column++) {
    if (pace.due()) await pace.rest();
    const columnEdges = edgesOf(sortedValues(values, columns, column, sample), maxBins);
    for (let from = 0; from < rows; from += ROWS_PER_SLICE) {
      if (pace.due()) await pace.rest();
      binRows(values, columns, column, columnEdges, bins, from, Math.min(rows, from + ROWS_PER_SLICE));
    }
    edges.push(columnEdges);
    offsets[column] = cells;
    cells += columnEdges.length + 2;
  }
  return { rows, columns, bins, edges, offsets, cells };
}

/** The sampled present values of one column, ascending. */
function sortedValues(values: Float32Array, columns: number, column: number, sample: Int32Array): Float32Array {
  const present = new Float32Array(sample.length);
  let count = 0;
  for (const row of sample) {
    const value = values[row * columns + column] as number;
    if (!Number.isNaN(value)) present[count++] = value;
  }
  return present.subarray(0, count).sort();
}

/** One bin a distinct value where they fit, else bins of about equal row counts. */
function edgesOf(sorted: Float32Array, maxBins: number): Float32Array {
  const distinct = distinctUpTo(sorted, maxBins);
  const edges: number[] = [];
  if (distinct) {
    for (let i = 1; i < distinct.length; i++) edges.push(between(distinct[i - 1] as number, distinct[i] as number));
    return Float32Array.from(edges);
  }
  const largest = sorted[sorted.length - 1] as number;
  for (let bin = 1; bin < maxBins; bin++) {
    const cut = Math.floor((bin * sorted.length) / maxBins);
    const edge = between(sorted[cut - 1] as number, sorted[cut] as number);
    if (edge < largest && (edges.length === 0 || edge > (edges[edges.length - 1] as number))) edges.push(edge);
  }
  return Float32Array.from(edges);
}

function distinctUpTo(sorted: Float32Array, limit: number): number[] | undefined {
  const distinct: number[] = [];
  for (const value of sorted) {
    if (distinct.length > 0 && value === distinct[distinct.length - 1]) continue;
    if (distinct.length === limit) return undefined;
    distinct.push(value);
  }
  return distinct;
}

/** A float32 e with low <= e < high, near the middle. ONNX compares in float32, so training must too. */
function between(low: number, high: number): number {
  const middle = Math.fround((low + high) / 2);
  return middle < high ? middle : low;
}

/** Fills one column of `bins` for some rows. */
function binRows(
  values: Float32Array,
  columns: number,
  column: number,
  edges: Float32Array,
  bins: Uint8Array,
  from: number,
  to: number,
): void {
  const missingBin = edges.length + 1;
  for (let row = from; row < to; row++) {
    const at = row * columns + column;
    const value = values[at] as number;
    if (Number.isNaN(value)) {
      bins[at] = missingBin;
      continue;
    }
    let low = 0;
    let high = edges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (value <= (edges[middle] as number)) high = middle;
      else low = middle + 1;
    }
    bins[at] = low;
  }
}
