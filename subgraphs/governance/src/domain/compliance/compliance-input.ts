// The form of what callers send about compliance.
import { z } from 'zod';
import { checkGates } from './finding.js';

/** Objects that can be judged by themselves. */
export const complianceSubjects = ['Endpoint', 'ModelVersion'] as const;

const subject = z.object({ type: z.enum(complianceSubjects), id: z.string().min(1) });
const reason = z.string().trim().min(10, 'expected a reason of at least 10 characters').max(4_000);

export const runInput = z.object({ framework: z.string().min(1).nullish(), subject: subject.nullish() });
export const verdictInput = z.object({ gate: z.enum(checkGates), subject });
export const waiverInput = z.object({
  checkId: z.string().min(1),
  subject: subject.nullish(),
  reason,
  expiresAt: z.date(),
});
export const decideInput = z.object({ waiverId: z.string().min(1), approve: z.boolean(), reason });
export const revokeInput = z.object({ waiverId: z.string().min(1), reason });
