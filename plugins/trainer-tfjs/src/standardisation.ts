import type { Matrix } from '@falaj/contracts';

/** What is done to each column before the first layer, learned from the training rows: x -> (x - center) * scale, missing -> 0. */
export interface Standardisation {
  readonly center: Float32Array;
  readonly scale: Float32Array;
}

export function standardisationOf({ rows, columns, values }: Matrix): Standardisation {
  const center = new Float32Array(columns.length);
  const scale = new Float32Array(columns.length);
  for (let column = 0; column < columns.length; column++) {
    let count = 0;
    let mean = 0;
    let squares = 0;
    // Welford's updates: large values keep their digits.
    for (let row = 0; row < rows; row++) {
      const value = values[row * columns.length + column] as number;
      if (Number.isNaN(value)) continue;
      count += 1;
      const before = value - mean;
      mean += before / count;
      squares += before * (value - mean);
    }
    const spread = count > 0 ? Math.sqrt(squares / count) : 0;
    center[column] = mean;
    scale[column] = spread > 1e-12 ? 1 / spread : 1;
  }
  return { center, scale };
}

/** In float32 step by step, as the exported model computes it. */
export function standardised({ values, columns }: Matrix, { center, scale }: Standardisation): Float32Array {
  const out = new Float32Array(values.length);
  for (let place = 0; place < values.length; place++) {
    const column = place % columns.length;
    const value = values[place] as number;
    out[place] = Number.isNaN(value) ? 0 : Math.fround(value - (center[column] as number)) * (scale[column] as number);
  }
  return out;
}
