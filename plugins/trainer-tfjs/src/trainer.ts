import type { TrainerV1, TrainRequest, TrainResult } from '@falaj/contracts';
import { checkTrainRequest, PluginError, type TrainLimits, throwIfCancelled } from '@falaj/plugin-sdk';
import { type BackendChoice, openBackend } from './backend.js';
import { type DenseLayer, type Samples, trainNetwork, weightsOf } from './network.js';
import { exportOnnx, INPUT_NAME, OUTPUT_NAMES } from './onnx-export.js';
import { readParameters } from './parameters.js';
import { type Standardisation, standardisationOf, standardised } from './standardisation.js';

export interface TfjsConfig extends TrainLimits {
  readonly backend: BackendChoice;
  readonly maxWeights: number;
}

export function openTrainer(config: TfjsConfig): TrainerV1 {
  // TensorFlow.js keeps one engine a process: two trainings at once would share its memory and their order its random numbers.
  let turn: Promise<unknown> = Promise.resolve();
  return {
    health: async () => {
      const { name, device, version } = await openBackend(config.backend);
      return { ok: true, detail: `${name} on ${device}, TensorFlow.js ${version}` };
    },
    close: async () => {
      await turn.catch(() => {});
    },
    train: (request, call) => {
      const result = turn.catch(() => {}).then(() => train(config, request, call));
      turn = result;
      return result;
    },
  };
}

async function train(
  config: TfjsConfig,
  request: TrainRequest,
  call: Parameters<TrainerV1['train']>[1],
): Promise<TrainResult> {
  throwIfCancelled(call);
  checkTrainRequest(request, config);
  const parameters = readParameters(request.parameters);
  const hidden = parameters.hiddenUnits === '' ? [] : parameters.hiddenUnits.split(',').map(Number);
  if (hidden.includes(0))
    throw new PluginError('BAD_INPUT', 'Parameter "hiddenUnits" has a layer of 0 units; at least 1 is needed.');
  const { columns } = request.features;
  const width = request.task === 'multiclass' ? (request.classes as number) : 1;
  const weights = weightsOf(hidden, columns.length, width);
  if (weights > config.maxWeights) {
    throw new PluginError(
      'BAD_INPUT',
      `Parameter "hiddenUnits" ${parameters.hiddenUnits} over ${columns.length} columns makes ${weights} weights; this installation allows ${config.maxWeights}.`,
    );
  }
  const { tf, name, device, version } = await openBackend(config.backend);
  // One engine a process: another plugin instance may have switched it.
  await tf.setBackend(name);
  const standardisation = standardisationOf(request.features);
  const label = request.task === 'regression' ? spreadOf(request.labels) : { center: 0, spread: 1 };
  const samplesOf = (features: TrainRequest['features'], labels: Float32Array): Samples => ({
    rows: features.rows,
    features: standardised(features, standardisation),
    labels: request.task === 'regression' ? labels.map((value) => (value - label.center) / label.spread) : labels,
  });
  const network = await trainNetwork(
    tf,
    request,
    { columns: columns.length, width, hidden },
    {
      training: samplesOf(request.features, request.labels),
      validation: request.validation && samplesOf(request.validation.features, request.validation.labels),
    },
    parameters,
    call,
  );
  try {
    return {
      format: 'onnx',
      model: exportOnnx(network.layers, request.task, columns, standardisation, parameters.activation, label, version),
      input: { name: INPUT_NAME, columns: [...columns] },
      output: { name: OUTPUT_NAMES[request.task], width },
      bestStep: network.bestEpoch,
      ...(request.holdout ? { holdoutPredictions: holdoutOf(network, request, standardisation, label) } : {}),
      importance: importanceOf(columns, network.layers[0]),
      // What really ran is part of how the model was made.
      parameters: { ...parameters, backend: tf.getBackend(), device },
    };
  } finally {
    network.dispose();
  }
}

function holdoutOf(
  network: { predict(features: Float32Array, rows: number): Float32Array },
  { holdout }: TrainRequest,
  standardisation: Standardisation,
  label: { readonly center: number; readonly spread: number },
): Float64Array {
  if (!holdout) return new Float64Array();
  const found = network.predict(standardised(holdout, standardisation), holdout.rows);
  return Float64Array.from(found, (value) => Math.fround(Math.fround(value * label.spread) + label.center));
}

/** Share of each column in the absolute weights of the first layer: columns are standardised, so weights are comparable. */
function importanceOf(columns: readonly string[], first: DenseLayer | undefined): Record<string, number> {
  if (!first) return {};
  const sums = columns.map((_, column) =>
    first.kernel
      .subarray(column * first.units, (column + 1) * first.units)
      .reduce((sum, weight) => sum + Math.abs(weight), 0),
  );
  const total = sums.reduce((sum, each) => sum + each, 0);
  return total > 0 ? Object.fromEntries(columns.map((name, column) => [name, (sums[column] as number) / total])) : {};
}

/** In float32, as the exported model holds them. */
function spreadOf(labels: Float32Array): { center: number; spread: number } {
  const mean = labels.reduce((sum, label) => sum + label, 0) / labels.length;
  const variance = labels.reduce((sum, label) => sum + (label - mean) ** 2, 0) / labels.length;
  return { center: Math.fround(mean), spread: Math.fround(Math.sqrt(variance)) || 1 };
}
