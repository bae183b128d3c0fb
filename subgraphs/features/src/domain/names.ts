import { z } from 'zod';

/** Names of features' nouns: what portals show and what paths and column names are made of. */
export const name = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,62}$/, 'expected a lower-case letter, then up to 62 of a-z, 0-9, _ and -');

export const description = z.string().max(4000).default('');
