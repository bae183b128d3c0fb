import type { BinnedMatrix } from './binning.js';

export interface SplitRules {
  readonly l2: number;
  readonly minRowsPerLeaf: number;
  readonly minHessianPerLeaf: number;
}

/** Sums over the rows of one node. */
export interface NodeSums {
  readonly rows: number;
  readonly gradient: number;
  readonly hessian: number;
}

export interface Split {
  readonly gain: number;
  readonly column: number;
  /** Rows whose bin is at most this one go left. */
  readonly bin: number;
  readonly missingLeft: boolean;
}

/** Gains below this are rounding, not structure; labels of a regression are standardised, so it has one meaning. */
const LEAST_GAIN = 1e-6;

/** The split with the largest gain, or undefined when none is allowed. Ties go to the first column and bin. */
export function bestSplit(
  cells: Float64Array,
  data: BinnedMatrix,
  chosen: Int32Array,
  node: NodeSums,
  rowUnit: number,
  rules: SplitRules,
): Split | undefined {
  const { l2, minRowsPerLeaf, minHessianPerLeaf } = rules;
  const { rows, gradient, hessian } = node;
  const perRowUnit = 1 / rowUnit;
  const fewestRows = minRowsPerLeaf * rowUnit;
  const mostRows = (rows - minRowsPerLeaf + 1) * rowUnit;
  const parentScore = (gradient * gradient) / (hessian + l2);
  let bestScore = parentScore + LEAST_GAIN;
  let bestColumn = -1;
  let bestBin = 0;
  let missingLeft = false;

  for (const column of chosen) {
    const first = (data.offsets[column] as number) << 1;
    const edgeCount = (data.edges[column] as Float32Array).length;
    const missingCell = first + ((edgeCount + 1) << 1);
    const missingHere = (cells[missingCell + 1] as number) >= rowUnit;
    // Pass 0 sends missing values right, pass 1 left. Where there are none, the passes are the same.
    for (let pass = 0; pass < (missingHere ? 2 : 1); pass++) {
      let leftGradient = pass === 1 ? (cells[missingCell] as number) : 0;
      let leftPacked = pass === 1 ? (cells[missingCell + 1] as number) : 0;
      // With missing values on the right, "every present value left" is a split as well.
      const bins = missingHere && pass === 0 ? edgeCount + 1 : edgeCount;
      for (let bin = 0; bin < bins; bin++) {
        const cell = first + (bin << 1);
        leftGradient += cells[cell] as number;
        leftPacked += cells[cell + 1] as number;
        if (leftPacked < fewestRows) continue;
        if (leftPacked >= mostRows) break;
        const leftRows = Math.floor(leftPacked * perRowUnit);
        const leftHessian = leftPacked - leftRows * rowUnit;
        const rightHessian = hessian - leftHessian;
        if (leftHessian < minHessianPerLeaf || rightHessian < minHessianPerLeaf) continue;
        const rightGradient = gradient - leftGradient;
        const left = leftHessian + l2;
        const right = rightHessian + l2;
        // The score is lifted / (left * right); comparing across the fraction leaves the division to the winners.
        const lifted = leftGradient * leftGradient * right + rightGradient * rightGradient * left;
        if (lifted > bestScore * left * right) {
          bestScore = lifted / (left * right);
          bestColumn = column;
          bestBin = bin;
          // A value missing only when the model is used follows the larger side.
          missingLeft = missingHere ? pass === 1 : leftRows * 2 >= rows;
        }
      }
    }
  }
  return bestColumn < 0 ? undefined : { gain: bestScore - parentScore, column: bestColumn, bin: bestBin, missingLeft };
}
