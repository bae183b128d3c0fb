// What is promised for an incident of a priority, and the clocks that measure it. Clocks count the calendar's time and
// stand still while the incident waits for somebody else.
import {
  addBusinessTime,
  aroundTheClock,
  type BusinessCalendar,
  businessTimeBetween,
  uaeBusinessHours,
} from './business-calendar.js';
import type { Priority } from './priority.js';

export interface ServiceLevel {
  readonly priority: Priority;
  readonly responseMinutes: number;
  readonly resolutionMinutes: number;
  readonly calendar: string;
}

const level = (
  priority: Priority,
  responseMinutes: number,
  resolutionMinutes: number,
  { name }: BusinessCalendar,
): ServiceLevel => ({ priority, responseMinutes, resolutionMinutes, calendar: name });

const HOUR = 60;
const BUSINESS_DAY = 10 * HOUR;

/** What holds until a workspace sets its own. */
export const builtInServiceLevels: readonly ServiceLevel[] = [
  level('P1', 15, 4 * HOUR, aroundTheClock),
  level('P2', HOUR, 8 * HOUR, aroundTheClock),
  level('P3', 4 * HOUR, 24 * HOUR, uaeBusinessHours),
  level('P4', 8 * HOUR, 72 * HOUR, uaeBusinessHours),
  level('P5', 2 * BUSINESS_DAY, 10 * BUSINESS_DAY, uaeBusinessHours),
];

/** One promise being measured. */
export interface Clock {
  readonly targetMs: number;
  /** Counted time left at `runsSince`, or for good while it stands. Negative once it is overrun. */
  readonly remainingMs: number;
  /** ISO 8601; null while it stands. */
  readonly runsSince: string | null;
  /** Share of the target, in per cent, of which the watchers were told: 0, 50, 75 or 100. */
  readonly told: number;
  readonly breachedAt: string | null;
}

/** Shares of the target at which the timeline notes it; the last is the breach. */
export const thresholds = [50, 75, 100] as const;

export const startClock = (minutes: number, now: Date): Clock => ({
  targetMs: minutes * 60_000,
  remainingMs: minutes * 60_000,
  runsSince: now.toISOString(),
  told: 0,
  breachedAt: null,
});

export const remainingAt = (clock: Clock, calendar: BusinessCalendar, now: Date): number =>
  clock.runsSince === null
    ? clock.remainingMs
    : clock.remainingMs - businessTimeBetween(calendar, new Date(clock.runsSince), now);

export const stopClock = (clock: Clock, calendar: BusinessCalendar, now: Date): Clock => ({
  ...clock,
  remainingMs: remainingAt(clock, calendar, now),
  runsSince: null,
});

export const resumeClock = (clock: Clock, now: Date): Clock =>
  clock.runsSince === null ? { ...clock, runsSince: now.toISOString() } : clock;

/** Another target: what was used up stays used up, and thresholds not reached any more are told again. */
export function retargetClock(
  clock: Clock,
  calendar: { readonly from: BusinessCalendar; readonly to: BusinessCalendar },
  minutes: number,
  now: Date,
): Clock {
  const used = clock.targetMs - remainingAt(clock, calendar.from, now);
  const targetMs = minutes * 60_000;
  const share = (used / targetMs) * 100;
  return {
    ...clock,
    targetMs,
    remainingMs: targetMs - used,
    runsSince: clock.runsSince === null ? null : now.toISOString(),
    told: Math.min(clock.told, thresholds.filter((threshold) => threshold <= share).at(-1) ?? 0),
  };
}

/** When a share of the target is used up; null while the clock stands. */
export function reachedAt(clock: Clock, calendar: BusinessCalendar, share: number): Date | null {
  if (clock.runsSince === null) return null;
  const left = clock.remainingMs - (clock.targetMs * (100 - share)) / 100;
  return addBusinessTime(calendar, new Date(clock.runsSince), left);
}

export const dueAt = (clock: Clock, calendar: BusinessCalendar): Date | null => reachedAt(clock, calendar, 100);

/** When the clock next has something to tell; null when it stands or has told all. */
export function nextNotice(clock: Clock, calendar: BusinessCalendar): Date | null {
  const next = thresholds.find((threshold) => threshold > clock.told);
  return next === undefined ? null : reachedAt(clock, calendar, next);
}

/** The thresholds that were passed until `now` and not yet told, each with its instant. */
export function passedThresholds(
  clock: Clock,
  calendar: BusinessCalendar,
  now: Date,
): { clock: Clock; passed: { share: number; at: Date }[] } {
  const passed = thresholds.flatMap((share) => {
    const at = share > clock.told ? reachedAt(clock, calendar, share) : null;
    // A target that is met on the last millisecond is met.
    return at && at < now ? [{ share, at }] : [];
  });
  const last = passed.at(-1);
  if (!last) return { clock, passed };
  return {
    passed,
    clock: {
      ...clock,
      told: last.share,
      breachedAt: last.share === 100 ? (clock.breachedAt ?? last.at.toISOString()) : clock.breachedAt,
    },
  };
}
