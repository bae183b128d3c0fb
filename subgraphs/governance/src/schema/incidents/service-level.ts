import { refused } from '@falaj/runtime';
import { Attribute, parseInput } from '@falaj/subgraph-kit';
import { Arg, Ctx, Field, InputType, Int, Mutation, ObjectType, Query, Resolver } from 'type-graphql';
import { calendarInput, serviceLevelInput } from '../../domain/incidents/incident-input.js';
import { calendarExists, promisesOf, saveCalendar, saveServiceLevel } from '../../store/incidents/service-levels.js';
import type { GovernanceContext } from '../context.js';
import { IncidentPriority } from './incident-types.js';

@ObjectType({ description: 'What is promised for incidents of a priority.' })
export class ServiceLevel {
  @Attribute(() => IncidentPriority, 'open', 'Priority.') priority!: string;
  @Attribute(() => Int, 'internal', 'Minutes until somebody takes it up.') responseMinutes!: number;
  @Attribute(() => Int, 'internal', 'Minutes until it is resolved.') resolutionMinutes!: number;
  @Attribute(() => String, 'internal', 'Business calendar whose minutes count.') calendar!: string;
}

@ObjectType({ description: 'The hours that count for a promise.' })
export class BusinessCalendar {
  @Attribute(() => String, 'open', 'Name.') name!: string;
  @Attribute(() => String, 'internal', 'IANA time zone of its hours and days.') timeZone!: string;
  @Attribute(() => [Int], 'internal', 'Working days, 1 = Monday to 7 = Sunday.') workingDays!: number[];
  @Attribute(() => String, 'internal', 'When a working day opens, HH:MM.') opens!: string;
  @Attribute(() => String, 'internal', 'When it closes, HH:MM; 24:00 is midnight.') closes!: string;
  @Attribute(() => [String], 'internal', 'Days that do not count, YYYY-MM-DD.') holidays!: string[];
}

@InputType({ description: 'A promise; incidents opened or prioritised from now on are measured by it.' })
export class SetServiceLevelInput {
  @Field(() => IncidentPriority, { description: 'Priority.' }) priority!: string;
  @Field(() => Int, { description: 'Minutes until somebody takes it up.' }) responseMinutes!: number;
  @Field(() => Int, { description: 'Minutes until it is resolved; not less.' }) resolutionMinutes!: number;
  @Field(() => String, { description: 'Name of a business calendar.' }) calendar!: string;
}

@InputType({ description: 'A calendar, new or in place of the one of this name; open incidents get their new dates.' })
export class SetBusinessCalendarInput {
  @Field(() => String, { description: 'Name, e.g. `uae-business-hours`, which replaces the built-in one here.' })
  name!: string;
  @Field(() => String, { description: 'IANA time zone, e.g. `Asia/Dubai`.' }) timeZone!: string;
  @Field(() => [Int], { description: 'Working days, 1 = Monday to 7 = Sunday.' }) workingDays!: number[];
  @Field(() => String, { description: 'HH:MM.' }) opens!: string;
  @Field(() => String, { description: 'HH:MM, later than `opens`; 24:00 is midnight.' }) closes!: string;
  @Field(() => [String], { description: 'Days that do not count, YYYY-MM-DD.' }) holidays!: string[];
}

@ObjectType({ description: 'Result of setServiceLevel.' })
export class ServiceLevelPayload {
  @Attribute(() => [ServiceLevel], 'open', 'All promises that hold now.') serviceLevels!: ServiceLevel[];
}

@ObjectType({ description: 'Result of setBusinessCalendar.' })
export class BusinessCalendarPayload {
  @Attribute(() => [BusinessCalendar], 'open', 'All calendars that hold now.') businessCalendars!: BusinessCalendar[];
}

@Resolver()
export class ServiceLevelResolver {
  @Query(() => [ServiceLevel], { description: 'The promises that hold in this workspace, gravest first.' })
  serviceLevels(@Ctx() context: GovernanceContext): Promise<ServiceLevel[]> {
    return levels(context);
  }

  @Query(() => [BusinessCalendar], { description: 'The calendars of this workspace, the built-in ones included.' })
  businessCalendars(@Ctx() context: GovernanceContext): Promise<BusinessCalendar[]> {
    return calendars(context);
  }

  @Mutation(() => ServiceLevelPayload, { description: 'Sets what is promised for a priority.' })
  async setServiceLevel(
    @Arg('input', () => SetServiceLevelInput, { description: 'The promise.' }) input: SetServiceLevelInput,
    @Ctx() context: GovernanceContext,
  ): Promise<ServiceLevelPayload> {
    const level = parseInput(serviceLevelInput, input);
    const { workspaceId } = context.principal;
    await context.mutate(
      {
        action: 'setServiceLevel',
        noun: 'ServiceLevel',
        verb: 'set',
        subjectId: level.priority,
        details: { level },
      },
      async (tx) => {
        if (!(await calendarExists(tx, workspaceId, level.calendar))) {
          throw refused({
            rule: 'SERVICE_LEVEL_CALENDAR',
            found: level.calendar,
            limit: 'a calendar of `businessCalendars`',
            whatToDo: 'make it with setBusinessCalendar first',
          });
        }
        await saveServiceLevel(tx, workspaceId, level);
      },
    );
    return { serviceLevels: await levels(context) };
  }

  @Mutation(() => BusinessCalendarPayload, {
    description: 'Sets a calendar: time zone, working days, hours, holidays.',
  })
  async setBusinessCalendar(
    @Arg('input', () => SetBusinessCalendarInput, { description: 'The calendar.' }) input: SetBusinessCalendarInput,
    @Ctx() context: GovernanceContext,
  ): Promise<BusinessCalendarPayload> {
    const calendar = parseInput(calendarInput, input);
    await context.mutate(
      {
        action: 'setBusinessCalendar',
        noun: 'BusinessCalendar',
        verb: 'set',
        subjectId: calendar.name,
        details: { calendar },
      },
      (tx) => saveCalendar(tx, context.principal.workspaceId, calendar),
    );
    return { businessCalendars: await calendars(context) };
  }
}

const levels = (context: GovernanceContext): Promise<ServiceLevel[]> =>
  context.transaction(async (tx) => [...(await promisesOf(tx, context.principal.workspaceId)).levels]);

const calendars = (context: GovernanceContext): Promise<BusinessCalendar[]> =>
  context.transaction(async (tx) =>
    (await promisesOf(tx, context.principal.workspaceId)).calendars.map((calendar) => ({
      ...calendar,
      workingDays: [...calendar.workingDays],
      holidays: [...calendar.holidays],
    })),
  );
