// Monitors over a real PostgreSQL, the real drift plugin and an inference log of planted windows.
import { person } from '@falaj/subgraph-kit/testing/requests';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Deployments, openDeployments } from '../testing/open-deployments.js';

/** Incidents as governance keeps them: one per key. */
const incidents = new Map<string, { readonly id: string; readonly input: Record<string, unknown> }>();
let governanceDown = false;
/** Values with decimals: the log holds them as the model was given them, in 32 bits. */
let trained = new Float64Array();
let trainingSet: object | null = null;
let world: Deployments;
beforeAll(async () => {
  world = await openDeployments({
    offlineStore: {
      async readTrainingSet({ columns }) {
        return { columns: columns.map(() => ({ values: trained })) } as never;
      },
    },
    async graph(document, variables, request) {
      if (document.includes('ReferenceOfModel')) return { data: { modelVersion: { trainingSet } } };
      if (!document.includes('RaiseIncident')) return { data: { modelVersion: null } };
      if (governanceDown) throw new Error('no governance');
      expect(request.principal).toMatchObject({
        kind: 'SERVICE',
        roles: ['service'],
        workspaceId: 'w1',
        zones: ['AE'],
      });
      const input = variables.input as Record<string, unknown>;
      const known = incidents.get(String(input.dedupKey));
      const incident = known ?? { id: `inc_${incidents.size + 1}`, input };
      incidents.set(String(input.dedupKey), incident);
      return { data: { openIncident: { created: !known, incident: { id: incident.id } } } };
    },
  });
});
afterAll(() => world?.close());

const scientist = person('data-scientist');
const approver = person('approver');
const viewer = person('viewer');

const CREATE = `mutation ($input: CreateMonitorInput!) { createMonitor(input: $input) { monitor { id state features
  referenceKind verdict spec { windowRows level alarmWindows alarmAmong } endpoint { name } } } }`;
const EVALUATE = `mutation ($id: ID!) { evaluateMonitor(id: $id) { monitor { verdict incidentId }
  windows { number verdict reason rowCount alarmed incidentId findings { feature discovered reason
    results { test statistic pValue adjustedPValue threshold exceeded } } } } }`;
const STATE = `mutation ($input: SetMonitorStateInput!) { setMonitorState(input: $input) { monitor { state } } }`;
const MONITOR = `query ($id: ID!) { monitor(id: $id) { state verdict incidentId positionAt
  windows(first: 100) { totalCount edges { node { number verdict incidentId alarmed } } } } }`;

const HOUR = 3_600_000;
/** Lately: a window that is not full for a day is closed as it is. */
const BEGIN = Date.now() - 20 * HOUR;
let seed = 7;
const random = () => {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed / 2_147_483_647;
};
const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** An hour of 200 logged inferences whose score and columns lie so many deviations off. */
async function logHour(endpoint: string, hour: number, { score = 0, wind = 0 } = {}): Promise<void> {
  const records = Array.from({ length: 200 }, (_, place) => ({
    id: `${endpoint}-${hour}-${place}`,
    at: new Date(BEGIN + hour * HOUR + place * 1_000).toISOString(),
    features: [{ wind: normal() + wind }],
    scores: [normal() + score],
  }));
  await world.test.database.asSystem(async (tx) => {
    for (const day of new Set(records.map((record) => record.at.slice(0, 10))))
      await tx.execute(sql`select deployments.ensure_inference_partition(${day}::date)`);
    await tx.execute(sql`insert into deployments.inference_record (id, workspace_id, zone, endpoint_id, revision,
      model_version_id, model_version, variant, principal_id, at, latency_ms, row_count, inputs, features, scores, redacted)
      select id, 'w1', 'AE', ${endpoint}, 1, 'mv_1', 1, 'live', 'p', at, 1, 1, '{}', features, scores, '{}'
      from json_to_recordset(${JSON.stringify(records)}::json) as given (id text, at timestamptz, features jsonb,
        scores double precision[])`);
  });
}

const at = (hour: number) => new Date(BEGIN + hour * HOUR).toISOString();
const watched = (endpointId: string, changes: object = {}) => ({
  endpointId,
  name: 'watch',
  referenceFrom: at(0),
  referenceTo: at(2),
  startAt: at(2),
  windowRows: 200,
  ...changes,
});
async function endpoint(name: string, hours: readonly { score?: number; wind?: number }[]): Promise<string> {
  await world.deploy(name, [{ slope: 1, shift: 0 }]);
  await world.test.database.asSystem((tx) =>
    tx.execute(sql`update deployments.endpoint_revision set model = jsonb_set(model, '{servingPlan}',
      '{"columns": [{"kind": "view", "view": "weather", "version": 1, "feature": "wind", "keys": [], "ttlSeconds": null}]}')
      where endpoint_id = ${name}`),
  );
  const set = await world.ask(
    approver,
    'mutation ($input: SetInferenceLogInput!) { setInferenceLog(input: $input) { inferenceLog { enabled } } }',
    { input: { endpointId: name } },
  );
  expect(set.message).toBeUndefined();
  for (const [hour, planted] of hours.entries()) await logHour(name, hour, planted);
  return name;
}
async function monitor(endpointId: string, changes: object = {}): Promise<string> {
  const made = await world.ask(scientist, CREATE, { input: watched(endpointId, changes) });
  expect(made.message).toBeUndefined();
  return made.data.createMonitor.monitor.id;
}
const evaluate = async (id: string) => {
  const answer = await world.ask(scientist, EVALUATE, { id });
  expect(answer.message).toBeUndefined();
  return answer.data.evaluateMonitor;
};
const same = (hours: number) => Array.from({ length: hours }, () => ({}));

describe('a monitor', () => {
  it('finds nothing where nothing changed, and shows every test of every window', async () => {
    const id = await monitor(await endpoint('steady', same(8)));
    const { monitor: shown, windows } = await evaluate(id);
    expect(shown).toEqual({ verdict: 'OK', incidentId: null });
    expect(
      windows.map(({ number, verdict, rowCount }: Record<string, unknown>) => [number, verdict, rowCount]),
    ).toEqual([1, 2, 3, 4, 5, 6].map((number) => [number, 'OK', 200]));
    expect(windows[0].findings.map(({ feature }: { feature: string }) => feature)).toEqual(['wind', 'prediction']);
    expect(windows[0].findings[0].results).toMatchObject([
      { test: 'KOLMOGOROV_SMIRNOV', threshold: 0.05, exceeded: false },
      { test: 'CHI_SQUARE', threshold: 0.05 },
      { test: 'PSI', pValue: null, threshold: null, exceeded: false },
    ]);
  });

  it('alarms within three windows of a shift, in one incident with its evidence, and tells pipelines', async () => {
    const id = await monitor(
      await endpoint('shifted', [...same(4), ...Array.from({ length: 4 }, () => ({ wind: 0.6 }))]),
    );
    const { windows } = await evaluate(id);
    const first = windows.find(({ verdict }: { verdict: string }) => verdict === 'ALARM');
    expect(first.number).toBeLessThanOrEqual(2 + 3);
    expect(first.alarmed).toEqual(['wind']);
    const { data } = await world.ask(viewer, MONITOR, { id });
    const alarms = data.monitor.windows.edges.filter(
      ({ node }: { node: { verdict: string } }) => node.verdict === 'ALARM',
    );
    expect(alarms.length).toBeGreaterThan(1);
    expect(new Set(alarms.map(({ node }: { node: { incidentId: string } }) => node.incidentId)).size).toBe(1);
    expect(incidents.get(`drift:${id}`)?.input).toMatchObject({
      category: 'DRIFT',
      links: [
        { type: 'Endpoint', id: 'shifted' },
        { type: 'Monitor', id },
        { type: 'ModelVersion', id: 'mv_1' },
      ],
      evidence: { rows: 200, findings: [{ feature: 'wind', discovered: true }] },
    });
    const events = await world.rows<{ payload: object }>(
      sql`select payload from falaj.outbox where topic = 'deployments.drift-alarm' and payload ->> 'monitorId' = ${id} order by falaj.outbox.id`,
    );
    expect(events[0]?.payload).toMatchObject({ began: true, alarmed: ['wind'], endpointId: 'shifted' });
    expect(events.slice(1).map(({ payload }) => payload)).toMatchObject(alarms.slice(1).map(() => ({ began: false })));
  });

  it('watches the predictions too', async () => {
    const id = await monitor(await endpoint('scores', [...same(3), { score: 1 }, { score: 1 }]), {
      features: ['prediction'],
    });
    expect((await evaluate(id)).monitor).toMatchObject({ verdict: 'ALARM' });
  });

  it('reports an alarm that governance could not take when it can again', async () => {
    const id = await monitor(await endpoint('unheard', [...same(2), { wind: 1 }, { wind: 1 }]));
    governanceDown = true;
    expect((await evaluate(id)).monitor).toEqual({ verdict: 'ALARM', incidentId: null });
    expect(incidents.has(`drift:${id}`)).toBe(false);
    governanceDown = false;
    await evaluate(id);
    expect((await world.ask(viewer, MONITOR, { id })).data.monitor.incidentId).toBe(incidents.get(`drift:${id}`)?.id);
  });

  it('compares what was really asked and answered with the training set of the live model', async () => {
    const name = await endpoint('trained', []);
    // Few values, most of them no binary fractions: in 64 bits all of them would lie beside those of the log.
    const thirds = () => Math.round(normal()) / 3;
    trained = Float64Array.from({ length: 2_000 }, thirds);
    const [revision] = await world.rows<{ model: { artifactKey: string; digest: string } }>(
      sql`select model from deployments.endpoint_revision where endpoint_id = ${name}`,
    );
    const { artifactKey, digest: artifactDigest } = revision?.model ?? {};
    trainingSet = { id: 'ts_1', artifactKey, artifactDigest, zone: 'AE', columns: [] };
    const made = await world.ask(scientist, CREATE, { input: { endpointId: name, name: 'trained', windowRows: 200 } });
    expect(made.data?.createMonitor.monitor ?? made.message).toMatchObject({
      referenceKind: 'TRAINING_SET',
      features: ['wind', 'prediction'],
    });
    const { id } = made.data.createMonitor.monitor;
    trainingSet = null;
    // Later data changes no reference.
    trained = new Float64Array(2_000);
    const next = async (shift: number) => {
      const features = Array.from({ length: 200 }, () => [thirds() + shift]);
      const asked = await world.ask(
        scientist,
        'query ($input: PredictInput!) { predict(input: $input) { inferenceId } }',
        { input: { endpoint: name, features } },
      );
      expect(asked.message).toBeUndefined();
      return (await evaluate(id)).windows.map(({ verdict, rowCount, alarmed }: Record<string, unknown>) => [
        verdict,
        rowCount,
        alarmed,
      ]);
    };
    for (let window = 0; window < 3; window++) expect(await next(0)).toEqual([['OK', 200, []]]);
    expect(await next(1)).toEqual([['OK', 200, []]]);
    expect(await next(1)).toEqual([['ALARM', 200, ['wind', 'prediction']]]);
  });

  it('refuses to watch what is not written down in clear', async () => {
    const name = await endpoint('private', same(2));
    const set = await world.ask(
      approver,
      'mutation ($input: SetInferenceLogInput!) { setInferenceLog(input: $input) { inferenceLog { enabled } } }',
      { input: { endpointId: name, classes: [{ column: 'wind', inputClass: 'pii' }] } },
    );
    expect(set.message).toBeUndefined();
    const create = (features?: string[]) => world.ask(scientist, CREATE, { input: watched(name, { features }) });
    expect((await create(['wind'])).message).toContain('wind is not written down in clear');
    expect((await create()).data.createMonitor.monitor.features).toEqual(['prediction']);
  });

  it('calls too few rows unknown, never fine', async () => {
    const id = await monitor(await endpoint('scarce', same(3)), { windowRows: 10_000, minimumRows: 500 });
    const { monitor: shown, windows } = await evaluate(id);
    expect(shown.verdict).toBe('UNKNOWN');
    expect(windows[0].reason).toContain('wind: 200 of 200 rows have a value; at least 500 are needed');
  });

  it('is judged once per window, however many processes look at once', async () => {
    const id = await monitor(
      await endpoint('crowded', [...same(2), ...Array.from({ length: 12 }, () => ({ wind: 1 }))]),
    );
    const others = await Promise.all([world.process(), world.process()]);
    const answers = await Promise.all(
      [world, ...others, ...others].map((each) => each.ask(scientist, EVALUATE, { id })),
    );
    expect(answers.map(({ message }) => message)).toEqual(answers.map(() => undefined));
    const { data } = await world.ask(viewer, MONITOR, { id });
    const numbers = data.monitor.windows.edges.map(({ node }: { node: { number: number } }) => node.number);
    expect(numbers).toEqual([...numbers].sort((a: number, b: number) => b - a));
    expect(numbers).toHaveLength(12);
    expect([...incidents.keys()].filter((key) => key === `drift:${id}`)).toHaveLength(1);
    for (const each of others) await each.close();
  });

  it('goes on by itself, pauses, resumes where it was, and stays stopped', async () => {
    const id = await monitor(await endpoint('paused', same(5)));
    const set = (state: string, who = scientist) => world.ask(who, STATE, { input: { monitorId: id, state } });
    expect((await set('PAUSED', viewer)).code).toBe('FORBIDDEN');
    await set('PAUSED');
    const before = (await world.ask(viewer, MONITOR, { id })).data.monitor.windows.totalCount;
    expect((await world.ask(scientist, EVALUATE, { id })).message).toContain('a monitor that is PAUSED');
    await set('ACTIVE');
    expect(before).toBeLessThanOrEqual(3);
    await expect
      .poll(async () => (await world.ask(viewer, MONITOR, { id })).data.monitor.windows.totalCount, { timeout: 20_000 })
      .toBe(3);
    await set('STOPPED');
    expect((await set('ACTIVE')).code).toBe('PRECONDITION_FAILED');
  });
});

describe('what is refused', () => {
  it('names what is wrong, what was found and what to do', async () => {
    const name = await endpoint('refusing', same(2));
    const create = (changes: object, who = scientist) =>
      world.ask(who, CREATE, { input: watched(name, { name: 'refused', ...changes }) });
    expect((await create({}, viewer)).code).toBe('FORBIDDEN');
    expect((await create({ features: ['rain'] })).message).toContain('found "rain"');
    expect((await create({ referenceTo: null })).message).toContain('referenceFrom and referenceTo go together');
    expect((await create({ alarmWindows: 4 })).message).toContain('alarmWindows');
    expect((await create({ tests: ['PSI'] })).message).toContain('a p value or a threshold');
    expect((await create({ thresholds: [{ test: 'WASSERSTEIN', value: 1 }] })).message).toContain('among tests only');
    expect((await create({ windowSeconds: 60 })).message).toContain('one of windowRows, windowSeconds');
    expect((await create({ referenceFrom: at(20), referenceTo: at(21) })).message).toContain('0 values of wind');
    expect((await create({ referenceFrom: null, referenceTo: null })).message).toContain(
      'a live model whose training set is not there',
    );
    expect((await create({})).code).toBeUndefined();
    expect((await create({})).code).toBe('CONFLICT');
    await world.deploy('unlogged', [{ slope: 1, shift: 0 }]);
    expect((await world.ask(scientist, CREATE, { input: watched('unlogged') })).message).toContain('setInferenceLog');
  });

  it('leaves monitors in the lists of those who may see them, by endpoint and state', async () => {
    const list = async (filter: object) =>
      (
        await world.ask(viewer, 'query ($f: MonitorFilter) { monitors(first: 50, filter: $f) { totalCount } }', {
          f: filter,
        })
      ).data.monitors.totalCount;
    expect(await list({ endpointId: 'paused' })).toBe(1);
    expect(await list({ state: 'STOPPED' })).toBe(1);
    expect(await list({ verdict: 'ALARM' })).toBe(5);
  });
});
