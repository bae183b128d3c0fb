// What one person asks for and another decides, with an end: waivers of checks and transfer instruments.
import { refused } from '@falaj/runtime';

export interface Decidable {
  readonly state: string;
  /** Who asked for it. */
  readonly ownerId: string;
  readonly endsAt: Date;
}

export interface DecisionStep {
  readonly to: 'APPROVED' | 'REJECTED' | 'REVOKED';
  readonly reason: string;
  readonly now: Date;
}

/** Whoever asked does not decide; what is decided is not decided again, but an approved one may be revoked. */
export function requireDecidable(
  { state, ownerId, endsAt }: Decidable,
  deciderId: string,
  { to, now }: DecisionStep,
  words: { readonly rule: string; readonly asked: string; readonly again: string },
): void {
  const from = to === 'REVOKED' ? 'APPROVED' : 'REQUESTED';
  if (state !== from)
    throw refused({
      rule: `${words.rule}_STATE`,
      found: state,
      limit: `${from}, to become ${to}`,
      whatToDo: words.again,
    });
  if (to !== 'REVOKED' && ownerId === deciderId)
    throw refused(
      {
        rule: `${words.rule}_FOUR_EYES`,
        found: `${deciderId}, who ${words.asked}`,
        limit: 'an approver who is somebody else',
        whatToDo: 'have another approver decide',
      },
      'FORBIDDEN',
    );
  if (to === 'APPROVED' && endsAt <= now)
    throw refused({
      rule: `${words.rule}_PERIOD`,
      found: `ended at ${endsAt.toISOString()}`,
      limit: 'an end that is ahead',
      whatToDo: words.again,
    });
}
