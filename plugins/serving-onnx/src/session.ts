/** The only file that touches ONNX Runtime; used by the calling thread and by the worker alike. */
import type { Tensor, TensorSpec } from '@falaj/plugin-sdk';
import * as runtime from 'onnxruntime-node';
import { datatypeOf, elementOf, rawData } from './datatypes.js';

export interface SessionOptions {
  readonly devices: readonly string[];
  readonly intraOpThreads: number;
  readonly interOpThreads: number;
}

export interface Session {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly device: string;
  run(inputs: readonly Tensor[], outputs: readonly string[]): Promise<Tensor[]>;
  release(): Promise<void>;
}

/** Opens on the first device that takes the model; throws the last device's error when none does. */
export async function openSession(model: Uint8Array, options: SessionOptions): Promise<Session> {
  let failure: unknown;
  for (const device of options.devices) {
    try {
      const session = await runtime.InferenceSession.create(model, {
        executionProviders: [device],
        intraOpNumThreads: options.intraOpThreads,
        interOpNumThreads: options.interOpThreads,
        logSeverityLevel: 4,
      });
      return wrap(session, device === 'cuda' ? 'cuda:0' : device);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

function wrap(session: runtime.InferenceSession, device: string): Session {
  const outputs = session.outputMetadata.map(specOf);
  return {
    inputs: session.inputMetadata.map(specOf),
    outputs,
    device,
    async run(tensors, names) {
      const feeds: Record<string, runtime.Tensor> = {};
      for (const { name, datatype, data, shape } of tensors) {
        feeds[name] = new runtime.Tensor(elementOf(datatype), data as never, shape);
      }
      const results = await session.run(feeds, names);
      return names.map((name) => {
        const { type, dims, data } = results[name] as runtime.Tensor;
        return { name, datatype: datatypeOf(type, name), shape: dims, data: rawData(data) };
      });
    },
    release: () => session.release(),
  };
}

function specOf(metadata: runtime.InferenceSession.ValueMetadata): TensorSpec {
  const { name } = metadata;
  if (!metadata.isTensor) return { name, datatype: datatypeOf('non-tensor', name), shape: [] };
  return {
    name,
    datatype: datatypeOf(metadata.type, name),
    shape: metadata.shape.map((size) => (typeof size === 'number' ? size : -1)),
  };
}
