import { PlatformError } from '@falaj/runtime';
import type { z } from 'zod';

/** Checks what a caller sent; every issue is reported at once, with its path. */
export function parseInput<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) => ({
    path: ['input', ...issue.path].join('.'),
    message: issue.message,
  }));
  throw new PlatformError('BAD_USER_INPUT', issues.map((issue) => `${issue.path}: ${issue.message}`).join('; '), {
    details: { issues },
  });
}
