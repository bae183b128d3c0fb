// Time that counts: the hours of a business calendar, in its own time zone.
export interface BusinessCalendar {
  readonly name: string;
  /** IANA name, e.g. `Asia/Dubai`. */
  readonly timeZone: string;
  /** ISO days of the week, 1 = Monday to 7 = Sunday. */
  readonly workingDays: readonly number[];
  /** `HH:MM` of the time zone; `closes` may be `24:00`. */
  readonly opens: string;
  readonly closes: string;
  /** `YYYY-MM-DD` of the time zone: days that do not count. */
  readonly holidays: readonly string[];
}

/** Every hour counts. */
export const aroundTheClock: BusinessCalendar = {
  name: 'around-the-clock',
  timeZone: 'UTC',
  workingDays: [1, 2, 3, 4, 5, 6, 7],
  opens: '00:00',
  closes: '24:00',
  holidays: [],
};

/** The week of the United Arab Emirates since 2022; holidays are for the workspace to add, for the moon decides some. */
export const uaeBusinessHours: BusinessCalendar = {
  name: 'uae-business-hours',
  timeZone: 'Asia/Dubai',
  workingDays: [1, 2, 3, 4, 5],
  opens: '08:00',
  closes: '18:00',
  holidays: [],
};

export const builtInCalendars: readonly BusinessCalendar[] = [aroundTheClock, uaeBusinessHours];

const DAY_MS = 86_400_000;
/** A calendar that opens on none of so many days opens never. */
const FARTHEST_DAYS = 3_660;

const continuous = (calendar: BusinessCalendar): boolean =>
  calendar.opens === '00:00' &&
  calendar.closes === '24:00' &&
  calendar.holidays.length === 0 &&
  new Set(calendar.workingDays).size === 7;

/** The instant at which `ms` of counted time have passed since `from`. Throws RangeError where the calendar never opens. */
export function addBusinessTime(calendar: BusinessCalendar, from: Date, ms: number): Date {
  if (ms <= 0) return from;
  if (continuous(calendar)) return new Date(from.getTime() + ms);
  let left = ms;
  for (const [opens, closes] of openings(calendar, from)) {
    const start = Math.max(opens, from.getTime());
    const length = closes - start;
    if (length <= 0) continue;
    if (left <= length) return new Date(start + left);
    left -= length;
  }
  throw new RangeError(`The calendar ${calendar.name} does not open long enough within ${FARTHEST_DAYS} days.`);
}

/** Counted milliseconds from `from` to `to`; 0 where `to` is not later. */
export function businessTimeBetween(calendar: BusinessCalendar, from: Date, to: Date): number {
  if (to <= from) return 0;
  if (continuous(calendar)) return to.getTime() - from.getTime();
  let counted = 0;
  for (const [opens, closes] of openings(calendar, from)) {
    if (opens >= to.getTime()) break;
    counted += Math.max(0, Math.min(closes, to.getTime()) - Math.max(opens, from.getTime()));
  }
  return counted;
}

/** Opening hours as pairs of instants, from the local day of `from` on. */
function* openings(calendar: BusinessCalendar, from: Date): Generator<readonly [number, number]> {
  const holidays = new Set(calendar.holidays);
  const first = localDay(calendar.timeZone, from);
  for (let place = 0; place < FARTHEST_DAYS; place += 1) {
    const day = first + place * DAY_MS;
    const weekday = new Date(day).getUTCDay() || 7;
    if (!calendar.workingDays.includes(weekday) || holidays.has(new Date(day).toISOString().slice(0, 10))) continue;
    yield [
      instantOf(calendar.timeZone, day + minutesOf(calendar.opens) * 60_000),
      instantOf(calendar.timeZone, day + minutesOf(calendar.closes) * 60_000),
    ];
  }
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

/** Midnight of the local day as if the zone were UTC. */
function localDay(timeZone: string, instant: Date): number {
  const local = instant.getTime() + offsetOf(timeZone, instant.getTime());
  return Math.floor(local / DAY_MS) * DAY_MS;
}

/** The instant at which clocks of the zone show `wall`; twice, for the offset may differ between the guess and the truth. */
function instantOf(timeZone: string, wall: number): number {
  const guess = wall - offsetOf(timeZone, wall);
  return wall - offsetOf(timeZone, guess);
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Milliseconds by which clocks of the zone are ahead of UTC. */
function offsetOf(timeZone: string, instant: number): number {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    formats.set(timeZone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  const whole = Math.floor(instant / 1_000) * 1_000;
  return Date.UTC(year, month - 1, day, hour, minute, second) - whole;
}
