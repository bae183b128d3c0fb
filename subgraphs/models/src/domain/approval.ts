// Four eyes: who may decide about a promotion, and what a decision is for.
import { PlatformError } from '@falaj/runtime';
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

export interface Decider {
  readonly id: string;
  /** Only a `USER` may decide. */
  readonly kind: string;
  readonly roles: readonly string[];
}

/**
 * Throws FORBIDDEN naming the rule. `involved` are all principals of the persons who trained, registered or requested,
 * as far as the directory tells.
 */
export function requireIndependent(
  decider: Decider,
  role: string,
  required: GateDefinition['approvals'],
  involved: readonly string[],
): void {
  const refuse = (rule: string, found: string, limit: string, whatToDo: string): never => {
    throw new PlatformError('FORBIDDEN', `${rule}: found ${found}, needed ${limit}. What to do: ${whatToDo}.`, {
      details: { rule, found, limit, whatToDo },
    });
  };
  if (decider.kind !== 'USER')
    refuse('FOUR_EYES_PERSON', 'a service account', 'a person', 'let a person with the role decide');
  if (involved.includes(decider.id))
    refuse(
      'FOUR_EYES_INDEPENDENT',
      'somebody who trained, registered or requested this version',
      'another person',
      'let somebody else with the role decide',
    );
  if (!required.some((approval) => approval.role === role))
    refuse(
      'FOUR_EYES_ROLE',
      `role ${role}`,
      required.map((approval) => approval.role).join(', ') || 'no approval',
      'decide in a role that the gate set asks for',
    );
  if (!decider.roles.includes(role))
    refuse('FOUR_EYES_ROLE', 'a role that you do not hold here', role, 'let somebody who holds it decide');
}

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
