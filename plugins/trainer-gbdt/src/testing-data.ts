import type { Matrix, TrainerCall, TrainProgress } from '@falaj/contracts';
import { seededRandom } from './random.js';

/** Rows of uniform noise in [-2, 2), some missing, some on a coarse grid so that values meet thresholds exactly. */
export function randomMatrix(rows: number, columns: number, seed: number, missingShare = 0): Matrix {
  const random = seededRandom(seed);
  const values = Float32Array.from({ length: rows * columns }, (_, at) => {
    const value = random() * 4 - 2;
    if (random() < missingShare) return Number.NaN;
    return at % columns === 1 ? Math.round(value * 4) / 4 : value;
  });
  return { rows, columns: Array.from({ length: columns }, (_, column) => `c${column}`), values };
}

/** One label a row from the row's values. */
export function labelled(features: Matrix, label: (x: (column: number) => number, row: number) => number) {
  const width = features.columns.length;
  const labels = Float32Array.from({ length: features.rows }, (_, row) =>
    label((column) => features.values[row * width + column] as number, row),
  );
  return { features, labels };
}

export function silentCall(
  signal = new AbortController().signal,
  report: (progress: TrainProgress) => void = () => {},
) {
  return { signal, report } as unknown as TrainerCall;
}
