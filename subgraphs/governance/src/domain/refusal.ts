import { PlatformError, type PlatformErrorCode } from '@falaj/runtime';

/** Why a rule of the house refuses a change: everything that a caller needs to do better. */
export interface Refusal {
  /** Permanent name of the rule, e.g. `INCIDENT_TRANSITION`. */
  readonly rule: string;
  readonly found: string;
  readonly limit: string;
  /** What to do instead: a whole sentence. */
  readonly todo: string;
}

/** An error whose message and `details` carry the refusal. */
export function refused(refusal: Refusal, code: PlatformErrorCode = 'PRECONDITION_FAILED'): PlatformError {
  const { rule, found, limit, todo } = refusal;
  return new PlatformError(code, `Rule ${rule}: found ${found}; the limit is ${limit}. ${todo}`, {
    details: { rule, found, limit, todo },
  });
}
