// A rule of a stage that says no, as data: rule, what was found, the limit, what to do.
import { type Refusal, refusedByAll } from '@falaj/runtime';

export type Bound = {
  readonly rule: string;
  readonly found: number | null;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly whatToDo: string;
};

/** The bounds that do not hold; what is not known holds none. */
export function brokenBounds(bounds: readonly Bound[]): Refusal[] {
  return bounds.flatMap(({ rule, found, minimum, maximum, whatToDo }) => {
    const known = found !== null && Number.isFinite(found);
    const low = minimum !== undefined && !(known && found >= minimum);
    const high = maximum !== undefined && !(known && found <= maximum);
    if (!low && !high) return [];
    const limit = low ? `at least ${minimum}` : `at most ${maximum}`;
    return [{ rule, found: known ? String(found) : 'unknown', limit, whatToDo }];
  });
}

/** Throws STAGE_REFUSED where there is any refusal. */
export function refuseUnless(refusals: readonly Refusal[]): void {
  if (refusals.length === 0) return;
  throw refusedByAll(refusals, 'STAGE_REFUSED');
}
