// Who takes a role in an emergency: nobody asks first, so it is short, loud, and looked at afterwards.
import { refused } from '@falaj/runtime';

/** Whoever holds one of these could make the access last, or grant themselves more. */
const NEVER = ['administrator', 'platform-administrator'];

export interface BrokenGlass {
  /** Of the principal: a program cannot be asked afterwards. */
  readonly kind: string;
  readonly role: string;
  readonly held: readonly string[];
  /** The last one that nobody reviewed, if any. */
  readonly unreviewedId: string | null;
}

/** Throws FORBIDDEN for roles that may not be taken, PRECONDITION_FAILED where it is not needed or the last awaits review. */
export function requireBreakable({ kind, role, held, unreviewedId }: BrokenGlass): void {
  requirePerson(kind, 'BREAK_GLASS_PERSON');
  if (NEVER.includes(role))
    throw refused(
      {
        rule: 'BREAK_GLASS_ROLE',
        found: role,
        limit: `any role but ${NEVER.join(', ')}`,
        whatToDo: 'take the role that does the work itself; an administrator is asked with requestAccess',
      },
      'FORBIDDEN',
    );
  refuseHeld(role, held);
  if (unreviewedId !== null)
    throw refused({
      rule: 'BREAK_GLASS_REVIEW',
      found: `${unreviewedId}, which nobody reviewed`,
      limit: 'none that awaits its review',
      whatToDo: 'let an administrator or auditor review it with reviewBreakGlass, or ask with requestAccess',
    });
}

/** Throws FORBIDDEN for a program. */
export function requirePerson(kind: string, rule: string): void {
  if (kind === 'USER') return;
  throw refused(
    { rule, found: 'a program', limit: 'a person', whatToDo: 'let a person with the role do it' },
    'FORBIDDEN',
  );
}

/** Throws PRECONDITION_FAILED for a role that is in force already. */
export function refuseHeld(role: string, held: readonly string[]): void {
  if (!held.includes(role)) return;
  throw refused({
    rule: 'ACCESS_HELD',
    found: `${role}, which you hold`,
    limit: 'a role that you do not hold here',
    whatToDo: 'ask explainDecision what else is missing',
  });
}
