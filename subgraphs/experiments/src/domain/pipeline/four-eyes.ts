// Who may decide about an APPROVE stage.
import { PlatformError } from '@falaj/runtime';

interface Decider {
  readonly id: string;
  readonly kind: 'USER' | 'SERVICE' | 'ANONYMOUS';
  readonly roles: readonly string[];
}

/** Throws FORBIDDEN with rule, found value, limit and what to do. `requesters` are all principals of the persons who asked for the run. */
export function requireIndependent(
  decider: Decider,
  role: string,
  wanted: string,
  requesters: readonly string[],
): void {
  const refuse = (rule: string, found: string, limit: string, whatToDo: string): never => {
    throw new PlatformError('FORBIDDEN', `${rule}: found ${found}, needed ${limit}. What to do: ${whatToDo}.`, {
      details: { rule, found, limit, whatToDo },
    });
  };
  if (decider.kind !== 'USER')
    refuse('FOUR_EYES_PERSON', 'a service account', 'a person', 'let a person with the role decide');
  if (requesters.includes(decider.id))
    refuse(
      'FOUR_EYES_INDEPENDENT',
      'somebody who asked for this run',
      'another person',
      'let somebody else with the role decide',
    );
  if (role !== wanted)
    refuse('FOUR_EYES_ROLE', `role ${role}`, `role ${wanted}`, 'decide in the role that the stage asks for');
  if (!decider.roles.includes(role))
    refuse('FOUR_EYES_ROLE', 'a role that you do not hold here', `role ${role}`, 'let somebody who holds it decide');
}
