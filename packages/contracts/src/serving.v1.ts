import type { Call, PluginInstance } from './call.js';

/** Datatypes of the Open Inference Protocol v2. FP16 and BF16 travel as their raw 16 bits. */
export type Datatype =
  | 'BOOL'
  | 'UINT8'
  | 'UINT16'
  | 'UINT32'
  | 'UINT64'
  | 'INT8'
  | 'INT16'
  | 'INT32'
  | 'INT64'
  | 'FP16'
  | 'FP32'
  | 'FP64'
  | 'BYTES';

export interface TensorSpec {
  readonly name: string;
  readonly datatype: Datatype;
  /** -1 marks a variable dimension; the first one is the batch. */
  readonly shape: readonly number[];
}

export type TensorData =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array
  | readonly string[];

/** Row-major values; BYTES are strings, BOOL is a Uint8Array of 0 and 1. */
export interface Tensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

export interface LoadedModel {
  readonly handle: string;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** `<project>_<format>` as the protocol asks, e.g. `onnx_onnxv1`. */
  readonly platform: string;
  /** The device that really runs it, e.g. `cpu` or `cuda:0`. */
  readonly device: string;
}

/** Kind `serving`: evaluates a model. Errors go to the caller. */
export interface ServingV1 extends PluginInstance {
  /** Idempotent per handle: loading the same handle again answers the loaded model. */
  load(args: { handle: string; format: 'onnx'; model: Uint8Array }, call: Call): Promise<LoadedModel>;
  /** Idempotent. The batch dimension of every input is equal; outputs follow the asked order. */
  infer(
    args: { handle: string; inputs: readonly Tensor[]; outputs?: readonly string[] },
    call: Call,
  ): Promise<readonly Tensor[]>;
  /** Idempotent: an unknown handle is no error. */
  unload(args: { handle: string }, call: Call): Promise<void>;
}
