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

/** Adds the rows `order[from..to)` into `cells` over the given columns. `packed` holds the counted hessians. */
export function addRows(
  cells: Float64Array,
  data: BinnedMatrix,
  chosen: Int32Array,
  order: Int32Array,
  from: number,
  to: number,
  gradients: Float64Array,
  packed: Float64Array,
): void {
  const { bins, columns } = data;
  const starts = Int32Array.from(chosen, (column) => (data.offsets[column] as number) << 1);
  const width = chosen.length;
  for (let k = from; k < to; k++) {
    const row = order[k] as number;
    const gradient = gradients[row] as number;
    const hessian = packed[row] as number;
    const base = row * columns;
    for (let c = 0; c < width; c++) {
      const cell = (starts[c] as number) + ((bins[base + (chosen[c] as number)] as number) << 1);
      cells[cell] = (cells[cell] as number) + gradient;
      cells[cell + 1] = (cells[cell + 1] as number) + hessian;
    }
  }
}

/** Turns a parent's histogram into that of the child whose sibling is given. */
export function subtract(parent: Float64Array, sibling: Float64Array): void {
  for (let i = 0; i < parent.length; i++) parent[i] = (parent[i] as number) - (sibling[i] as number);
}
