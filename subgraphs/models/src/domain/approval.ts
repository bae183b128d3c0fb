// What a decision about a promotion is for, and which are missing.
import { z } from 'zod';
import { aliasName } from './alias.js';
import { digestOf } from './canonical.js';
import type { GateDefinition } from './gate-set.js';

export const promotionRequestInput = z.object({
  modelVersionId: z.string().min(1).max(128),
  alias: aliasName,
  reason: z.string().trim().min(1).max(4000),
});

export const decisionInput = z.object({
  promotionId: z.string().min(1).max(128),
  role: z.string().min(1).max(100),
  reason: z.string().trim().min(1).max(4000),
});

export type PromotionState = 'PENDING' | 'DONE' | 'BLOCKED' | 'REJECTED' | 'EXPIRED' | 'INVALIDATED';

/** Everything that an approval is for. */
export interface Binding {
  readonly modelVersionId: string;
  readonly versionDigest: string;
  readonly alias: string;
  readonly gateRevision: number;
  readonly gateDigest: string;
  readonly cardDigest: string | null;
}
export const bindingOf = (binding: Binding): string => digestOf(binding);

export interface Approval {
  readonly role: string;
  readonly binding: string;
}

export interface MissingApproval {
  readonly role: string;
  readonly needed: number;
  readonly given: number;
}

/** Roles that lack approvals for exactly this binding. */
export function missingApprovals(
  required: GateDefinition['approvals'],
  given: readonly Approval[],
  binding: string,
): MissingApproval[] {
  return required
    .map(({ role, count }) => ({
      role,
      needed: count,
      given: given.filter((approval) => approval.role === role && approval.binding === binding).length,
    }))
    .filter(({ needed, given: found }) => found < needed);
}
