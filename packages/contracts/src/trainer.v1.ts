import type { Call, PluginInstance } from './call.js';

/** Numeric rows: `values[row * columns.length + column]`; NaN marks a missing value. */
export interface Matrix {
  readonly rows: number;
  readonly columns: readonly string[];
  readonly values: Float32Array;
}

/** What the label is: 0/1, a class index, or a number. */
export type TrainingTask = 'binary' | 'multiclass' | 'regression';

export type TrainingParameter = number | string | boolean;

export interface TrainRequest {
  readonly task: TrainingTask;
  readonly features: Matrix;
  /** One per row: 0 or 1 (binary), class index (multiclass), or the value (regression). */
  readonly labels: Float32Array;
  /** Number of classes; multiclass only. */
  readonly classes?: number;
  /** Rows for early stopping; never trained on. */
  readonly validation?: { readonly features: Matrix; readonly labels: Float32Array };
  /** Rows to score with the trainer's own arithmetic, for the parity check of the export. */
  readonly holdout?: Matrix;
  readonly parameters: Readonly<Record<string, TrainingParameter>>;
  /** The same request with the same seed gives the same bytes. */
  readonly seed: number;
  /** Only for a plugin that names the capability `platform-access`: what the program that it runs may ask the graph with. */
  readonly access?: PlatformAccess;
}

/** A credential of one run: it reads the run and its inputs, logs into the run, and ends with it. Never log the token. */
export interface PlatformAccess {
  /** Where GraphQL is asked by POST. */
  readonly url: string;
  /** Bearer token. */
  readonly token: string;
}

export interface TrainProgress {
  /** Counts from 1. */
  readonly step: number;
  readonly totalSteps: number;
  readonly metrics: Readonly<Record<string, number>>;
}

export interface TrainResult {
  readonly format: 'onnx';
  /** Serialised model with one float input `features` [N, columns] and one float output. */
  readonly model: Uint8Array;
  readonly input: { readonly name: string; readonly columns: readonly string[] };
  /** Width is 1 for binary (probability of class 1) and regression, else the number of classes. */
  readonly output: { readonly name: string; readonly width: number };
  /** Step whose model was kept (early stopping), counting from 1. */
  readonly bestStep: number;
  /** Row-major `rows * output.width`, from the trainer's own arithmetic; absent without holdout. */
  readonly holdoutPredictions?: Float64Array;
  /** Share of the total gain per column; sums to 1 where any split was made. */
  readonly importance: Readonly<Record<string, number>>;
  /** Every parameter with the value that was used, defaults included. */
  readonly parameters: Readonly<Record<string, TrainingParameter>>;
}

export interface TrainerCall extends Call {
  /** Streams progress to the run; cheap, may be called at every step. */
  report(progress: TrainProgress): void;
}

/** Kind `trainer`: learns a model from a matrix. A failure marks the run failed; nothing else is lost. */
export interface TrainerV1 extends PluginInstance {
  /** Not idempotent by cost, but deterministic. Rejects promptly when `call.signal` aborts. */
  train(request: TrainRequest, call: TrainerCall): Promise<TrainResult>;
}
