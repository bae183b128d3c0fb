import { definePlugin } from '@falaj/plugin-sdk';
import { z } from 'zod';

/** Serving `onnx`: ONNX models in ONNX Runtime, inline where a run is short, in worker threads where it is long. */
export default definePlugin({
  kind: 'serving',
  name: 'onnx',
  contract: 1,
  config: z.strictObject({
    /** Tried in order; the first that opens the model runs it. */
    devices: z
      .array(z.enum(['cuda', 'cpu']))
      .min(1)
      .default(['cuda', 'cpu']),
    intraOpThreads: z.int().positive().default(1),
    interOpThreads: z.int().positive().default(1),
    maxModelBytes: z.int().positive().default(536_870_912),
    /** Rows of the warm-up run, which should be the largest batch that callers send. */
    maxBatch: z.int().positive().default(128),
    /** `auto` measures at load: a run blocks the event loop for as long as it takes. */
    execution: z.enum(['auto', 'inline', 'worker']).default('auto'),
    /** Longest run of maxBatch rows that `auto` keeps on the calling thread; a hop costs about 0.05 ms. */
    inlineLimitMs: z.number().positive().default(0.5),
    /** Threads per model that runs in workers. */
    workers: z.int().positive().default(1),
  }),
  capabilities: ['cpu', 'cuda', 'workers'],
  create: async (config, host) => (await import('./serving.js')).openServing(config, host.log),
});
