import { definePlugin } from '@falaj/plugin-sdk';
import { z } from 'zod';
import { openTrainer } from './trainer.js';

const limit = (fallback: number) => z.number().int().positive().default(fallback);

const command = z.strictObject({
  /** Program and arguments; never read by a shell. */
  argv: z.array(z.string().min(1)).min(1),
  /** Beside the contract's own variables; nothing else of the platform's environment is passed on but PATH. */
  environment: z.record(z.string().regex(/^[A-Z][A-Z0-9_]*$/), z.string()).default({}),
  /** Parameters that a run may set, with their defaults; a value must be of its default's type. */
  parameters: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])).default({}),
  timeoutSeconds: limit(3600),
  /** Hands the program a token of its run, with which it reads its run and inputs in the graph and logs into its run. */
  platformAccess: z.boolean().default(false),
  /** Resident memory of the whole process group; watched where /proc is there. */
  maxMemoryBytes: limit(4 * 2 ** 30),
});

/**
 * Trainer `process`: runs a command of the operator's list, Python first. Data goes in as files, progress comes back by a pipe,
 * the model as ONNX. A run chooses its command by the parameter `command`; the first is the default.
 */
export default definePlugin({
  kind: 'trainer',
  name: 'process',
  contract: 1,
  config: z.strictObject({
    commands: z.record(z.string().regex(/^[a-z][a-z0-9-]*$/), command).refine((all) => Object.keys(all).length > 0, {
      message: 'at least one command is needed',
    }),
    maxRows: limit(5_000_000),
    maxColumns: limit(2_000),
    maxClasses: limit(200),
    maxModelBytes: limit(512 * 2 ** 20),
  }),
  capabilities: ['binary', 'multiclass', 'regression', 'platform-access'],
  create: (config, host) => openTrainer(config, host),
});
