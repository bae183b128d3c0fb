import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { addBusinessTime, type BusinessCalendar, businessTimeBetween, uaeBusinessHours } from './business-calendar.js';
import { enter, openClocks, settle } from './incident-change.js';
import { incidentStates, nextStates, transitions } from './incident-states.js';
import { levels, priorityOf } from './priority.js';
import { builtInServiceLevels, dueAt, remainingAt, retargetClock } from './service-level.js';

interface Fixture {
  readonly calendars: readonly BusinessCalendar[];
  readonly cases: readonly { calendar: string; from: string; minutes: number; due: string }[];
}
const fixture = JSON.parse(readFileSync(new URL('./fixtures/business-time.json', import.meta.url), 'utf8')) as Fixture;

test('business time equals a count minute by minute, over changes of the clock, weekends and holidays', () => {
  expect(fixture.cases).toHaveLength(240);
  for (const { calendar: name, from, minutes, due } of fixture.cases) {
    const calendar = fixture.calendars.find((each) => each.name === name) as BusinessCalendar;
    const found = addBusinessTime(calendar, new Date(from), minutes * 60_000);
    expect(found.toISOString(), `${name} from ${from}, ${minutes} minutes`).toBe(new Date(due).toISOString());
    expect(businessTimeBetween(calendar, new Date(from), found)).toBe(minutes * 60_000);
  }
});

test('a calendar that never opens is an error, not an endless count', () => {
  expect(() => addBusinessTime({ ...uaeBusinessHours, workingDays: [] }, new Date(), 1)).toThrowError(RangeError);
});

const at = (text: string) => new Date(`${text}+04:00`);
const p3 = builtInServiceLevels.find(({ priority }) => priority === 'P3');
if (!p3) throw new Error('no P3');

test('Friday afternoon to Monday; the clock stands in PENDING, and the pause moves the due date by working time only', () => {
  const opened = at('2026-11-20T17:00'); // a Friday
  const clocks = openClocks(p3, opened);
  expect(dueAt(clocks.responseClock, uaeBusinessHours)).toEqual(at('2026-11-23T11:00'));
  expect(dueAt(clocks.resolutionClock, uaeBusinessHours)).toEqual(at('2026-11-25T11:00'));
  const waiting = enter(clocks, 'PENDING', uaeBusinessHours, at('2026-11-23T09:00'));
  expect(dueAt(waiting.resolutionClock, uaeBusinessHours)).toBeNull();
  expect(waiting.resolutionClock.remainingMs).toBe(22 * 3_600_000);
  expect(settle(waiting, uaeBusinessHours, at('2027-06-01T09:00')).notices).toEqual([]);
  const back = enter(waiting, 'IN_PROGRESS', uaeBusinessHours, at('2026-11-24T09:00'));
  expect(dueAt(back.resolutionClock, uaeBusinessHours)).toEqual(at('2026-11-26T11:00'));
});

test('thresholds are told once, at the instant they were passed, however late anyone looks', () => {
  const clocks = openClocks(p3, at('2026-11-23T08:00'));
  const first = settle(clocks, uaeBusinessHours, at('2026-11-23T12:00'));
  expect(first.notices.map(({ promise, share }) => `${promise} ${share}`)).toEqual(['RESPONSE 50', 'RESPONSE 75']);
  const late = settle(first.clocks, uaeBusinessHours, at('2026-12-01T08:00'));
  expect(late.notices).toEqual([
    { promise: 'RESPONSE', share: 100, at: at('2026-11-23T12:00') },
    { promise: 'RESOLUTION', share: 50, at: at('2026-11-24T10:00') },
    { promise: 'RESOLUTION', share: 75, at: at('2026-11-24T16:00') },
    { promise: 'RESOLUTION', share: 100, at: at('2026-11-25T12:00') },
  ]);
  expect(settle(late.clocks, uaeBusinessHours, at('2027-01-01T08:00')).notices).toEqual([]);
  expect(late.clocks.resolutionClock.breachedAt).toBe(at('2026-11-25T12:00').toISOString());
});

test('another priority keeps the time that was used up', () => {
  const clocks = openClocks(p3, at('2026-11-23T08:00'));
  const now = at('2026-11-23T11:00');
  const both = { from: uaeBusinessHours, to: uaeBusinessHours };
  const shorter = retargetClock(clocks.resolutionClock, both, 4 * 60, now);
  expect(remainingAt(shorter, uaeBusinessHours, now)).toBe(3_600_000);
  expect(dueAt(shorter, uaeBusinessHours)).toEqual(at('2026-11-23T12:00'));
});

test('every state can be left or is closed, and every transition names known states; the matrix is monotone', () => {
  for (const state of incidentStates) expect(nextStates(state).length, state).toBeGreaterThan(0);
  for (const { from, to } of transitions) expect(incidentStates).toEqual(expect.arrayContaining([from, to]));
  for (const [place, impact] of levels.entries())
    for (const urgency of levels)
      expect(priorityOf(impact, urgency) >= priorityOf(levels[Math.max(0, place - 1)] ?? 'HIGH', urgency)).toBe(true);
});
