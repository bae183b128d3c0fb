import type { TrainerCall, TrainerV1, TrainRequest, TrainResult } from '@falaj/contracts';
import { checkTrainRequest, throwIfCancelled } from '@falaj/plugin-sdk';
import { boost, predict } from './boosting.js';
import { exportOnnx, INPUT_NAME, OUTPUT_NAMES } from './onnx-export.js';
import { keepPace } from './pace.js';
import { readParameters } from './parameters.js';
import { checkSize, type Limits } from './request-checks.js';

export const TRAINER = { name: 'gbdt', version: '0.1.0' } as const;

export function openTrainer(limits: Limits): TrainerV1 {
  return {
    train: (request, call) => train(request, call, limits),
    async health() {
      return { ok: true };
    },
    async close() {},
  };
}

async function train(request: TrainRequest, call: TrainerCall, limits: Limits): Promise<TrainResult> {
  throwIfCancelled(call);
  checkTrainRequest(request, limits);
  const parameters = readParameters(request.parameters, request.validation !== undefined);
  checkSize(request, parameters, limits);
  const { task, features } = request;
  const pace = keepPace(call.signal);
  const job = {
    task,
    training: { features, labels: request.labels },
    validation: request.validation,
    classes: request.classes ?? 1,
    parameters,
    seed: request.seed,
  };
  const boosted = await boost(job, pace, (step, metrics) =>
    call.report({ step, totalSteps: parameters.trees, metrics: { ...metrics } }),
  );
  return {
    format: 'onnx',
    model: exportOnnx(boosted.ensemble, task, features.columns, TRAINER),
    input: { name: INPUT_NAME, columns: features.columns },
    output: { name: OUTPUT_NAMES[task], width: boosted.ensemble.outputs },
    bestStep: boosted.bestStep,
    ...(request.holdout && { holdoutPredictions: await predict(boosted, request.holdout, pace) }),
    importance: shares(features.columns, boosted.gains),
    parameters,
  };
}

function shares(columns: readonly string[], gains: Float64Array): Record<string, number> {
  const total = gains.reduce((sum, gain) => sum + gain, 0) || 1;
  return Object.fromEntries(columns.map((name, column) => [name, (gains[column] as number) / total]));
}
