import type { TrainingTask } from '@falaj/contracts';

/** What is minimised. Scores and gradients are row-major with `outputs` per row, on the trainer's own scale. */
export interface Objective {
  readonly outputs: number;
  /** The best constant score per output: where boosting starts. */
  readonly base: Float64Array;
  /** One unit of score in units of the model's raw output; not 1 only for regression. */
  readonly scale: number;
  /** Mean loss over the rows, in the label's own units. */
  loss(scores: Float64Array, labels: Float32Array): number;
  /** Writes the gradients and hessians (0..1) of one output; returns the sum of the hessians. */
  derive(
    scores: Float64Array,
    labels: Float32Array,
    output: number,
    gradients: Float64Array,
    hessians: Float64Array,
  ): number;
  /** Turns a row's raw outputs into the predictions that the exported model gives, in place. */
  activate(raw: Float64Array): void;
}

export function objectiveFor(task: TrainingTask, labels: Float32Array, classes: number): Objective {
  if (task === 'binary') return logistic(labels);
  return task === 'multiclass' ? softmax(labels, classes) : squaredError(labels);
}

/** Products of this size are folded into a logarithm before they can overflow. */
const FOLD = 1e290;

function logistic(labels: Float32Array): Objective {
  let positive = 0;
  for (const label of labels) positive += label;
  return {
    outputs: 1,
    base: Float64Array.of(Math.log(positive / (labels.length - positive))),
    scale: 1,
    loss(scores, against) {
      // log(1 + e^-|s|) of many rows is the logarithm of one product: a logarithm per row would cost a tenth of training.
      let sum = 0;
      let product = 1;
      for (let row = 0; row < against.length; row++) {
        const score = scores[row] as number;
        product *= 1 + Math.exp(-Math.abs(score));
        if (product > FOLD) {
          sum += Math.log(product);
          product = 1;
        }
        sum += Math.max(score, 0) - (against[row] as number) * score;
      }
      return (sum + Math.log(product)) / against.length;
    },
    derive(scores, against, _output, gradients, hessians) {
      let sum = 0;
      for (let row = 0; row < against.length; row++) {
        const probability = sigmoid(scores[row] as number);
        const hessian = probability * (1 - probability);
        gradients[row] = probability - (against[row] as number);
        hessians[row] = hessian;
        sum += hessian;
      }
      return sum;
    },
    activate(raw) {
      for (let i = 0; i < raw.length; i++) raw[i] = sigmoid(raw[i] as number);
    },
  };
}

function sigmoid(score: number): number {
  return 1 / (1 + Math.exp(-score));
}

function softmax(labels: Float32Array, classes: number): Objective {
  const counts = new Float64Array(classes);
  for (const label of labels) counts[label] = (counts[label] as number) + 1;
  return {
    outputs: classes,
    // A class without rows starts as if it had half a row, not at minus infinity.
    base: counts.map((count) => Math.log(Math.max(count, 0.5) / labels.length)),
    scale: 1,
    loss(scores, against) {
      let sum = 0;
      for (let row = 0; row < against.length; row++) {
        const first = row * classes;
        sum += logSumExp(scores, first, classes) - (scores[first + (against[row] as number)] as number);
      }
      return sum / against.length;
    },
    derive(scores, against, output, gradients, hessians) {
      let sum = 0;
      for (let row = 0; row < against.length; row++) {
        const first = row * classes;
        const probability = Math.exp((scores[first + output] as number) - logSumExp(scores, first, classes));
        const hessian = probability * (1 - probability);
        gradients[row] = probability - (against[row] === output ? 1 : 0);
        hessians[row] = hessian;
        sum += hessian;
      }
      return sum;
    },
    activate(raw) {
      for (let first = 0; first < raw.length; first += classes) {
        const total = logSumExp(raw, first, classes);
        for (let i = first; i < first + classes; i++) raw[i] = Math.exp((raw[i] as number) - total);
      }
    },
  };
}

function logSumExp(scores: Float64Array, first: number, count: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = first; i < first + count; i++) largest = Math.max(largest, scores[i] as number);
  let sum = 0;
  for (let i = first; i < first + count; i++) sum += Math.exp((scores[i] as number) - largest);
  return largest + Math.log(sum);
}

/** Labels are standardised, so that gains and l2 mean the same whether a label is in millimetres or in kilometres. */
function squaredError(labels: Float32Array): Objective {
  let sum = 0;
  for (const label of labels) sum += label;
  const mean = sum / labels.length;
  let squares = 0;
  for (const label of labels) squares += (label - mean) ** 2;
  const scale = Math.sqrt(squares / labels.length) || 1;
  return {
    outputs: 1,
    base: Float64Array.of(mean / scale),
    scale,
    loss(scores, against) {
      let total = 0;
      for (let row = 0; row < against.length; row++) {
        total += ((scores[row] as number) * scale - (against[row] as number)) ** 2;
      }
      return total / against.length;
    },
    derive(scores, against, _output, gradients, hessians) {
      for (let row = 0; row < against.length; row++) {
        gradients[row] = (scores[row] as number) - (against[row] as number) / scale;
      }
      hessians.fill(1);
      return against.length;
    },
    activate() {},
  };
}
