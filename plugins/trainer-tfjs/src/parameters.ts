import type { TrainingParameter } from '@falaj/contracts';
import { PluginError } from '@falaj/plugin-sdk';
import { z } from 'zod';

const parameters = z.strictObject({
  /** Units of each hidden layer, the first one first; empty for a linear model. */
  hiddenUnits: z
    .string()
    .regex(/^(\d{1,5}(,\d{1,5}){0,9})?$/, 'a list of at most ten whole numbers such as "64,32"')
    .default('64,32'),
  activation: z.enum(['relu', 'tanh']).default('relu'),
  epochs: z.number().int().min(1).max(10_000).default(40),
  batchSize: z.number().int().min(1).max(1_000_000).default(128),
  learningRate: z.number().positive().max(10).default(0.003),
  /** Share of each hidden layer that is left out at a step. */
  dropout: z.number().min(0).max(0.9).default(0),
  /** Weight of the squared weights in the loss. */
  l2: z.number().min(0).max(100).default(0),
  /** Stop after so many epochs without a better validation loss; 0 = never. */
  earlyStoppingEpochs: z.number().int().min(0).max(10_000).default(8),
});

export type Parameters = z.output<typeof parameters>;

/** Throws BAD_INPUT with every parameter that does not fit. */
export function readParameters(given: Readonly<Record<string, TrainingParameter>>): Parameters {
  const read = parameters.safeParse(given);
  if (read.success) return read.data;
  const issues = read.error.issues.map((issue) =>
    issue.code === 'unrecognized_keys'
      ? `Unknown parameter "${issue.keys.join('", "')}"; allowed: ${Object.keys(parameters.shape).join(', ')}`
      : `Parameter "${issue.path.join('.')}": ${issue.message}`,
  );
  throw new PluginError('BAD_INPUT', `${issues.join('; ')}.`);
}
