import { definePlugin } from '@falaj/plugin-sdk';
import { z } from 'zod';

const limit = (fallback: number) => z.number().int().positive().default(fallback);

/** Trainer `tfjs`: dense networks on TensorFlow.js, exported as ONNX. Its own process by default: training blocks. */
export default definePlugin({
  kind: 'trainer',
  name: 'tfjs',
  contract: 1,
  config: z.strictObject({
    /** `auto` takes the first that works: native (GPU, then CPU) where it is installed, WebAssembly, plain JavaScript. */
    backend: z.enum(['auto', 'tensorflow', 'wasm', 'cpu']).default('auto'),
    maxRows: limit(5_000_000),
    maxColumns: limit(2_000),
    maxClasses: limit(200),
    /** Of all layers. */
    maxWeights: limit(20_000_000),
  }),
  capabilities: ['binary', 'multiclass', 'regression', 'missing-values', 'early-stopping'],
  isolation: 'process',
  // TensorFlow.js is large: only the process that trains loads it.
  create: async (config) => (await import('./trainer.js')).openTrainer(config),
});
