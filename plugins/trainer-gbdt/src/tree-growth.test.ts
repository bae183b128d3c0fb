import { expect, test } from 'vitest';
import { binMatrix } from './binning.js';
import { boost } from './boosting.js';
import { countedHessian } from './histogram.js';
import { keepPace } from './pace.js';
import { readParameters } from './parameters.js';
import { labelled, randomMatrix } from './testing-data.js';
import type { Tree } from './tree.js';

const pace = () => keepPace(new AbortController().signal);

/** Rows per node and depth per node, by walking every row from the root. */
function occupancy(tree: Tree, values: Float32Array, width: number) {
  const rows = new Map<number, number>();
  let deepest = 0;
  for (let at = 0; at < values.length; at += width) {
    let node = 0;
    let depth = 0;
    while ((tree.column[node] as number) >= 0) {
      const value = values[at + (tree.column[node] as number)] as number;
      const left = Number.isNaN(value) ? tree.missingLeft[node] === 1 : value <= (tree.threshold[node] as number);
      node = (left ? tree.left[node] : tree.right[node]) as number;
      depth++;
    }
    rows.set(node, (rows.get(node) ?? 0) + 1);
    deepest = Math.max(deepest, depth);
  }
  return { rows, deepest };
}

test('every leaf of every tree holds its rows, exactly, and no tree is too wide or deep', async () => {
  const features = randomMatrix(1_500, 5, 11, 0.15);
  const training = labelled(features, (x) => ((x(0) || 0) * (x(2) || 1) + (x(1) || 0) > 0.9 ? 1 : 0));
  const limits = { trees: 30, minRowsPerLeaf: 37, maxLeaves: 13, maxDepth: 4, maxBins: 50 };
  const parameters = readParameters(limits, false);
  const job = { task: 'binary' as const, training, validation: undefined, classes: 2, parameters, seed: 3 };
  const { ensemble } = await boost(job, pace(), () => {});
  expect(ensemble.trees).toHaveLength(30);
  let smallest = Number.POSITIVE_INFINITY;
  for (const tree of ensemble.trees) {
    const { rows, deepest } = occupancy(tree, features.values, 5);
    const leaves = tree.column.filter((column) => column < 0).length;
    expect(leaves).toBe(rows.size);
    expect(leaves).toBeLessThanOrEqual(13);
    expect(deepest).toBeLessThanOrEqual(4);
    for (const count of rows.values()) smallest = Math.min(smallest, count);
  }
  expect(smallest).toBe(37);
});

test('bins follow their edges, and the edges are float32 below the values they part', async () => {
  const next = Math.fround(1 + 2 ** -23);
  const values = Float32Array.of(1, next, Number.NaN, -3, 1, next);
  const binned = await binMatrix({ rows: 6, columns: ['a'], values }, 255, 0, pace());
  expect([...binned.bins]).toEqual([1, 2, 3, 0, 1, 2]);
  expect([...(binned.edges[0] as Float32Array)]).toEqual([-1, 1]);
});

test('counted hessians sum without rounding and give the row count back', () => {
  const hessians = Array.from({ length: 20_000 }, (_, row) => ((row * 7919) % 10_007) / 40_028);
  const total = hessians.reduce((sum, hessian) => sum + hessian, 0);
  const { rowUnit, pack } = countedHessian(hessians.length, total);
  const sum = hessians.reduce((packed, hessian) => packed + pack(hessian), 0);
  const backwards = hessians.toReversed().reduce((packed, hessian) => packed + pack(hessian), 0);
  expect(sum).toBe(backwards);
  expect(Math.floor(sum / rowUnit)).toBe(20_000);
  expect(sum % rowUnit).toBeCloseTo(total, 2);
});
