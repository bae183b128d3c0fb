import {
  isPluginError,
  type LoadedModel,
  PluginError,
  type PluginLog,
  type ServingV1,
  type Tensor,
  throwIfCancelled,
} from '@falaj/plugin-sdk';
import { checkInputs, checkOutputs } from './input-checks.js';
import { checkModel } from './model-checks.js';
import { openSession, type SessionOptions } from './session.js';
import { slowRunMs } from './warm-up.js';
import { WorkerPool } from './worker-pool.js';

export interface ServingConfig extends SessionOptions {
  readonly maxModelBytes: number;
  readonly maxBatch: number;
  readonly execution: 'auto' | 'inline' | 'worker';
  readonly inlineLimitMs: number;
  readonly workers: number;
}

interface Served {
  readonly loaded: LoadedModel;
  run(inputs: readonly Tensor[], outputs: readonly string[]): Promise<readonly Tensor[]>;
  close(): Promise<void>;
}

export function openServing(config: ServingConfig, log: PluginLog): ServingV1 {
  const models = new Map<string, Promise<Served>>();

  const drop = async (handle: string) => {
    const model = models.get(handle);
    models.delete(handle);
    const served = await model?.catch(() => undefined);
    await served?.close();
  };

  return {
    async load({ handle, format, model }, call) {
      throwIfCancelled(call);
      let opening = models.get(handle);
      if (opening === undefined) {
        if (format !== 'onnx') throw new PluginError('UNSUPPORTED', `Format "${String(format)}": only onnx is served.`);
        checkModel(model, config.maxModelBytes);
        opening = openModel(handle, model, config, log);
        models.set(handle, opening);
        opening.catch(() => models.get(handle) === opening && models.delete(handle));
      }
      return (await opening).loaded;
    },

    async infer({ handle, inputs, outputs }, call) {
      throwIfCancelled(call);
      const served = await models.get(handle);
      if (served === undefined) throw new PluginError('NOT_FOUND', `Model "${handle}" is not loaded.`);
      checkInputs(served.loaded.inputs, inputs);
      const names = checkOutputs(served.loaded.outputs, outputs);
      try {
        return await served.run(inputs, names);
      } catch (error) {
        if (isPluginError(error)) throw error;
        throw new PluginError('FAILED', `Model "${handle}" failed: ${(error as Error).message}`, { cause: error });
      }
    },

    unload: ({ handle }) => drop(handle),
    health: async () => ({ ok: true, detail: `${models.size} models loaded` }),
    async close() {
      await Promise.all([...models.keys()].map(drop));
    },
  };
}

async function openModel(handle: string, bytes: Uint8Array, config: ServingConfig, log: PluginLog): Promise<Served> {
  const session = await openSession(bytes, config).catch((error: Error) => {
    if (isPluginError(error)) throw error;
    throw new PluginError('BAD_INPUT', `ONNX Runtime refuses the model: ${error.message}`, { cause: error });
  });
  const { inputs, outputs, device } = session;
  const loaded: LoadedModel = { handle, inputs, outputs, platform: 'onnx_onnxv1', device };
  // A model that does not run on made-up rows may be slow on real ones: off the calling thread with it.
  const ms = await slowRunMs(session, config.maxBatch).catch(() => Number.POSITIVE_INFINITY);
  const inline = config.execution === 'inline' || (config.execution === 'auto' && ms <= config.inlineLimitMs);
  log.info('model loaded', {
    handle,
    device,
    slowRunMs: ms,
    rows: config.maxBatch,
    execution: inline ? 'inline' : 'worker',
  });
  if (inline) return { loaded, run: session.run, close: session.release };
  await session.release();
  const pool = new WorkerPool(bytes.slice(), { ...config, devices: [device.split(':')[0] as string] }, config.workers);
  await pool.warm();
  return { loaded, run: (tensors, names) => pool.run(tensors, names), close: () => pool.close() };
}
