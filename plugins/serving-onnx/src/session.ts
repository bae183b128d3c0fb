/** The only file that touches ONNX Runtime; used by the calling thread and by the worker alike. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { PluginError, type Tensor, type TensorSpec } from '@falaj/plugin-sdk';
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
  for (const device of options.devices.filter(available)) {
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
  throw (
    failure ?? new PluginError('UNAVAILABLE', `None of the devices ${options.devices.join(', ')} is on this machine.`)
  );
}

const CUDA_LIBRARY: Readonly<Record<string, string>> = {
  linux: 'libonnxruntime_providers_cuda.so',
  win32: 'onnxruntime_providers_cuda.dll',
};

/** Without its library CUDA would fail at every load, with a complaint of the runtime on stderr each time. */
function available(device: string): boolean {
  if (device !== 'cuda') return true;
  const library = CUDA_LIBRARY[process.platform];
  if (library === undefined) return false;
  const root = dirname(dirname(createRequire(import.meta.url).resolve('onnxruntime-node')));
  return existsSync(join(root, 'bin', 'napi-v6', process.platform, process.arch, library));
}

function wrap(session: runtime.InferenceSession, device: string): Session {
  const outputs = session.outputMetadata.map(specOf);
  return {
    inputs: session.inputMetadata.map(specOf),
    outputs,
    device,
    async run(tensors, names) {
      const feeds: Record<string, runtime.Tensor> = {};
      for (const tensor of tensors) feeds[tensor.name] = feedOf(tensor);
      const results = await session.run(feeds, names);
      return names.map((name) => {
        const { type, dims, data } = results[name] as runtime.Tensor;
        return { name, datatype: datatypeOf(type, name), shape: dims, data: rawData(data) };
      });
    },
    release: () => session.release(),
  };
}

function feedOf({ datatype, data, shape }: Tensor): runtime.Tensor {
  const type = elementOf(datatype);
  // Its constructor turns raw halves into a Float16Array, which the native side of 1.30 reads as empty.
  if (datatype === 'FP16') return { type, data, dims: shape, location: 'cpu' } as unknown as runtime.Tensor;
  return new runtime.Tensor(type, data as never, shape);
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
