import type { BinnedMatrix } from './binning.js';
import { addRows, subtract } from './histogram.js';
import type { Pace } from './pace.js';
import { bestSplit, type Split, type SplitRules } from './split-search.js';
import type { Tree } from './tree.js';

const CELLS_PER_SLICE = 1_000_000;

export interface GrowthRules extends SplitRules {
  readonly maxLeaves: number;
  readonly maxDepth: number;
  readonly learningRate: number;
}

/** Buffers that every tree of a training uses again. */
export interface Workshop {
  readonly data: BinnedMatrix;
  readonly gradients: Float64Array;
  readonly hessians: Float64Array;
  /** The hessians with their row counted in, see histogram.ts. */
  readonly packed: Float64Array;
  /** Rows in the order of their leaves; the first `rows` of a task are that tree's. */
  readonly order: Int32Array;
  readonly spare: Int32Array;
  readonly histograms: Float64Array[];
  /** Gain per column, summed over all splits so far. */
  readonly gains: Float64Array;
}

/** What one tree is grown from. */
export interface TreeTask {
  /** The tree's rows are `order[0..rows)`. */
  readonly rows: number;
  /** Columns that it may split on, ascending. */
  readonly chosen: Int32Array;
  /** Worth of one row in `packed`. */
  readonly rowUnit: number;
  /** Leaf values are multiplied by it. */
  readonly scale: number;
}

export interface GrownTree {
  readonly tree: Tree;
  /** Leaves with the slice of `order` that fell into each. */
  readonly leaves: readonly { readonly from: number; readonly to: number; readonly value: number }[];
}

interface Leaf {
  readonly node: number;
  readonly depth: number;
  readonly from: number;
  readonly to: number;
  readonly gradient: number;
  readonly hessian: number;
  cells: Float64Array | undefined;
  split: Split | undefined;
}

/** Grows one tree, always splitting the leaf with the largest gain. */
export async function growTree(shop: Workshop, task: TreeTask, rules: GrowthRules, pace: Pace): Promise<GrownTree> {
  const { data, histograms } = shop;
  const draft = draftTree(rules.maxLeaves);
  const root = openLeaf(shop, 0, 0, 0, task.rows);
  const leaves = [root];
  if (worthSearching(root, rules) && rules.maxLeaves > 1) {
    await fillHistogram(shop, root, pace);
    search(shop, root, task, rules);
  }

  while (leaves.length < rules.maxLeaves) {
    if (pace.due()) await pace.rest();
    const at = mostGain(leaves);
    const parent = leaves[at] as Leaf;
    const split = parent.split;
    if (!split) break;
    shop.gains[split.column] = (shop.gains[split.column] as number) + split.gain;
    const middle = partition(shop, parent, split);
    const { left, right } = addSplit(draft, parent.node, split, data);
    const leftLeaf = openLeaf(shop, left, parent.depth + 1, parent.from, middle);
    const rightLeaf = openLeaf(shop, right, parent.depth + 1, middle, parent.to);
    leaves[at] = leftLeaf;
    leaves.push(rightLeaf);

    const full = leaves.length === rules.maxLeaves;
    if (full || !(worthSearching(leftLeaf, rules) || worthSearching(rightLeaf, rules))) {
      release(histograms, parent);
      continue;
    }
    const [small, large] = middle - parent.from < parent.to - middle ? [leftLeaf, rightLeaf] : [rightLeaf, leftLeaf];
    await fillHistogram(shop, small, pace);
    large.cells = parent.cells;
    parent.cells = undefined;
    subtract(large.cells as Float64Array, small.cells as Float64Array);
    for (const leaf of [leftLeaf, rightLeaf]) {
      if (worthSearching(leaf, rules)) search(shop, leaf, task, rules);
      if (!leaf.split) release(histograms, leaf);
    }
  }

  for (const leaf of leaves) {
    release(histograms, leaf);
    const denominator = Math.max(leaf.hessian + rules.l2, Number.EPSILON);
    draft.value[leaf.node] = (-rules.learningRate * task.scale * leaf.gradient) / denominator;
  }
  return {
    tree: trimmed(draft),
    leaves: leaves.map(({ node, from, to }) => ({ from, to, value: draft.value[node] as number })),
  };
}

function openLeaf(shop: Workshop, node: number, depth: number, from: number, to: number): Leaf {
  let gradient = 0;
  let hessian = 0;
  for (let k = from; k < to; k++) {
    const row = shop.order[k] as number;
    gradient += shop.gradients[row] as number;
    hessian += shop.hessians[row] as number;
  }
  return { node, depth, from, to, gradient, hessian, cells: undefined, split: undefined };
}

function worthSearching(leaf: Leaf, rules: GrowthRules): boolean {
  return leaf.depth < rules.maxDepth && leaf.to - leaf.from >= 2 * rules.minRowsPerLeaf;
}

function search(shop: Workshop, leaf: Leaf, { chosen, rowUnit }: TreeTask, rules: GrowthRules): void {
  const sums = { rows: leaf.to - leaf.from, gradient: leaf.gradient, hessian: leaf.hessian };
  leaf.split = bestSplit(leaf.cells as Float64Array, shop.data, chosen, sums, rowUnit, rules);
}

async function fillHistogram(shop: Workshop, leaf: Leaf, pace: Pace): Promise<void> {
  const cells = shop.histograms.pop() ?? new Float64Array(shop.data.cells * 2);
  cells.fill(0);
  const rowsPerSlice = Math.ceil(CELLS_PER_SLICE / shop.data.columns);
  for (let from = leaf.from; from < leaf.to; from += rowsPerSlice) {
    if (pace.due()) await pace.rest();
    const to = Math.min(leaf.to, from + rowsPerSlice);
    addRows(cells, shop.data, shop.order, from, to, shop.gradients, shop.packed);
  }
  leaf.cells = cells;
}

function release(histograms: Float64Array[], leaf: Leaf): void {
  if (leaf.cells) histograms.push(leaf.cells);
  leaf.cells = undefined;
}

function mostGain(leaves: readonly Leaf[]): number {
  let best = 0;
  for (let i = 1; i < leaves.length; i++) {
    if ((leaves[i]?.split?.gain ?? 0) > (leaves[best]?.split?.gain ?? 0)) best = i;
  }
  return best;
}

/** Reorders the leaf's slice of `order`, left rows first, each side in its old order; returns where the right begins. */
function partition(shop: Workshop, leaf: Leaf, split: Split): number {
  const { order, spare, data } = shop;
  const { bins, columns } = data;
  const { column, bin } = split;
  const goesLeft = new Uint8Array(256).fill(1, 0, bin + 1);
  if (split.missingLeft) goesLeft[(data.edges[column] as Float32Array).length + 1] = 1;
  let left = leaf.from;
  let right = 0;
  for (let k = leaf.from; k < leaf.to; k++) {
    // Written to both sides and counted on one: which side is a coin toss, so a branch would be mispredicted.
    const row = order[k] as number;
    const toLeft = goesLeft[bins[row * columns + column] as number] as number;
    order[left] = row;
    spare[right] = row;
    left += toLeft;
    right += 1 - toLeft;
  }
  order.set(spare.subarray(0, right), left);
  return left;
}

type Draft = Tree & { nodes: number };

function draftTree(maxLeaves: number): Draft {
  const size = 2 * maxLeaves - 1;
  return {
    nodes: 1,
    column: new Int32Array(size).fill(-1),
    threshold: new Float32Array(size),
    missingLeft: new Uint8Array(size),
    left: new Int32Array(size),
    right: new Int32Array(size),
    value: new Float32Array(size),
  };
}

function addSplit(draft: Draft, node: number, split: Split, data: BinnedMatrix): { left: number; right: number } {
  const edges = data.edges[split.column] as Float32Array;
  draft.column[node] = split.column;
  draft.threshold[node] = split.bin < edges.length ? (edges[split.bin] as number) : Number.POSITIVE_INFINITY;
  draft.missingLeft[node] = split.missingLeft ? 1 : 0;
  draft.left[node] = draft.nodes++;
  draft.right[node] = draft.nodes++;
  return { left: draft.left[node] as number, right: draft.right[node] as number };
}

function trimmed({ nodes, ...tree }: Draft): Tree {
  return {
    column: tree.column.slice(0, nodes),
    threshold: tree.threshold.slice(0, nodes),
    missingLeft: tree.missingLeft.slice(0, nodes),
    left: tree.left.slice(0, nodes),
    right: tree.right.slice(0, nodes),
    value: tree.value.slice(0, nodes),
  };
}
