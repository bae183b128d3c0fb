import type { Matrix } from '@falaj/contracts';

/** A regression tree in flat arrays; node 0 is the root. All numbers are exactly float32, as ONNX holds them. */
export interface Tree {
  /** Column tested, or -1 for a leaf. */
  readonly column: Int32Array;
  /** Values <= threshold go left. Infinity: every present value goes left. */
  readonly threshold: Float32Array;
  /** 1 where missing values go left. */
  readonly missingLeft: Uint8Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** Addition to the score; leaves only. */
  readonly value: Float32Array;
}

/** The tree's addition to the score of the row that starts at `values[at]`. */
export function leafValue(tree: Tree, values: Float32Array, at: number): number {
  const { column, threshold, missingLeft, left, right } = tree;
  let node = 0;
  for (let test = column[0] as number; test >= 0; test = column[node] as number) {
    const value = values[at + test] as number;
    const goesLeft = value <= (threshold[node] as number) || (missingLeft[node] === 1 && Number.isNaN(value));
    node = (goesLeft ? left[node] : right[node]) as number;
  }
  return tree.value[node] as number;
}

/** Raw scores of some rows, `outputs` per row: the exported model's arithmetic (float32, tree by tree, the base last). */
export function scoreRows(
  ensemble: { readonly outputs: number; readonly base: Float32Array; readonly trees: readonly Tree[] },
  matrix: Matrix,
  from: number,
  to: number,
  into: Float64Array,
): void {
  const { outputs, base, trees } = ensemble;
  const width = matrix.columns.length;
  for (let row = from; row < to; row++) {
    for (let output = 0; output < outputs; output++) {
      let score = 0;
      for (let t = output; t < trees.length; t += outputs) {
        score = Math.fround(score + leafValue(trees[t] as Tree, matrix.values, row * width));
      }
      into[row * outputs + output] = Math.fround(score + (base[output] as number));
    }
  }
}
