// A dense network and its training loop. The loop is ours: it reports, keeps the best weights and hears an abort at every batch.
import type { TrainerCall, TrainRequest } from '@falaj/contracts';
import { throwIfCancelled } from '@falaj/plugin-sdk';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { TensorFlow } from './backend.js';
import type { Parameters } from './parameters.js';

export interface Samples {
  readonly rows: number;
  /** Row-major, standardised. */
  readonly features: Float32Array;
  /** One per row; class index, 0/1, or the standardised value. */
  readonly labels: Float32Array;
}

/** Kernel [in, out] and bias [out] of each layer, the first one first. */
export interface DenseLayer {
  readonly units: number;
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
}

export interface TrainedNetwork {
  readonly layers: readonly DenseLayer[];
  readonly bestEpoch: number;
  /** Row-major, by the backend's own arithmetic. */
  predict(features: Float32Array, rows: number): Float32Array;
  dispose(): void;
}

const PREDICT_ROWS = 8192;

export function weightsOf(hidden: readonly number[], columns: number, width: number): number {
  return [...hidden, width].reduce(({ sum, from }, units) => ({ sum: sum + (from + 1) * units, from: units }), {
    sum: 0,
    from: columns,
  }).sum;
}

export async function trainNetwork(
  tf: TensorFlow,
  request: Pick<TrainRequest, 'task' | 'seed'>,
  shape: { readonly columns: number; readonly width: number; readonly hidden: readonly number[] },
  samples: { readonly training: Samples; readonly validation: Samples | undefined },
  parameters: Parameters,
  call: TrainerCall,
): Promise<TrainedNetwork> {
  const { columns, width, hidden } = shape;
  const model = tf.sequential();
  const regularised = parameters.l2 > 0 ? { kernelRegularizer: tf.regularizers.l2({ l2: parameters.l2 }) } : {};
  for (const [place, units] of [...hidden, width].entries()) {
    const last = place === hidden.length;
    model.add(
      tf.layers.dense({
        units,
        ...(place === 0 ? { inputShape: [columns] } : {}),
        activation: last ? outputActivation(request.task) : parameters.activation,
        kernelInitializer: tf.initializers.glorotUniform({ seed: request.seed + place }),
        ...regularised,
      }),
    );
    if (!last && parameters.dropout > 0) {
      model.add(tf.layers.dropout({ rate: parameters.dropout, seed: request.seed + place }));
    }
  }
  const loss =
    request.task === 'regression'
      ? 'meanSquaredError'
      : request.task === 'binary'
        ? 'binaryCrossentropy'
        : 'categoricalCrossentropy';
  model.compile({ optimizer: tf.train.adam(parameters.learningRate), loss });

  const { training, validation } = samples;
  const order = Uint32Array.from({ length: training.rows }, (_, row) => row);
  const random = generator(request.seed);
  let best = { loss: Number.POSITIVE_INFINITY, epoch: 1, weights: snapshot(model) };
  for (let epoch = 1; epoch <= parameters.epochs; epoch++) {
    shuffle(order, random);
    let trainingLoss = 0;
    for (let from = 0; from < training.rows; from += parameters.batchSize) {
      throwIfCancelled(call);
      const rows = order.subarray(from, from + parameters.batchSize);
      const [x, y] = batchOf(tf, training, rows, columns, request.task, width);
      const found = (await model.trainOnBatch(x, y)) as number;
      tf.dispose([x, y]);
      trainingLoss += (found * rows.length) / training.rows;
      // Messages, an abort among them, are heard between batches.
      await new Promise((resolve) => setImmediate(resolve));
    }
    const validationLoss = validation
      ? lossOf(
          request.task,
          predict(tf, model, validation.features, validation.rows, columns),
          validation.labels,
          width,
        )
      : undefined;
    const judged = validationLoss ?? trainingLoss;
    call.report({
      step: epoch,
      totalSteps: parameters.epochs,
      metrics: { trainingLoss, ...(validationLoss === undefined ? {} : { validationLoss }) },
    });
    if (judged < best.loss) best = { loss: judged, epoch, weights: snapshot(model) };
    const patience = validation ? parameters.earlyStoppingEpochs : 0;
    if (patience > 0 && epoch - best.epoch >= patience) break;
  }
  const shapes = model.getWeights().map((weight) => weight.shape);
  const tensors = best.weights.map((values, place) => tf.tensor(values, shapes[place]));
  model.setWeights(tensors);
  tf.dispose(tensors);
  return {
    layers: [...hidden, width].map((units, place) => ({
      units,
      kernel: best.weights[place * 2] as Float32Array,
      bias: best.weights[place * 2 + 1] as Float32Array,
    })),
    bestEpoch: best.epoch,
    predict: (features, rows) => predict(tf, model, features, rows, columns),
    dispose: () => model.dispose(),
  };
}

const outputActivation = (task: TrainRequest['task']) =>
  task === 'binary' ? 'sigmoid' : task === 'multiclass' ? 'softmax' : 'linear';

const snapshot = (model: LayersModel): Float32Array[] =>
  model.getWeights().map((weight) => Float32Array.from(weight.dataSync()));

function batchOf(
  tf: TensorFlow,
  { features, labels }: Samples,
  rows: Uint32Array,
  columns: number,
  task: TrainRequest['task'],
  width: number,
): [Tensor2D, Tensor2D] {
  const x = new Float32Array(rows.length * columns);
  const y = new Float32Array(rows.length * width);
  for (const [place, row] of rows.entries()) {
    x.set(features.subarray(row * columns, (row + 1) * columns), place * columns);
    const label = labels[row] as number;
    if (task === 'multiclass') y[place * width + label] = 1;
    else y[place] = label;
  }
  return [tf.tensor2d(x, [rows.length, columns]), tf.tensor2d(y, [rows.length, width])];
}

function predict(
  tf: TensorFlow,
  model: LayersModel,
  features: Float32Array,
  rows: number,
  columns: number,
): Float32Array {
  const parts: Float32Array[] = [];
  for (let from = 0; from < rows; from += PREDICT_ROWS) {
    const count = Math.min(PREDICT_ROWS, rows - from);
    const part = tf.tidy(() => {
      const x = tf.tensor2d(features.subarray(from * columns, (from + count) * columns), [count, columns]);
      return Float32Array.from((model.predict(x, { batchSize: count }) as Tensor2D).dataSync());
    });
    parts.push(part);
  }
  const width = rows === 0 ? 0 : (parts[0] as Float32Array).length / Math.min(PREDICT_ROWS, rows);
  const all = new Float32Array(rows * width);
  for (const [place, part] of parts.entries()) all.set(part, place * PREDICT_ROWS * width);
  return all;
}

function lossOf(task: TrainRequest['task'], found: Float32Array, labels: Float32Array, width: number): number {
  let sum = 0;
  for (const [row, label] of labels.entries()) {
    if (task === 'regression') sum += ((found[row] as number) - label) ** 2;
    else {
      const chance =
        task === 'multiclass'
          ? (found[row * width + label] as number)
          : label === 1
            ? (found[row] as number)
            : 1 - (found[row] as number);
      sum -= Math.log(Math.max(chance, 1e-7));
    }
  }
  return sum / labels.length;
}

/** Mulberry32: the order of the rows hangs on the seed alone. */
function generator(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffle(order: Uint32Array, random: () => number): void {
  for (let place = order.length - 1; place > 0; place--) {
    const other = Math.floor(random() * (place + 1));
    const kept = order[place] as number;
    order[place] = order[other] as number;
    order[other] = kept;
  }
}
