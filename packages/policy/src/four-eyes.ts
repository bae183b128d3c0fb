import { refused } from '@falaj/runtime';

export interface Decider {
  readonly id: string;
  /** Only a `USER` may decide. */
  readonly kind: string;
  readonly roles: readonly string[];
}

export interface IndependentDecision {
  /** Role in which the decision is given. */
  readonly role: string;
  /** Roles that are asked for. */
  readonly accepted: readonly string[];
  /** All principals of the persons who may not decide, as far as the directory tells. */
  readonly involved: readonly string[];
  /** Who they are, e.g. `somebody who asked for this run`. */
  readonly involvedAs: string;
  /** What asks for the roles, e.g. `the stage`. */
  readonly askedBy: string;
}

/** Four eyes. Throws FORBIDDEN with rule, found value, limit and what to do. */
export function requireIndependent(decider: Decider, decision: IndependentDecision): void {
  const { role, accepted, involved, involvedAs, askedBy } = decision;
  const refuse = (rule: string, found: string, limit: string, whatToDo: string): never => {
    throw refused({ rule, found, limit, whatToDo }, 'FORBIDDEN');
  };
  if (decider.kind !== 'USER')
    refuse('FOUR_EYES_PERSON', 'a service account', 'a person', 'let a person with the role decide');
  if (involved.includes(decider.id))
    refuse('FOUR_EYES_INDEPENDENT', involvedAs, 'another person', 'let somebody else with the role decide');
  if (!accepted.includes(role))
    refuse(
      'FOUR_EYES_ROLE',
      `role ${role}`,
      accepted.length > 0 ? `role ${accepted.join(' or ')}` : 'no approval',
      `decide in a role that ${askedBy} asks for`,
    );
  if (!decider.roles.includes(role))
    refuse('FOUR_EYES_ROLE', 'a role that you do not hold here', `role ${role}`, 'let somebody who holds it decide');
}
