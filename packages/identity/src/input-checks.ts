import { PlatformError } from '@falaj/runtime';
import { z } from 'zod';

/** A jurisdiction: an ISO country, with a free zone where that has its own law. */
export const zoneCode = z.string().regex(/^[A-Z]{2}(-[A-Z0-9]{2,8})?$/, 'a zone is like AE, AE-DIFC or an ISO country');
export const roleName = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'a role is lower-case letters, digits and "-"');
/** Shown to people: no control characters, no spaces around. */
export const displayName = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}\p{Cs}]+$/u, 'a name has no control characters')
  .refine((name) => name === name.trim(), 'a name has no spaces around it');

/** Throws BAD_USER_INPUT with every issue and its path. */
export function checked<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issues = result.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  throw new PlatformError('BAD_USER_INPUT', issues.map(({ path, message }) => `${path}: ${message}`).join('; '), {
    details: { issues },
  });
}
