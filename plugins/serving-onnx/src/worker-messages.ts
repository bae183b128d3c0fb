import type { Tensor } from '@falaj/plugin-sdk';
import type { SessionOptions } from './session.js';

export interface WorkerData {
  readonly model: Uint8Array;
  readonly options: SessionOptions;
}

export interface WorkerRequest {
  readonly id: number;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly string[];
}

/** Id 0 answers the opening of the model. */
export type WorkerReply =
  | { readonly id: number; readonly tensors: readonly Tensor[] }
  | { readonly id: number; readonly failure: string };

/** Copies that may be transferred: a view would drag its whole buffer along, and a caller's own must stay usable. */
export function detach(tensors: readonly Tensor[]): [readonly Tensor[], ArrayBuffer[]] {
  const buffers: ArrayBuffer[] = [];
  const copies = tensors.map((tensor) => {
    if (!ArrayBuffer.isView(tensor.data)) return tensor;
    const data = tensor.data.slice();
    buffers.push(data.buffer as ArrayBuffer);
    return { ...tensor, data };
  });
  return [copies, buffers];
}
