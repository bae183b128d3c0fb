// The form of what callers send about access for a time.
import { z } from 'zod';

/** Seconds; the bounds of a request and of a broken glass. */
export const LONGEST_ACCESS = 90 * 86_400;
export const LONGEST_BREAK_GLASS = 3_600;
const SHORTEST = 60;

const reason = z.string().trim().min(10, 'expected a reason of at least 10 characters').max(4_000);
const id = z.string().min(1).max(128);
const role = z.string().min(1).max(64);

export const requestAccessInput = z.object({
  role,
  durationSeconds: z.int().min(SHORTEST).max(LONGEST_ACCESS).default(28_800),
  reason,
});
export const breakGlassInput = z.object({
  role,
  durationSeconds: z.int().min(SHORTEST).max(LONGEST_BREAK_GLASS).default(LONGEST_BREAK_GLASS),
  reason,
  incidentId: id.nullish(),
});
export const decideAccessInput = z.object({ accessRequestId: id, approve: z.boolean(), reason });
export const endAccessInput = z.object({ accessRequestId: id, reason });
export const reviewBreakGlassInput = z.object({ accessRequestId: id, review: reason });
