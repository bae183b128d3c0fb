// The whole of a training run, from sealed rows to an evaluated, parity-checked model; everything outside comes by ports.
import type {
  ColumnValues,
  Matrix,
  TrainingColumn,
  TrainingParameter,
  TrainProgress,
  TrainRequest,
  TrainResult,
} from '@falaj/contracts';
import { PlatformError } from '@falaj/runtime';
import { z } from 'zod';
import { binaryScores, type Evaluation, groupMeans, multiclassScores, regressionScores } from './evaluation.js';

/** What is asked of a run. */
export const trainingRunInput = z.object({
  experimentId: z.string(),
  name: z.string().min(1).max(200),
  trainingSetId: z.string(),
  zone: z.string().nullish(),
  trainer: z.string().min(1).max(100).default('gbdt'),
  task: z.enum(['binary', 'multiclass', 'regression']).default('binary'),
  classes: z.number().int().min(2).max(1000).nullish(),
  parameters: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])).default({}),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(1),
  /** Share of rows, the last by time, that are never trained on. */
  holdoutFraction: z.number().gt(0).lt(0.9).default(0.3),
  /** Share of the trained rows, the last by time, for early stopping. */
  validationFraction: z.number().min(0).lt(0.9).default(0.15),
  /** Carried columns whose group mean is a baseline. */
  groupBaseline: z.array(z.string()).max(8).default([]),
});
export type TrainingRunRequest = z.output<typeof trainingRunInput>;

/** What a run needs to know of its training set, taken when it was asked for. */
export interface TrainingSetFacts {
  readonly artifactKey: string;
  readonly artifactDigest: string;
  readonly digest: string;
  readonly zone: string;
  readonly columns: readonly Pick<TrainingColumn, 'name' | 'role' | 'type'>[];
  readonly servingPlan: Readonly<Record<string, unknown>>;
  readonly featureViews: readonly { readonly id: string; readonly name: string; readonly version: number }[];
}

export interface ParityEvidence {
  readonly rows: number;
  readonly maxDifference: number;
  readonly tolerance: number;
  readonly passed: boolean;
}

export interface TrainingPorts {
  readTrainingSet(
    facts: TrainingSetFacts,
    columns: readonly string[],
  ): Promise<{ rows: number; columns: readonly ColumnValues[] }>;
  train(trainer: string, request: TrainRequest, report: (progress: TrainProgress) => void): Promise<TrainResult>;
  /** Predictions of the exported model by the serving runtime, row-major. */
  predict(model: Uint8Array, input: string, matrix: Matrix): Promise<Float32Array>;
}

export interface TrainedModel {
  readonly result: TrainResult;
  readonly evaluation: Evaluation;
  readonly parity: ParityEvidence;
}

/** Largest difference between the trainer's own arithmetic and the exported model that is accepted. */
const PARITY_TOLERANCE = 1e-5;

export async function executeTrainingRun(
  request: TrainingRunRequest,
  facts: TrainingSetFacts,
  ports: TrainingPorts,
  report: (progress: TrainProgress) => void,
): Promise<TrainedModel> {
  const names = featureColumns(facts);
  const label = facts.columns.find((column) => column.role === 'LABEL');
  if (!label) throw new PlatformError('PRECONDITION_FAILED', 'The training set has no label column.');
  const read = await ports.readTrainingSet(facts, [...new Set([...names, label.name, ...request.groupBaseline])]);
  const labels = Float32Array.from(numbers(read.columns, label.name));
  if (labels.some(Number.isNaN))
    throw new PlatformError(
      'PRECONDITION_FAILED',
      `Label "${label.name}" is null in some rows; leave those rows out of the source.`,
    );
  const trained = Math.floor(read.rows * (1 - request.holdoutFraction));
  const fitted = Math.floor(trained * (1 - request.validationFraction));
  if (fitted < 1 || trained >= read.rows)
    throw new PlatformError(
      'PRECONDITION_FAILED',
      `${read.rows} rows are too few for a hold-out of ${request.holdoutFraction}.`,
    );
  const all = matrix(names, read);
  const slice = (from: number, to: number): Matrix => ({
    rows: to - from,
    columns: names,
    values: all.values.slice(from * names.length, to * names.length),
  });
  const holdout = slice(trained, read.rows);
  const result = await ports.train(
    request.trainer,
    {
      task: request.task,
      features: slice(0, fitted),
      labels: labels.slice(0, fitted),
      ...(request.classes ? { classes: request.classes } : {}),
      ...(fitted < trained
        ? { validation: { features: slice(fitted, trained), labels: labels.slice(fitted, trained) } }
        : {}),
      holdout,
      parameters: request.parameters as Record<string, TrainingParameter>,
      seed: request.seed,
    },
    report,
  );
  const predictions = await ports.predict(result.model, result.input.name, holdout);
  return {
    result,
    parity: parityOf(result, predictions, holdout.rows),
    evaluation: evaluate(request, read.columns, labels, trained, predictions),
  };
}

/** Columns that a model takes, in the order of the training set. */
export function featureColumns(facts: Pick<TrainingSetFacts, 'columns'>): string[] {
  const features = facts.columns.filter((column) => column.role === 'FEATURE');
  const text = features.find((column) => column.type === 'STRING');
  if (text)
    throw new PlatformError(
      'PRECONDITION_FAILED',
      `Feature "${text.name}" is text; trainers take numbers. Encode it in its view.`,
    );
  return features.map((column) => column.name);
}

function numbers(columns: readonly ColumnValues[], name: string): Float64Array {
  const found = columns.find((column) => column.name === name)?.values;
  if (!(found instanceof Float64Array))
    throw new PlatformError('PRECONDITION_FAILED', `Column "${name}" of the training set is not numeric.`);
  return found;
}

function matrix(names: readonly string[], read: { rows: number; columns: readonly ColumnValues[] }): Matrix {
  const values = new Float32Array(read.rows * names.length);
  names.forEach((name, place) => {
    const column = numbers(read.columns, name);
    for (let row = 0; row < read.rows; row++) values[row * names.length + place] = column[row] as number;
  });
  return { rows: read.rows, columns: names, values };
}

function parityOf(result: TrainResult, served: Float32Array, rows: number): ParityEvidence {
  const own = result.holdoutPredictions;
  if (!own || own.length !== served.length) {
    throw new PlatformError(
      'PLUGIN_FAILED',
      `The trainer answered ${own?.length ?? 0} held-out predictions, the exported model ${served.length}.`,
    );
  }
  let maxDifference = 0;
  for (let place = 0; place < own.length; place++) {
    const difference = Math.abs((own[place] as number) - (served[place] as number));
    // NaN compares as false everywhere: it must not pass as equal.
    maxDifference = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(maxDifference, difference);
  }
  return { rows, maxDifference, tolerance: PARITY_TOLERANCE, passed: maxDifference <= PARITY_TOLERANCE };
}

function evaluate(
  request: TrainingRunRequest,
  columns: readonly ColumnValues[],
  labels: Float32Array,
  trained: number,
  predictions: Float32Array,
): Evaluation {
  const held = labels.slice(trained);
  const score = (values: ArrayLike<number>): Record<string, number | null> => {
    if (request.task === 'binary') return { ...binaryScores(held, values) };
    if (request.task === 'regression') return regressionScores(held, values);
    return multiclassScores(held, values, request.classes ?? 2);
  };
  const groups = Array.from({ length: labels.length }, (_, row) =>
    JSON.stringify(
      request.groupBaseline.map((name) => columns.find((column) => column.name === name)?.values[row] ?? null),
    ),
  );
  const { baseRate, predict } = groupMeans(groups, labels, trained);
  const baselines =
    request.task === 'multiclass'
      ? []
      : [
          { name: 'base rate', scores: score(new Float64Array(held.length).fill(baseRate)) },
          ...(request.groupBaseline.length > 0
            ? [{ name: `mean by ${request.groupBaseline.join(', ')}`, scores: score(predict(trained)) }]
            : []),
        ];
  return { rows: held.length, trainedRows: trained, baseRate, scores: score(predictions), baselines };
}
