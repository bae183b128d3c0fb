import { definePlugin } from '@falaj/plugin-sdk';
import { z } from 'zod';
import { openTrainer, TRAINER } from './trainer.js';

const limit = (fallback: number) => z.number().int().positive().default(fallback);

/** Trainer `gbdt`: histogram gradient boosting for tables, exported as ONNX. Its own process by default: training is CPU-bound. */
export default definePlugin({
  kind: 'trainer',
  name: TRAINER.name,
  contract: 1,
  config: z.strictObject({
    maxRows: limit(5_000_000),
    maxColumns: limit(2_000),
    maxClasses: limit(200),
    /** Trees over all rounds; multiclass has one a class and round. */
    maxTrees: limit(20_000),
    /** Memory of the histograms of one tree. */
    maxHistogramBytes: limit(1_073_741_824),
  }),
  capabilities: ['binary', 'multiclass', 'regression', 'missing-values', 'early-stopping'],
  isolation: 'process',
  create: (limits) => openTrainer(limits),
});
