import { z } from 'zod';

/** Names of models: what portals show and what paths are made of. */
export const name = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,62}$/, 'expected a lower-case letter, then up to 62 of a-z, 0-9, _ and -');

export const modelInput = z.object({ name, description: z.string().max(4000).default('') });
export const modelVersionInput = z.object({ modelName: name, runId: z.string().min(1).max(128) });
