// The promises and calendars that hold in a workspace: its own, else the built-in ones.
import type { Tx } from '@falaj/database';
import { PlatformError } from '@falaj/runtime';
import { and, eq, inArray, isNotNull, sql } from 'drizzle-orm';
import { type BusinessCalendar, builtInCalendars } from '../../domain/incidents/business-calendar.js';
import type { Priority } from '../../domain/incidents/priority.js';
import { builtInServiceLevels, type ServiceLevel } from '../../domain/incidents/service-level.js';
import { businessCalendar, incident, serviceLevel } from './tables.js';

export interface Promises {
  levelOf(priority: Priority): ServiceLevel;
  calendarOf(name: string): BusinessCalendar;
  readonly levels: readonly ServiceLevel[];
  readonly calendars: readonly BusinessCalendar[];
}

/** Two statements; the workspace is named, for the sweep reads as the system. */
export async function promisesOf(tx: Tx, workspaceId: string): Promise<Promises> {
  const own = await tx.select().from(serviceLevel).where(eq(serviceLevel.workspaceId, workspaceId));
  const ownCalendars = await tx.select().from(businessCalendar).where(eq(businessCalendar.workspaceId, workspaceId));
  const levels = builtInServiceLevels.map((level) => own.find(({ priority }) => priority === level.priority) ?? level);
  const calendars = [
    ...ownCalendars,
    ...builtInCalendars.filter(({ name }) => !ownCalendars.some((each) => each.name === name)),
  ];
  return {
    levels,
    calendars,
    levelOf: (priority) =>
      found(
        levels.find((level) => level.priority === priority),
        `service level ${priority}`,
      ),
    calendarOf: (name) =>
      found(
        calendars.find((calendar) => calendar.name === name),
        `calendar ${name}`,
      ),
  };
}

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new PlatformError('INTERNAL', `There is no ${what}.`);
  return value;
}

/** Open incidents that count by the calendar are looked at again by the next sweep, which gives them their new dates. */
export async function saveCalendar(tx: Tx, workspaceId: string, calendar: BusinessCalendar): Promise<void> {
  const row = { ...calendar, workspaceId, workingDays: [...calendar.workingDays], holidays: [...calendar.holidays] };
  await tx
    .insert(businessCalendar)
    .values(row)
    .onConflictDoUpdate({ target: [businessCalendar.workspaceId, businessCalendar.name], set: row });
  await tx
    .update(incident)
    .set({ clockDueAt: sql`clock_timestamp()` })
    .where(
      and(eq(incident.workspaceId, workspaceId), eq(incident.calendar, calendar.name), isNotNull(incident.clockDueAt)),
    );
}

export async function saveServiceLevel(tx: Tx, workspaceId: string, level: ServiceLevel): Promise<void> {
  const row = { ...level, workspaceId };
  await tx
    .insert(serviceLevel)
    .values(row)
    .onConflictDoUpdate({ target: [serviceLevel.workspaceId, serviceLevel.priority], set: row });
}

/** Calendars that a workspace may name: its own and the built-in ones. */
export async function calendarExists(tx: Tx, workspaceId: string, name: string): Promise<boolean> {
  if (builtInCalendars.some((calendar) => calendar.name === name)) return true;
  const rows = await tx
    .select({ name: businessCalendar.name })
    .from(businessCalendar)
    .where(and(eq(businessCalendar.workspaceId, workspaceId), inArray(businessCalendar.name, [name])));
  return rows.length > 0;
}
