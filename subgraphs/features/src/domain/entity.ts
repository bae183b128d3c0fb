import { z } from 'zod';
import { description, name } from './names.js';

export const entityInput = z
  .object({
    name,
    description,
    keys: z
      .array(z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, 'expected a lower-case name'))
      .min(1)
      .max(8)
      .refine((keys) => new Set(keys).size === keys.length, 'each key once'),
    subjectKey: z
      .string()
      .nullish()
      .transform((key) => key ?? null),
  })
  .refine(({ keys, subjectKey }) => subjectKey === null || keys.includes(subjectKey), {
    path: ['subjectKey'],
    message: 'expected one of the keys',
  });
