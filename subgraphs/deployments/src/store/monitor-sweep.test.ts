// What the sweep does while things go wrong around it: sweeps of two processes over one PostgreSQL and the real statistics.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { auditMigrations } from '@falaj/audit';
import type { DriftV1 } from '@falaj/contracts';
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import drift from '@falaj/plugin-drift-statistics';
import { createFakeHost, fakeCall } from '@falaj/plugin-testing';
import { createLogger } from '@falaj/runtime';
import type { Platform } from '@falaj/subgraph-kit';
import { eq, sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { MonitorSpec } from '../domain/monitor/monitor-spec.js';
import { sweepInferenceRecords } from './inference-record-retention.js';
import { recordsBetween } from './monitor-data.js';
import { MonitorSweep } from './monitor-sweep.js';
import { monitor, monitorWindow } from './monitor-tables.js';
import { endpoint } from './tables.js';

const HOUR = 3_600_000;
const ROWS = 100;
let test: TestDatabase;
let plugin: DriftV1;
let close: () => Promise<void>;
/** Stands before every comparison. */
let before: () => Promise<void> = async () => undefined;
let incidents: string[] = [];
let governanceDown = false;

beforeAll(async () => {
  test = await createTestDatabase({
    migrations: [
      auditMigrations,
      { name: 'deployments', folder: fileURLToPath(new URL('../../migrations', import.meta.url)) },
    ],
  });
  const host = await createFakeHost();
  plugin = (await drift.open({}, host)) as DriftV1;
  close = () => host.remove();
});
afterAll(async () => {
  await test?.close();
  await close?.();
});
afterEach(() => {
  before = async () => undefined;
  governanceDown = false;
  incidents = [];
});

function sweep(name: string): MonitorSweep {
  const platform = {
    database: test.database,
    log: createLogger('test'),
    policyVersion: async () => 1,
    graph: {
      query: async (_document: string, { input }: { input: { dedupKey: string } }) => {
        if (governanceDown) throw new Error('no governance');
        const created = !incidents.includes(input.dedupKey);
        if (created) incidents.push(input.dedupKey);
        return { openIncident: { created, incident: { id: `inc-${input.dedupKey}` } } };
      },
    },
    plugins: {
      call: () => fakeCall(),
      get: () => ({
        compare: async (...given: Parameters<DriftV1['compare']>) => {
          await before();
          return plugin.compare(...given);
        },
      }),
    },
  } as unknown as Platform;
  return new MonitorSweep(platform, name, async () => undefined);
}

let seed = 11;
const random = () => {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed / 2_147_483_647;
};
const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
const values = (count: number, shift = 0) => Float64Array.from({ length: count }, () => normal() + shift);

const spec: MonitorSpec = {
  tests: ['KOLMOGOROV_SMIRNOV'],
  thresholds: {},
  windowRows: ROWS,
  windowSeconds: null,
  longestSeconds: 86_400,
  minimumRows: 50,
  level: 0.05,
  rule: 'BENJAMINI_HOCHBERG',
  persistence: { windows: 2, among: 3 },
};
const own = { workspaceId: 'w1', zone: 'AE', ownerId: 'p', owner: 'p' };

/** A monitor of an endpoint of its own, from `begin` on. */
async function watch(name: string, begin: Date, changes: Partial<MonitorSpec> = {}): Promise<string> {
  const column = { kind: 'NUMERIC' as const, values: values(1_000) };
  const wind = await plugin.profile({ column, bins: 10, sample: 1_000 }, fakeCall());
  await test.database.asSystem(async (tx) => {
    const served = { modelVersionId: 'mv_1', modelName: 'm', modelVersion: 1, revision: 1, device: 'cpu' };
    await tx
      .insert(endpoint)
      .values({ ...own, ...served, id: name, name, state: 'READY', inputs: [], outputs: [], compliance: [] });
    await tx.insert(monitor).values({
      ...own,
      id: name,
      endpointId: name,
      name: 'watch',
      state: 'ACTIVE',
      spec: { ...spec, ...changes },
      referenceKind: 'WINDOW',
      referenceSource: '',
      reference: { wind },
      features: ['wind'],
      positionAt: begin,
    });
  });
  return name;
}

async function log(name: string, from: Date, shift = 0): Promise<void> {
  const records = [...values(ROWS, shift)].map((wind, place) => ({
    id: `${name}-${from.getTime()}-${place}`,
    at: new Date(from.getTime() + 1_000 + place * 1_000).toISOString(),
    features: [{ wind }],
  }));
  await test.database.asSystem(async (tx) => {
    for (const day of new Set(records.map(({ at }) => at.slice(0, 10))))
      await tx.execute(sql`select deployments.ensure_inference_partition(${day}::date)`);
    await tx.execute(sql`insert into deployments.inference_record (id, workspace_id, zone, endpoint_id, revision,
      model_version_id, model_version, variant, principal_id, at, latency_ms, row_count, inputs, features, scores, redacted)
      select id, 'w1', 'AE', ${name}, 1, 'mv_1', 1, 'live', 'p', at, 1, 1, '{}', features, '{0.5}', '{}'
      from json_to_recordset(${JSON.stringify(records)}::json) as given (id text, at timestamptz, features jsonb)`);
  });
}

const windowsOf = (id: string) =>
  test.database.asSystem((tx) =>
    tx.select().from(monitorWindow).where(eq(monitorWindow.monitorId, id)).orderBy(monitorWindow.number),
  );
const recordOf = async (id: string) =>
  (await test.database.asSystem((tx) => tx.select().from(monitor).where(eq(monitor.id, id))))[0];
const set = (id: string, changes: Partial<typeof monitor.$inferInsert>) =>
  test.database.asSystem((tx) => tx.update(monitor).set(changes).where(eq(monitor.id, id)));
const hoursAgo = (hours: number) => new Date(Date.now() - hours * HOUR);
const countOf = async (statement: ReturnType<typeof sql>) =>
  (await test.database.asSystem(async (tx) => (await tx.execute<{ n: number }>(statement)).rows))[0]?.n;

it('writes nothing after its lease was lost, and leaves the window to who holds it', async () => {
  const id = await watch('fenced', hoursAgo(5));
  await log(id, hoursAgo(4));
  let reached = () => {};
  const stuck = new Promise<void>((resolve) => {
    reached = resolve;
  });
  let go = () => {};
  const paused = new Promise<void>((resolve) => {
    go = resolve;
  });
  before = () => {
    before = async () => undefined;
    reached();
    return paused;
  };
  const slow = sweep('slow').evaluateNow(id);
  await stuck;
  // The lease holds while it lasts, and no longer.
  await sweep('other').look();
  expect(await windowsOf(id)).toHaveLength(0);
  await set(id, { leaseUntil: hoursAgo(1) });
  await sweep('other').look();
  expect(await windowsOf(id)).toHaveLength(1);
  go();
  expect(await slow).toEqual([]);
  expect(await windowsOf(id)).toHaveLength(1);
});

it('skips and doubles no window when the process that judges is killed', async () => {
  const id = await watch('killed', hoursAgo(12));
  for (let hour = 11; hour > 2; hour--) await log(id, hoursAgo(hour));
  const program = fileURLToPath(new URL('../../dist/testing/sweep-process.js', import.meta.url));
  for (let kill = 1; kill <= 2; kill++) {
    const child = fork(program, [test.url, `process-${kill}`, '20'], { stdio: 'ignore', execArgv: [] });
    // The first dies in the middle of its second window, the next one of its third.
    for (let heard = 0; heard <= kill; heard++) await once(child, 'message');
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    // Nobody else is let in before its lease has run out: it runs out now.
    await set(id, { leaseUntil: hoursAgo(1) });
  }
  await sweep('survivor').look();
  const windows = await windowsOf(id);
  expect(windows.map(({ number, rowCount }) => [number, rowCount])).toEqual(
    Array.from({ length: 9 }, (_, place) => [place + 1, ROWS]),
  );
  for (const [place, window] of windows.slice(1).entries()) expect(window.fromAt).toEqual(windows[place]?.toAt);
});

it('does not judge on for a monitor that was paused meanwhile', async () => {
  const id = await watch('paused-meanwhile', hoursAgo(5));
  await log(id, hoursAgo(4));
  before = async () => void (await set(id, { state: 'PAUSED' }));
  expect(await sweep('one').evaluateNow(id)).toEqual([]);
  await sweep('one').look();
  expect(await windowsOf(id)).toHaveLength(0);
});

it('calls what the plugin fails on unknown, and judges the next window again', async () => {
  const id = await watch('failing', hoursAgo(5));
  await log(id, hoursAgo(4));
  before = async () => {
    throw new Error('out of order');
  };
  await sweep('one').look();
  before = async () => undefined;
  await log(id, hoursAgo(3));
  await sweep('one').look();
  expect((await windowsOf(id)).map(({ verdict, reason }) => [verdict, reason])).toEqual([
    ['UNKNOWN', 'wind: the drift plugin failed'],
    ['OK', 'No drift persists.'],
  ]);
});

it('opens one incident over many alarming windows and two sweeps at once, also for a monitor that was stopped since', async () => {
  const id = await watch('alarming', hoursAgo(8));
  governanceDown = true;
  for (const hour of [7, 6, 5, 4]) await log(id, hoursAgo(hour), 1);
  await Promise.all([sweep('one').look(), sweep('two').look()]);
  expect((await windowsOf(id)).map(({ verdict }) => verdict)).toEqual(['OK', 'ALARM', 'ALARM', 'ALARM']);
  expect((await recordOf(id))?.incidentId).toBeNull();
  await set(id, { state: 'STOPPED' });
  governanceDown = false;
  await Promise.all([sweep('one').look(), sweep('two').look()]);
  expect(incidents).toEqual(['drift:alarming']);
  expect((await windowsOf(id)).map(({ incidentId }) => incidentId)).toEqual([
    null,
    ...new Array(3).fill('inc-drift:alarming'),
  ]);
  expect(
    await countOf(sql`select count(*)::int n from falaj.outbox
      where topic = 'deployments.drift-alarm' and payload ->> 'monitorId' = ${id} and payload -> 'began' = 'true'`),
  ).toBe(1);
  expect(
    await countOf(sql`select count(*)::int n from falaj.outbox
      where topic = 'deployments.drift-alarm' and payload ->> 'monitorId' = ${id}`),
  ).toBe(3);
  expect(
    await countOf(
      sql`select count(*)::int n from audit.record where action = 'raiseDriftAlarm' and subject_id = ${id}`,
    ),
  ).toBe(1);
});

it('judges a window whose log was forgotten by what is left: unknown, never fine', async () => {
  const id = await watch('forgotten', hoursAgo(24 * 12), { longestSeconds: 86_400 });
  await log(id, hoursAgo(24 * 11.5));
  await log(id, hoursAgo(2));
  await test.database.asSystem((tx) =>
    tx.execute(sql`insert into deployments.inference_log (endpoint_id, workspace_id, zone, enabled, sample_rate,
      retention_days, classes, view_categories, wrapped_key, owner_id, owner)
      values (${id}, 'w1', 'AE', true, 10000, 7, '{}', '{}', '{}', 'p', 'p')`),
  );
  await sweepInferenceRecords(test.database, new Date());
  await sweep('one').look();
  const windows = await windowsOf(id);
  expect(windows.slice(0, -1).map(({ verdict, rowCount }) => [verdict, rowCount])).toEqual(
    windows.slice(0, -1).map(() => ['UNKNOWN', 0]),
  );
  expect(windows.length).toBeGreaterThan(10);
  expect(windows.at(-1)).toMatchObject({ verdict: 'OK', rowCount: ROWS });
});

it('closes windows of time by the clock, and evaluates nothing where nothing came', async () => {
  const id = await watch('by-time', hoursAgo(3.8), { windowRows: null, windowSeconds: 3_600 });
  await log(id, hoursAgo(3.5));
  await sweep('one').look();
  expect((await windowsOf(id)).map(({ verdict, rowCount }) => [verdict, rowCount])).toEqual([
    ['OK', ROWS],
    ['UNKNOWN', 0],
    ['UNKNOWN', 0],
  ]);
  expect(await sweep('one').evaluateNow(id)).toEqual([]);
});

it('takes the same random share, of the whole stretch, of one that holds too much', async () => {
  const id = await watch('crowded', hoursAgo(4));
  await log(id, hoursAgo(3));
  const read = (limit: number) =>
    test.database.asSystem((tx) => recordsBetween(tx, id, hoursAgo(4), hoursAgo(2), limit));
  const share = (await read(20)).map((record) => record.id);
  expect(share.length).toBeGreaterThan(5);
  expect(share.length).toBeLessThan(40);
  expect((await read(20)).map((record) => record.id)).toEqual(share);
  expect(share.some((one) => Number(one.split('-').at(-1)) > ROWS / 2)).toBe(true);
  expect(await read(ROWS)).toHaveLength(ROWS);
});
