/**
 * Sums of gradients and hessians per bin: the inner loop of training.
 *
 * A cell is two numbers: the gradient sum, and one float64 that holds both the row count and the hessian sum. The count
 * sits above 2^shift, the hessian below it on a fixed-point grid, so sums and differences of cells are exact and
 * `minRowsPerLeaf` is kept to the row without a third array to fill.
 */
import type { BinnedMatrix } from './binning.js';

const MANTISSA_BITS = 53;

export interface CountedHessian {
  /** Worth of one row in the packed number: a power of two above any sum of hessians. */
  readonly rowUnit: number;
  /** Packs one row's hessian (0 <= hessian <= 1). */
  pack(hessian: number): number;
}

/** The finest grid on which these rows, with hessians of this sum, still sum without rounding. */
export function countedHessian(rows: number, hessianSum: number): CountedHessian {
  const hessianBits = Math.max(1, Math.ceil(Math.log2(hessianSum + 1)) + 1);
  const rowUnit = 2 ** hessianBits;
  const grid = 2 ** (MANTISSA_BITS - Math.ceil(Math.log2(rows + 1)) - hessianBits);
  // Adding and subtracting this constant rounds a small number to the grid: float64 does the work.
  const rounder = 2 ** 52 / grid;
  return { rowUnit, pack: (hessian) => hessian + rounder - rounder + rowUnit };
}

/**
 * Adds the rows `order[from..to)` into `cells`, over every column: a tree that samples columns only searches fewer.
 * `packed` holds the counted hessians.
 */
export function addRows(
  cells: Float64Array,
  data: BinnedMatrix,
  order: Int32Array,
  from: number,
  to: number,
  gradients: Float64Array,
  packed: Float64Array,
): void {
  const { bins, columns, offsets } = data;
  // Four columns a turn: their cells are apart, so the processor overlaps the four additions.
  const unrolled = columns - (columns % 4);
  for (let k = from; k < to; k++) {
    const row = order[k] as number;
    const gradient = gradients[row] as number;
    const hessian = packed[row] as number;
    const base = row * columns;
    let column = 0;
    for (; column < unrolled; column += 4) {
      const at = base + column;
      const a = ((offsets[column] as number) + (bins[at] as number)) << 1;
      const b = ((offsets[column + 1] as number) + (bins[at + 1] as number)) << 1;
      const c = ((offsets[column + 2] as number) + (bins[at + 2] as number)) << 1;
      const d = ((offsets[column + 3] as number) + (bins[at + 3] as number)) << 1;
      cells[a] = (cells[a] as number) + gradient;
      cells[a + 1] = (cells[a + 1] as number) + hessian;
      cells[b] = (cells[b] as number) + gradient;
      cells[b + 1] = (cells[b + 1] as number) + hessian;
      cells[c] = (cells[c] as number) + gradient;
      cells[c + 1] = (cells[c + 1] as number) + hessian;
      cells[d] = (cells[d] as number) + gradient;
      cells[d + 1] = (cells[d + 1] as number) + hessian;
    }
    for (; column < columns; column++) {
      const cell = ((offsets[column] as number) + (bins[base + column] as number)) << 1;
      cells[cell] = (cells[cell] as number) + gradient;
      cells[cell + 1] = (cells[cell + 1] as number) + hessian;
    }
  }
}

/** Turns a parent's histogram into that of the child whose sibling is given. */
export function subtract(parent: Float64Array, sibling: Float64Array): void {
  for (let i = 0; i < parent.length; i++) parent[i] = (parent[i] as number) - (sibling[i] as number);
}
