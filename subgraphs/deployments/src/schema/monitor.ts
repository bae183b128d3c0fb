// Monitors: made with a reference, evaluated by the platform, read with every window's evidence.
import { PlatformError, refused } from '@falaj/runtime';
import { Attribute, newId, PageArguments, parseInput } from '@falaj/subgraph-kit';
import { and, eq, ne } from 'drizzle-orm';
import { Arg, Args, Ctx, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { z } from 'zod';
import { driftTests, type MonitorSpec as Spec, testsWithPValue } from '../domain/monitor/monitor-spec.js';
import { type EndpointRow, endpoints } from '../store/governed.js';
import { MOST_RECORDS } from '../store/monitor-data.js';
import { type MonitorRow, monitors, monitorWindows } from '../store/monitor-governed.js';
import { trainingSetReference, watchable, windowReference } from '../store/monitor-reference.js';
import { monitor, monitorWindow } from '../store/monitor-tables.js';
import { endpointRecord } from '../store/writes.js';
import type { DeploymentsContext } from './context.js';
import { endpointOf } from './endpoint-of.js';
import { Endpoint } from './endpoint-types.js';
import {
  CreateMonitorInput,
  EvaluateMonitorPayload,
  Monitor,
  MonitorConnection,
  MonitorFilter,
  MonitorPayload,
  MonitorSpec,
  MonitorWindowConnection,
  SetMonitorStateInput,
} from './monitor-types.js';

const seconds = z.int().min(10).max(2_592_000);
const createInput = z
  .object({
    endpointId: z.string().min(1),
    name: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'expected a lower-case letter, then up to 62 of a-z, 0-9 and -'),
    features: z.array(z.string().min(1).max(200)).min(1).max(500).nullish(),
    referenceFrom: z.date().nullish(),
    referenceTo: z.date().nullish(),
    startAt: z.date().nullish(),
    tests: z.array(z.enum(driftTests)).min(1).max(driftTests.length),
    thresholds: z.array(z.object({ test: z.enum(driftTests), value: z.number().positive() })).max(driftTests.length),
    windowRows: z.int().min(50).max(MOST_RECORDS).nullish(),
    windowSeconds: seconds.nullish(),
    longestSeconds: seconds,
    minimumRows: z.int().min(20).max(MOST_RECORDS),
    level: z.number().gt(0).lt(1),
    rule: z.enum(['BENJAMINI_HOCHBERG', 'BENJAMINI_YEKUTIELI']),
    alarmWindows: z.int().min(1).max(50),
    alarmAmong: z.int().min(1).max(50),
  })
  .refine(({ windowRows, windowSeconds }) => !(windowRows && windowSeconds), 'one of windowRows, windowSeconds at most')
  .refine(
    ({ tests, thresholds }) => thresholds.every(({ test }) => tests.includes(test)),
    'thresholds: of tests that are among tests only',
  )
  .refine(
    ({ tests, thresholds }) =>
      tests.some((test) => testsWithPValue.has(test) || thresholds.some((one) => one.test === test)),
    'tests: one at least that has a p value or a threshold, for nothing else decides',
  )
  .refine(({ alarmWindows, alarmAmong }) => alarmWindows <= alarmAmong, 'alarmWindows: at most alarmAmong')
  .refine(
    ({ referenceFrom, referenceTo }) => Boolean(referenceFrom) === Boolean(referenceTo),
    'referenceFrom and referenceTo go together',
  )
  .refine(
    ({ referenceFrom, referenceTo }) => !referenceFrom || !referenceTo || referenceFrom < referenceTo,
    'referenceTo: later than referenceFrom',
  );
const DEFAULT_ROWS = 2_000;

type Wanted = z.output<typeof createInput>;

const specOf = (wanted: Wanted): Spec => ({
  tests: [...new Set(wanted.tests)],
  thresholds: Object.fromEntries(wanted.thresholds.map(({ test, value }) => [test, value])),
  windowRows: wanted.windowSeconds ? null : (wanted.windowRows ?? DEFAULT_ROWS),
  windowSeconds: wanted.windowSeconds ?? null,
  longestSeconds: wanted.longestSeconds,
  minimumRows: wanted.minimumRows,
  level: wanted.level,
  rule: wanted.rule,
  persistence: { windows: wanted.alarmWindows, among: wanted.alarmAmong },
});

@Resolver(() => Monitor)
export class MonitorResolver {
  @Query(() => Monitor, { nullable: true, description: 'A monitor by id.' })
  monitor(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: DeploymentsContext) {
    return context.reads.required(monitors, id);
  }

  @Query(() => MonitorConnection, { description: 'Monitors of the workspace, newest first.' })
  monitors(
    @Args(() => PageArguments) page: PageArguments,
    @Arg('filter', () => MonitorFilter, { nullable: true, description: 'Restriction.' }) filter:
      | MonitorFilter
      | undefined,
    @Ctx() context: DeploymentsContext,
  ) {
    const { endpointId, state, verdict } = filter ?? {};
    return context.reads.page(monitors, {
      ...page,
      filters: [
        ...(endpointId ? [{ field: 'endpointId' as const, condition: eq(monitor.endpointId, endpointId) }] : []),
        ...(state ? [{ field: 'state' as const, condition: eq(monitor.state, state as MonitorRow['state']) }] : []),
        ...(verdict
          ? [{ field: 'verdict' as const, condition: eq(monitor.verdict, verdict as MonitorRow['verdict']) }]
          : []),
      ],
    });
  }

  @Attribute(() => MonitorSpec, 'internal', 'How it judges.')
  spec(@Root() { spec }: { readonly spec: Spec | null }): MonitorSpec | null {
    return (
      spec && {
        ...spec,
        tests: [...spec.tests],
        thresholds: Object.entries(spec.thresholds).map(([test, value]) => ({ test, value })),
        alarmWindows: spec.persistence.windows,
        alarmAmong: spec.persistence.among,
      }
    );
  }

  @Attribute(() => Endpoint, 'internal', 'Endpoint.')
  endpoint(@Root() row: MonitorRow, @Ctx() context: DeploymentsContext): Promise<unknown> {
    return endpointOf(context, row.endpointId);
  }

  @Attribute(() => MonitorWindowConnection, 'internal', 'Windows that it has judged, newest first.')
  windows(@Root() row: MonitorRow, @Args(() => PageArguments) page: PageArguments, @Ctx() context: DeploymentsContext) {
    return context.children(monitorWindows, monitorWindow.monitorId, row.id, page);
  }

  @Mutation(() => MonitorPayload, {
    description:
      'Watches an endpoint: fixes the reference now and judges window after window of its inference log. Drift that persists opens one incident.',
  })
  async createMonitor(
    @Arg('input', () => CreateMonitorInput, { description: 'The monitor.' }) input: CreateMonitorInput,
    @Ctx() context: DeploymentsContext,
  ): Promise<MonitorPayload> {
    const wanted = parseInput(createInput, input);
    const { endpointId, name } = wanted;
    const row = await context.reads.required(endpoints, endpointId);
    const id = newId('mon');
    await context.mutate(
      {
        action: 'createMonitor',
        noun: 'Monitor',
        verb: 'create',
        row: { zone: row.zone, name },
        subjectId: id,
        details: { ...wanted },
        prepare: () => referenceFor(context, wanted),
      },
      async (tx, _audit, { endpoint, features, reference }) => {
        const [made] = await tx
          .insert(monitor)
          .values({
            ...context.ownership,
            id,
            zone: endpoint.zone,
            endpointId,
            name,
            state: 'ACTIVE',
            spec: specOf(wanted),
            referenceKind: reference.kind,
            referenceSource: reference.source,
            reference: reference.profiles,
            features,
            positionAt: wanted.startAt ?? new Date(),
          })
          .onConflictDoNothing()
          .returning({ id: monitor.id });
        if (!made)
          throw new PlatformError('CONFLICT', `The endpoint has a monitor ${name} already; choose another name.`);
      },
    );
    return { monitor: await context.reads.byId(monitors, id) };
  }

  @Mutation(() => MonitorPayload, {
    description:
      'Pauses, resumes or stops a monitor. A resumed one goes on where it was; its windows and incident stay.',
  })
  async setMonitorState(
    @Arg('input', () => SetMonitorStateInput, { description: 'Which, and the state.' }) input: SetMonitorStateInput,
    @Ctx() context: DeploymentsContext,
  ): Promise<MonitorPayload> {
    const { monitorId, state } = input;
    const row = await context.reads.required(monitors, monitorId);
    await context.mutate(
      {
        action: 'setMonitorState',
        noun: 'Monitor',
        verb: 'update',
        row: attributesOf(row),
        subjectId: monitorId,
        details: { state },
      },
      async (tx) => {
        const changed = await tx
          .update(monitor)
          .set({ state })
          .where(and(eq(monitor.id, monitorId), ne(monitor.state, 'STOPPED')))
          .returning({ id: monitor.id });
        if (changed.length === 0)
          throw refused({
            rule: 'MONITOR_STOPPED_FOR_GOOD',
            found: 'a monitor that is STOPPED',
            limit: 'one that is ACTIVE or PAUSED',
            whatToDo: 'make another one by createMonitor',
          });
      },
    );
    return { monitor: await context.reads.byId(monitors, monitorId) };
  }

  @Mutation(() => EvaluateMonitorPayload, {
    description: 'Judges what has come since the last window now, also where the window is not full.',
  })
  async evaluateMonitor(
    @Arg('id', () => ID, { description: 'Monitor.' }) id: string,
    @Ctx() context: DeploymentsContext,
  ): Promise<EvaluateMonitorPayload> {
    const row = await context.reads.required(monitors, id);
    if (row.state !== 'ACTIVE')
      throw refused({
        rule: 'EVALUATE_WHAT_IS_ACTIVE',
        found: `a monitor that is ${row.state}`,
        limit: 'ACTIVE',
        whatToDo: 'set it ACTIVE by setMonitorState',
      });
    const windows = await context.mutate(
      {
        action: 'evaluateMonitor',
        noun: 'Monitor',
        verb: 'update',
        row: attributesOf(row),
        subjectId: id,
        details: {},
        prepare: () => context.services.monitorSweep.evaluateNow(id),
      },
      async (_tx, audit, judged) => {
        if (!judged)
          throw new PlatformError('CONFLICT', 'Another process evaluates the monitor just now; ask again in a moment.');
        audit.subject(id, { windows: judged.map(({ number, verdict }) => ({ number, verdict })) });
        return judged.map((window) => window.id);
      },
    );
    return {
      monitor: await context.reads.byId(monitors, id),
      windows: await context.reads.byIds(monitorWindows, windows),
    };
  }
}

const attributesOf = ({ zone, name, state, ownerId }: Partial<Record<keyof MonitorRow, unknown>>) => ({
  zone,
  name,
  state,
  ownerId,
});

async function referenceFor(context: DeploymentsContext, wanted: Wanted) {
  const endpoint = await context.transaction((tx) => endpointRecord(tx, wanted.endpointId));
  const { logSettings } = context.services;
  if (!logSettings.active(endpoint.id))
    throw refused({
      rule: 'MONITOR_WHAT_IS_LOGGED',
      found: `endpoint ${endpoint.name}, whose inferences are not written down`,
      limit: 'an endpoint with an inference log',
      whatToDo: 'turn its log on by setInferenceLog',
    });
  const { clear, withheld } = await watchable(context, endpoint);
  const features = [...new Set(wanted.features ?? clear)];
  const strange = features.find((name) => !clear.includes(name));
  if (strange !== undefined)
    throw new PlatformError(
      'BAD_USER_INPUT',
      withheld.includes(strange)
        ? `features: ${strange} is not written down in clear for its class of data, so that it cannot be compared. Watch others: ${clear.join(', ')}.`
        : `features: found ${JSON.stringify(strange)}, which the model does not take. Expected some of ${clear.join(', ')}.`,
    );
  const { referenceFrom, referenceTo } = wanted;
  const reference =
    referenceFrom && referenceTo
      ? await windowReference(context, endpoint, features, referenceFrom, referenceTo)
      : await trainingSetReference(context, endpoint, features);
  return { endpoint, features, reference };
}

@Resolver(() => Endpoint)
export class EndpointMonitorsResolver {
  @Attribute(() => MonitorConnection, 'internal', 'Its monitors, newest first.')
  monitors(
    @Root() row: EndpointRow,
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: DeploymentsContext,
  ) {
    return context.children(monitors, monitor.endpointId, row.id, page);
  }
}
