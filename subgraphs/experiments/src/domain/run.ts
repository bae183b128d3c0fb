import type { TrainResult } from '@falaj/contracts';

/** What a finished training leaves beside the model itself. */
export interface RunResult {
  readonly bestStep: number;
  readonly importance: TrainResult['importance'];
  /** Every parameter with the value that was used, defaults included. */
  readonly parameters: TrainResult['parameters'];
  readonly signature: ModelSignature;
}

/** Tensors of the exported model, in Open Inference Protocol terms. */
export interface ModelSignature {
  readonly inputs: readonly {
    readonly name: string;
    readonly datatype: string;
    readonly shape: readonly number[];
    readonly columns: readonly string[];
  }[];
  readonly outputs: readonly { readonly name: string; readonly datatype: string; readonly shape: readonly number[] }[];
}

export function signatureOf(result: TrainResult): ModelSignature {
  return {
    inputs: [
      {
        name: result.input.name,
        datatype: 'FP32',
        shape: [-1, result.input.columns.length],
        columns: result.input.columns,
      },
    ],
    outputs: [{ name: result.output.name, datatype: 'FP32', shape: [-1, result.output.width] }],
  };
}

export const terminalStates: ReadonlySet<string> = new Set(['SUCCEEDED', 'FAILED', 'CANCELLED']);
