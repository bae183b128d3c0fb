import type { Matrix, TrainingTask } from '@falaj/contracts';
import { binMatrix } from './binning.js';
import { countedHessian } from './histogram.js';
import { type Objective, objectiveFor } from './objective.js';
import type { Pace } from './pace.js';
import type { Parameters } from './parameters.js';
import { sampleAscending, seededRandom } from './random.js';
import { leafValue, scoreRows, type Tree } from './tree.js';
import { growTree, type Workshop } from './tree-growth.js';

/** Children whose curvature is below this are refused: their leaf value would be noise. */
const MIN_HESSIAN_PER_LEAF = 1e-3;
const ROWS_PER_SLICE = 50_000;

export interface LabelledRows {
  readonly features: Matrix;
  readonly labels: Float32Array;
}

export interface BoostingJob {
  readonly task: TrainingTask;
  readonly training: LabelledRows;
  readonly validation: LabelledRows | undefined;
  readonly classes: number;
  readonly parameters: Parameters;
  readonly seed: number;
}

export interface Ensemble {
  readonly outputs: number;
  /** Score before any tree, per output. */
  readonly base: Float32Array;
  /** Round by round, in each round one tree per output. */
  readonly trees: readonly Tree[];
}

export interface Boosted {
  readonly ensemble: Ensemble;
  readonly objective: Objective;
  /** Rounds kept, at least 1. */
  readonly bestStep: number;
  /** Gain per column over the kept rounds. */
  readonly gains: Float64Array;
}

export type Losses = { readonly trainingLoss: number; readonly validationLoss?: number };

/** Boosts round by round; tells the losses after each. Rejects with CANCELLED when the pace notices an abort. */
export async function boost(
  job: BoostingJob,
  pace: Pace,
  onRound: (step: number, losses: Losses) => void,
): Promise<Boosted> {
  const { parameters, training, validation } = job;
  const { rows } = training.features;
  const columns = training.features.columns.length;
  const objective = objectiveFor(job.task, training.labels, job.classes);
  const { outputs, scale } = objective;
  const random = seededRandom(job.seed);
  const data = await binMatrix(training.features, parameters.maxBins, job.seed, pace);
  const shop: Workshop = {
    data,
    gradients: new Float64Array(rows),
    hessians: new Float64Array(rows),
    packed: new Float64Array(rows),
    order: new Int32Array(rows),
    spare: new Int32Array(rows),
    histograms: [],
    gains: new Float64Array(columns),
  };
  const rules = { ...parameters, minHessianPerLeaf: MIN_HESSIAN_PER_LEAF };
  const sampledRows = Math.max(1, Math.round(rows * parameters.rowSample));
  const chosen = new Int32Array(Math.max(1, Math.round(columns * parameters.columnSample)));
  const sampling = sampledRows < rows || chosen.length < columns;
  const inSample = sampledRows < rows ? new Uint8Array(rows) : undefined;
  const scores = startingScores(objective.base, rows);
  // The trees of one round all answer the scores of the round before.
  const roundStart = outputs > 1 ? new Float64Array(scores.length) : scores;
  const validationScores = validation && startingScores(objective.base, validation.features.rows);
  const trees: Tree[] = [];
  let bestLoss = Number.POSITIVE_INFINITY;
  let bestStep = 0;
  let bestGains = shop.gains;

  for (let step = 1; step <= parameters.trees; step++) {
    await pace.rest();
    if (outputs > 1) roundStart.set(scores);
    let splits = 0;
    for (let output = 0; output < outputs; output++) {
      sampleAscending(rows, sampledRows, random, shop.order);
      sampleAscending(columns, chosen.length, random, chosen);
      const hessianSum = objective.derive(roundStart, training.labels, output, shop.gradients, shop.hessians);
      const { rowUnit, pack } = countedHessian(rows, hessianSum);
      for (let row = 0; row < rows; row++) shop.packed[row] = pack(shop.hessians[row] as number);
      const { tree, leaves } = await growTree(shop, { rows: sampledRows, chosen, rowUnit, scale }, rules, pace);
      inSample?.fill(0);
      for (const { from, to, value } of leaves) {
        for (let k = from; k < to; k++) {
          const row = shop.order[k] as number;
          scores[row * outputs + output] = (scores[row * outputs + output] as number) + value / scale;
          if (inSample) inSample[row] = 1;
        }
      }
      const { features } = training;
      if (inSample) await addTree(tree, features, scores, outputs, output, scale, pace, (row) => inSample[row] === 0);
      if (validation && validationScores) {
        await addTree(tree, validation.features, validationScores, outputs, output, scale, pace, () => true);
      }
      trees.push(tree);
      splits += leaves.length - 1;
    }

    const trainingLoss = objective.loss(scores, training.labels);
    if (validation && validationScores) {
      const validationLoss = objective.loss(validationScores, validation.labels);
      onRound(step, { trainingLoss, validationLoss });
      if (validationLoss < bestLoss) {
        bestLoss = validationLoss;
        bestStep = step;
        bestGains = shop.gains.slice();
      }
      if (parameters.earlyStoppingRounds > 0 && step - bestStep >= parameters.earlyStoppingRounds) break;
    } else {
      onRound(step, { trainingLoss });
    }
    // Without sampling the next round would meet the same gradients and find no split either.
    if (splits === 0 && !sampling) break;
  }

  const stopping = validation !== undefined && parameters.earlyStoppingRounds > 0;
  const kept = stopping && bestStep > 0 ? bestStep : trees.length / outputs;
  const base = Float32Array.from(objective.base, (value) => value * scale);
  return {
    ensemble: { outputs, base, trees: trees.slice(0, kept * outputs) },
    objective,
    bestStep: kept,
    gains: stopping && bestStep > 0 ? bestGains : shop.gains,
  };
}

/** Predictions as the exported model gives them, row-major. */
export async function predict({ ensemble, objective }: Boosted, matrix: Matrix, pace: Pace): Promise<Float64Array> {
  const raw = new Float64Array(matrix.rows * ensemble.outputs);
  // Scoring costs one walk a tree, so slices shrink as the ensemble grows.
  const slice = Math.max(1, Math.ceil((ROWS_PER_SLICE * 4) / ensemble.trees.length));
  for (let from = 0; from < matrix.rows; from += slice) {
    if (pace.due()) await pace.rest();
    scoreRows(ensemble, matrix, from, Math.min(matrix.rows, from + slice), raw);
  }
  objective.activate(raw);
  return raw;
}

function startingScores(base: Float64Array, rows: number): Float64Array {
  const scores = new Float64Array(rows * base.length);
  for (let row = 0; row < rows; row++) scores.set(base, row * base.length);
  return scores;
}

/** Adds the tree's values to the scores of the rows for which `include` holds. */
async function addTree(
  tree: Tree,
  matrix: Matrix,
  scores: Float64Array,
  outputs: number,
  output: number,
  scale: number,
  pace: Pace,
  include: (row: number) => boolean,
): Promise<void> {
  const width = matrix.columns.length;
  for (let from = 0; from < matrix.rows; from += ROWS_PER_SLICE) {
    if (pace.due()) await pace.rest();
    const to = Math.min(matrix.rows, from + ROWS_PER_SLICE);
    for (let row = from; row < to; row++) {
      if (!include(row)) continue;
      const at = row * outputs + output;
      scores[at] = (scores[at] as number) + leafValue(tree, matrix.values, row * width) / scale;
    }
  }
}
