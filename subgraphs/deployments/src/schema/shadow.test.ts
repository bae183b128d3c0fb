// Shadows through the graph: models in ONNX Runtime, a real PostgreSQL, two processes.
import { person } from '@falaj/subgraph-kit/testing/requests';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Deployments, openDeployments } from '../testing/open-deployments.js';

const approver = person('approver');
const scientist = person('data-scientist');
const viewer = person('viewer');

let world: Deployments;
beforeAll(async () => {
  world = await openDeployments();
});
afterAll(() => world?.close());
afterEach(() => {
  world.before = () => undefined;
});

const START = `mutation ($input: StartShadowInput!) { startShadow(input: $input) { shadow {
  id state revision sampleRate threshold zone stoppedAt endpoint { id } } } }`;
const STOP = `mutation ($id: ID!) { stopShadow(id: $id) { shadow { id state stoppedAt } } }`;
const REPORT = `query ($id: ID!) { shadow(id: $id) { state report { compared failed dropped rows disagreement latencyDelta
  scoreDelta { mean minimum p5 p50 p95 maximum } answerLatency { mean p50 p95 } shadowLatency { mean p50 p95 } } } }`;
const PREDICT = `query ($input: PredictInput!) { predict(input: $input) { variant revision inferenceId outputs { values } } }`;

const start = (input: Record<string, unknown>, who = approver) => world.ask(who, START, { input });
const predict = async (endpoint: string, features: number[][], at: Pick<Deployments, 'ask'> = world) => {
  const answer = await at.ask(viewer, PREDICT, { input: { endpoint, features } });
  if (answer.code) throw new Error(answer.message);
  return answer.data.predict as { variant: string; revision: number; outputs: { values: number[] }[] };
};
const report = async (id: string) => (await world.ask(viewer, REPORT, { id })).data.shadow.report;
const settled = (id: string, requests: number) =>
  expect
    .poll(
      async () => {
        const { compared, failed, dropped } = await report(id);
        return compared + failed + dropped;
      },
      { timeout: 20_000 },
    )
    .toBe(requests);

/** As ONNX Runtime computes it, to the accuracy of float32. */
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const random = (seed: number) => () => {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed / 2_147_483_647;
};

it('reports over two processes what an independent count of the raw answers gives', async () => {
  await world.deploy('mirrored', [
    { slope: 1, shift: 0 },
    { slope: 1.3, shift: -0.4 },
  ]);
  const made = await start({ endpointId: 'mirrored', revision: 2, threshold: 0.6 });
  expect(made.message).toBeUndefined();
  expect(made.data.startShadow.shadow).toEqual({
    id: expect.stringMatching(/^shd_/),
    state: 'ACTIVE',
    revision: 2,
    sampleRate: 10_000,
    threshold: 0.6,
    zone: 'AE',
    stoppedAt: null,
    endpoint: { id: 'mirrored' },
  });
  const { id } = made.data.startShadow.shadow;
  const other = await world.process();
  const next = random(11);
  const given = Array.from({ length: 60 }, () => Array.from({ length: 3 }, () => [next() * 6 - 3]));
  for (const [place, features] of given.entries()) {
    const answer = await predict('mirrored', features, place % 3 === 0 ? other : world);
    expect(answer).toMatchObject({ variant: 'live', revision: 1 });
    expect(answer.outputs[0]?.values).toEqual(features.map(([x]) => expect.closeTo(sigmoid(x as number), 5)));
  }
  await settled(id, 60);
  const found = await report(id);
  const pairs = given.flat().map(([x = 0]) => [sigmoid(x), sigmoid(1.3 * x - 0.4)] as const);
  const deltas = pairs.map(([answer, shadow]) => shadow - answer).sort((a, b) => a - b);
  const quantile = (q: number) => deltas[Math.floor(q * (deltas.length - 1))] as number;
  expect(found).toMatchObject({ compared: 60, failed: 0, dropped: 0, rows: 180 });
  expect(found.disagreement).toBeCloseTo(pairs.filter(([a, b]) => a >= 0.6 !== b >= 0.6).length / 180, 12);
  expect(found.disagreement).toBeGreaterThan(0);
  expect(found.scoreDelta.mean).toBeCloseTo(deltas.reduce((sum, delta) => sum + delta, 0) / 180, 6);
  for (const [name, q] of [
    ['minimum', 0],
    ['p5', 0.05],
    ['p50', 0.5],
    ['p95', 0.95],
    ['maximum', 1],
  ] as const)
    expect(Math.abs(found.scoreDelta[name] - quantile(q)), name).toBeLessThan(0.0101 * Math.abs(quantile(q)) + 1e-6);
  const windows = await world.rows<{ process: string; compared: number }>(
    sql`select process, sum(compared)::int as compared from deployments.shadow_window where shadow_id = ${id} group by 1`,
  );
  expect(windows.map(({ compared }) => compared).sort()).toEqual([20, 40]);
  await other.close();
});

const models = [
  { slope: 1, shift: 0 },
  { slope: -1, shift: 0 },
];
/** An endpoint with a shadow on its second revision. */
async function shadowed(name: string): Promise<string> {
  await world.deploy(name, models);
  const { data, message } = await start({ endpointId: name, revision: 2 });
  if (message) throw new Error(message);
  return data.startShadow.shadow.id;
}

describe('no harm to the answers', () => {
  it('from a shadow that hangs: answers go on, few copies wait, the others are dropped and counted', async () => {
    const id = await shadowed('hanging');
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    world.before = ({ endpoint, revision }) => (endpoint === 'hanging' && revision === 2 ? released : undefined);
    for (let i = 0; i < 100; i++) {
      const { outputs } = await predict('hanging', [[i / 50]]);
      expect(outputs[0]?.values[0]).toBeCloseTo(sigmoid(i / 50), 5);
    }
    // 4 run, 64 wait.
    await settled(id, 32);
    expect(await report(id)).toMatchObject({
      compared: 0,
      dropped: 32,
      disagreement: null,
      scoreDelta: { mean: null },
    });
    release();
    await settled(id, 100);
    expect(await report(id)).toMatchObject({ compared: 68, failed: 0, dropped: 32 });
  });

  it('from one that fails; another endpoint’s shadow goes on', async () => {
    const [broken, sound] = [await shadowed('failing'), await shadowed('sound')];
    world.before = ({ endpoint, revision }) => {
      if (endpoint === 'failing' && revision === 2) throw new Error('no such kernel');
    };
    for (let i = 0; i < 5; i++) {
      expect((await predict('failing', [[2]])).outputs[0]?.values[0]).toBeCloseTo(sigmoid(2), 5);
      await predict('sound', [[2]]);
    }
    await settled(broken, 5);
    await settled(sound, 5);
    expect(await report(broken)).toMatchObject({
      compared: 0,
      failed: 5,
      rows: 0,
      disagreement: null,
      latencyDelta: null,
    });
    expect(await report(sound)).toMatchObject({ compared: 5, failed: 0, rows: 5, disagreement: 1 });
  });

  it('copies the share that was asked for, and nobody who named a version', async () => {
    await world.deploy('sampled', models);
    const made = await start({ endpointId: 'sampled', revision: 2, sampleRate: 2_500 });
    const { id } = made.data.startShadow.shadow;
    const dice = vi.spyOn(Math, 'random');
    for (const drawn of [0, 0.2499, 0.25, 0.9]) {
      dice.mockReturnValue(drawn);
      await predict('sampled', [[1]]);
    }
    dice.mockReturnValue(0);
    await world.ask(viewer, PREDICT, { input: { endpoint: 'sampled', version: '2', features: [[1]] } });
    dice.mockRestore();
    await settled(id, 2);
  });
});

describe('starting and stopping', () => {
  it('takes one shadow at a time, also of two who start at once, and a new one after the stop', async () => {
    await world.deploy('single', models);
    const both = await Promise.all([1, 2].map((revision) => start({ endpointId: 'single', revision })));
    const [won, lost] = both[0]?.code ? [both[1], both[0]] : both;
    const id: string = won?.data.startShadow.shadow.id;
    expect(lost).toMatchObject({
      code: 'PRECONDITION_FAILED',
      message: expect.stringContaining(`shadow ${id} of this endpoint`),
    });
    await predict('single', [[1]]);
    await settled(id, 1);
    for (let time = 0; time < 2; time++) {
      const stopped = await world.ask(approver, STOP, { id });
      expect(stopped.data.stopShadow.shadow).toMatchObject({ state: 'STOPPED', stoppedAt: expect.any(String) });
    }
    await predict('single', [[1]]);
    const next = (await start({ endpointId: 'single', revision: 2 })).data.startShadow.shadow.id;
    await predict('single', [[1]]);
    await settled(next, 1);
    expect(await report(id)).toMatchObject({ compared: 1 });
    const listed = await world.ask(
      viewer,
      '{ endpoint(id: "single") { shadows(first: 1) { edges { node { id state } } totalCount } } }',
    );
    expect(listed.data.endpoint.shadows).toEqual({ edges: [{ node: { id: next, state: 'ACTIVE' } }], totalCount: 2 });
  });

  it('is an approver’s, recorded, refused elsewhere, and wants a revision and a share', async () => {
    await world.deploy('guarded', models);
    const input = { endpointId: 'guarded', revision: 2 };
    for (const who of [scientist, viewer]) expect((await start(input, who)).code).toBe('FORBIDDEN');
    expect((await start(input, person('approver', { workspaceId: 'w2' }))).code).toBe('NOT_FOUND');
    expect((await start(input, person('approver', { zone: 'SA', zones: ['SA'] }))).code).toBe('NOT_FOUND');
    expect((await start({ ...input, revision: 9 })).code).toBe('NOT_FOUND');
    for (const wrong of [{ sampleRate: 0 }, { sampleRate: 10_001 }, { revision: 0 }, { threshold: 'high' }])
      expect((await start({ ...input, ...wrong })).code, JSON.stringify(wrong)).toBe('BAD_USER_INPUT');
    const { id } = (await start(input)).data.startShadow.shadow;
    for (const who of [scientist, viewer]) expect((await world.ask(who, STOP, { id })).code).toBe('FORBIDDEN');
    expect((await world.ask(person('approver', { workspaceId: 'w2' }), STOP, { id })).code).toBe('NOT_FOUND');
    await world.ask(approver, STOP, { id });
    const records = await world.rows<{
      action: string;
      outcome: string;
      actor_id: string;
      details: { shadowId: string };
    }>(sql`select action, outcome, actor_id, details from audit.record where subject_id = 'guarded' order by id`);
    const told = records.map(({ action, outcome, actor_id }) => `${actor_id} ${action} ${outcome}`);
    expect(told).toEqual([
      'p-data-scientist startShadow REFUSED',
      'p-viewer startShadow REFUSED',
      'p-approver startShadow SUCCEEDED',
      'p-data-scientist stopShadow REFUSED',
      'p-viewer stopShadow REFUSED',
      'p-approver stopShadow SUCCEEDED',
    ]);
    expect(records.at(-1)?.details.shadowId).toBe(id);
    const seen = (who: typeof viewer) => world.ask(who, `{ shadow(id: "${id}") { owner maskedFields } }`);
    expect((await seen(viewer)).data.shadow).toEqual({ owner: null, maskedFields: ['owner'] });
    expect((await seen(person('auditor'))).data.shadow.owner).toBe('approver');
  });

  it('ends with its endpoint', async () => {
    const id = await shadowed('ending');
    const retired = await world.ask(approver, 'mutation { deleteEndpoint(id: "ending") { endpoint { state } } }');
    expect(retired.data.deleteEndpoint.endpoint.state).toBe('RETIRED');
    expect((await world.ask(viewer, REPORT, { id })).data.shadow.state).toBe('STOPPED');
  });
});
