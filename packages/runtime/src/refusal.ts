import type { PlatformErrorCode } from './error-codes.js';
import { PlatformError } from './platform-error.js';

/** Why a rule of the house says no: everything that a caller needs to do better. */
export interface Refusal {
  /** Permanent name of the rule, e.g. `INCIDENT_TRANSITION`. */
  readonly rule: string;
  readonly found: string;
  readonly limit: string;
  /** What to do instead, as it follows on "What to do:". */
  readonly whatToDo: string;
}

/** The refusal as people read it. */
export const refusalText = ({ rule, found, limit, whatToDo }: Refusal): string =>
  `${rule}: found ${found}, needed ${limit}. What to do: ${whatToDo}.`;

/** An error whose message and `details` carry the refusal; `more` are further details. */
export function refused(
  refusal: Refusal,
  code: PlatformErrorCode = 'PRECONDITION_FAILED',
  more: Readonly<Record<string, unknown>> = {},
): PlatformError {
  const { rule, found, limit, whatToDo } = refusal;
  return new PlatformError(code, refusalText(refusal), { details: { ...more, rule, found, limit, whatToDo } });
}

/** One error for several rules, with all of them in `details.refusals`. */
export const refusedByAll = (refusals: readonly Refusal[], code: PlatformErrorCode): PlatformError =>
  new PlatformError(code, refusals.map(refusalText).join(' '), { details: { refusals } });
