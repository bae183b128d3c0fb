// What a step does to an incident's clocks and dates: pure, so that a mutation and the sweep agree.
import type { BusinessCalendar } from './business-calendar.js';
import { clockRuns, type IncidentState } from './incident-states.js';
import {
  type Clock,
  dueAt,
  nextNotice,
  passedThresholds,
  resumeClock,
  type ServiceLevel,
  startClock,
  stopClock,
} from './service-level.js';

export interface Clocks {
  readonly responseClock: Clock;
  readonly resolutionClock: Clock;
}

/** Columns that follow from the clocks. */
export interface ClockDates {
  readonly responseDueAt: Date | null;
  readonly resolutionDueAt: Date | null;
  readonly responseBreachedAt: Date | null;
  readonly resolutionBreachedAt: Date | null;
  readonly clockDueAt: Date | null;
}

/** A threshold that a clock passed. */
export interface Notice {
  readonly promise: 'RESPONSE' | 'RESOLUTION';
  readonly share: number;
  readonly at: Date;
}

export const openClocks = (level: ServiceLevel, now: Date): Clocks => ({
  responseClock: startClock(level.responseMinutes, now),
  resolutionClock: startClock(level.resolutionMinutes, now),
});

export function clockDates({ responseClock, resolutionClock }: Clocks, calendar: BusinessCalendar): ClockDates {
  const notices = [nextNotice(responseClock, calendar), nextNotice(resolutionClock, calendar)].filter(
    (at) => at !== null,
  );
  return {
    responseDueAt: dueAt(responseClock, calendar),
    resolutionDueAt: dueAt(resolutionClock, calendar),
    responseBreachedAt: instant(responseClock.breachedAt),
    resolutionBreachedAt: instant(resolutionClock.breachedAt),
    clockDueAt: notices.length === 0 ? null : new Date(Math.min(...notices.map(Number))),
  };
}

/** The thresholds passed until `now`, whoever looks first: the sweep or somebody who changes the incident. */
export function settle(
  { responseClock, resolutionClock }: Clocks,
  calendar: BusinessCalendar,
  now: Date,
): { clocks: Clocks; notices: Notice[] } {
  const response = passedThresholds(responseClock, calendar, now);
  const resolution = passedThresholds(resolutionClock, calendar, now);
  return {
    clocks: { responseClock: response.clock, resolutionClock: resolution.clock },
    notices: [
      ...response.passed.map((each): Notice => ({ promise: 'RESPONSE', ...each })),
      ...resolution.passed.map((each): Notice => ({ promise: 'RESOLUTION', ...each })),
    ],
  };
}

/** The response clock stops for good when somebody takes the incident up; that of the resolution runs by state. */
export function enter(clocks: Clocks, to: IncidentState, calendar: BusinessCalendar, now: Date): Clocks {
  const { resolutionClock } = clocks;
  return {
    responseClock: to === 'NEW' ? clocks.responseClock : stopClock(clocks.responseClock, calendar, now),
    resolutionClock: clockRuns(to) ? resumeClock(resolutionClock, now) : stopClock(resolutionClock, calendar, now),
  };
}

const instant = (text: string | null): Date | null => (text === null ? null : new Date(text));
