// Runs that users log themselves, through the graph, over a real PostgreSQL.
import { person } from '@falaj/subgraph-kit/testing/requests';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Experiments, openExperiments } from '../testing/open-experiments.js';

const scientist = person('data-scientist');
const viewer = person('viewer');
const set = (changes: Record<string, unknown> = {}) => ({
  digest: 'sha256:set',
  zone: 'AE',
  categories: ['none'],
  allowedZones: ['AE', 'AE-DIFC'],
  ...changes,
});

let world: Experiments;
beforeAll(async () => {
  world = await openExperiments({
    sets: {
      flights: set(),
      health: set({ categories: ['health'], allowedZones: ['AE'] }),
      abroad: set({ zone: 'SA', categories: ['personal'], allowedZones: ['SA'] }),
      hidden: set({ digest: null }),
    },
  });
});
afterAll(() => world?.close());

const CREATE = `mutation ($input: CreateRunInput!) { createRun(input: $input) { run {
  id kind state zone categories allowedZones trainer params { key value } tags { key value } inputs { trainingSet { id } digest } } } }`;
const LOG = `mutation ($input: LogRunBatchInput!) { logRunBatch(input: $input) { points parameters tags run { id step } } }`;
const READ = `query ($id: ID!) { run(id: $id) { state step metrics { key step value text loggedAt } params { key value } tags { key value } } }`;

async function begin(input: Record<string, unknown> = {}): Promise<string> {
  const made = await world.ask(scientist, CREATE, { input: { experimentId: 'e', name: 'trial', ...input } });
  if (made.code) throw new Error(made.message);
  return made.data.createRun.run.id;
}
const log = (runId: string, batch: Record<string, unknown>, who = scientist) =>
  world.ask(who, LOG, { input: { runId, ...batch } });
const read = async (id: string) => (await world.ask(scientist, READ, { id })).data.run;
const act = (action: string, id: string, who = scientist) =>
  world.ask(who, `mutation ($id: ID!) { ${action}(id: $id) { run { id state archivedAt } } }`, { id });

describe('a logged run', () => {
  it('bears parameters, tags and the training sets that it reads, with their zones and categories', async () => {
    const made = await world.ask(scientist, CREATE, {
      input: {
        experimentId: 'e',
        name: 'trial',
        parameters: [{ key: 'learning rate', value: '0.1' }],
        tags: [{ key: 'team', value: 'risk' }],
        trainingSetIds: ['flights', 'health'],
      },
    });
    expect(made.data.createRun.run).toEqual({
      id: expect.stringMatching(/^run_/),
      kind: 'LOGGED',
      state: 'RUNNING',
      zone: 'AE',
      categories: ['health', 'none'],
      allowedZones: ['AE'],
      trainer: null,
      params: [{ key: 'learning rate', value: '0.1' }],
      tags: [{ key: 'team', value: 'risk' }],
      inputs: [
        { trainingSet: { id: 'flights' }, digest: 'sha256:set' },
        { trainingSet: { id: 'health' }, digest: 'sha256:set' },
      ],
    });
  });

  it.each([
    [{ trainingSetIds: ['abroad'] }, 'RESIDENCY_VIOLATION', { zone: 'AE' }],
    [{ trainingSetIds: ['hidden'] }, 'FORBIDDEN', {}],
    [{ trainingSetIds: ['none'] }, 'NOT_FOUND', {}],
    [{ zone: 'SA' }, 'RESIDENCY_VIOLATION', {}],
    [{ experimentId: 'nobody' }, 'NOT_FOUND', {}],
  ])('with %j is refused as %s', async (input, code, more) => {
    const made = await world.ask(scientist, CREATE, { input: { experimentId: 'e', name: 'x', ...input, ...more } });
    expect(made.code).toBe(code);
  });

  it('ends once, and takes nothing but tags after that', async () => {
    const id = await begin();
    expect((await act('finishRun', id)).data.finishRun.run.state).toBe('SUCCEEDED');
    expect((await act('finishRun', id)).code).toBeUndefined();
    const again = await world.ask(scientist, `mutation { finishRun(id: "${id}", state: FAILED) { run { state } } }`);
    expect(again).toMatchObject({ code: 'PRECONDITION_FAILED', details: { state: 'SUCCEEDED' } });
    const metrics = [{ key: 'loss', steps: [1], values: [1] }];
    expect(await log(id, { metrics })).toMatchObject({ code: 'PRECONDITION_FAILED', details: { state: 'SUCCEEDED' } });
    expect((await log(id, { tags: [{ key: 'note', value: 'late' }] })).data.logRunBatch.tags).toBe(1);
    expect((await act('cancelRun', id)).code).toBe('PRECONDITION_FAILED');
  });

  it('is archived and restored, and is in lists only while it is not', async () => {
    const id = await begin();
    expect((await act('archiveRun', id)).code).toBe('PRECONDITION_FAILED');
    await act('finishRun', id);
    await act('archiveRun', id);
    const listed = async (argument: string) =>
      (await world.ask(scientist, `{ ${argument} { edges { node { id } } } }`)).data[
        argument.split('(')[0] as string
      ].edges.some((edge: { node: { id: string } }) => edge.node.id === id);
    expect(await listed('runs(first: 500)')).toBe(false);
    expect(await listed('searchRuns(first: 500)')).toBe(false);
    expect(await listed('runs(first: 500, filter: { archived: true })')).toBe(true);
    expect(await listed('searchRuns(first: 500, includeArchived: true)')).toBe(true);
    expect((await log(id, { tags: [{ key: 'a', value: 'b' }] })).code).toBe('PRECONDITION_FAILED');
    await act('restoreRun', id);
    expect(await listed('runs(first: 500)')).toBe(true);
    expect((await act('archiveRun', id, viewer)).code).toBe('FORBIDDEN');
  });

  it('leaves an audit record of every change, with its numbers and without its values', async () => {
    const id = await begin();
    await log(id, { metrics: [{ key: 'loss', steps: [1, 2], values: [1, 0.5] }], tags: [{ key: 'k', value: 'v' }] });
    await world.ask(scientist, `mutation { removeRunTags(runId: "${id}", keys: ["k"]) { run { tags { key } } } }`);
    await act('finishRun', id);
    const records = await world.rows<{ action: string; details: unknown }>(
      sql`select action, details from audit.record where subject_id = ${id} order by id`,
    );
    expect(records.map(({ action }) => action)).toEqual(['createRun', 'logRunBatch', 'removeRunTags', 'finishRun']);
    expect(records[1]?.details).toMatchObject({ points: 2, parameters: 0, tags: ['k'] });
  });

  it('is nobody else’s to change, and does not exist in another workspace', async () => {
    const id = await begin();
    const metrics = [{ key: 'loss', steps: [1], values: [1] }];
    expect((await log(id, { metrics }, viewer)).code).toBe('FORBIDDEN');
    const stranger = person('data-scientist', { id: 'other', workspaceId: 'w2' });
    expect((await log(id, { metrics }, stranger)).code).toBe('NOT_FOUND');
    const abroad = person('data-scientist', { id: 'far', zone: 'SA', zones: ['SA'] });
    expect((await log(id, { metrics }, abroad)).code).toBe('NOT_FOUND');
  });
});

describe('a batch', () => {
  it('keeps NaN and both infinities, steps and times, and gives them back', async () => {
    const id = await begin();
    const times = ['2026-03-01T08:00:00.000Z', '2026-03-01T08:00:01.250Z', '2026-03-01T08:00:02.999Z'];
    await log(id, {
      metrics: [
        { key: 'loss', steps: [-5, 0, 7], values: [0.1, 'Infinity', 'NaN'], times },
        { key: 'gain', steps: [1], values: ['-Infinity'] },
      ],
    });
    const run = await read(id);
    expect(run.step).toBe(7);
    expect(run.metrics).toMatchObject([
      { key: 'gain', step: 1, value: null, text: '-Infinity' },
      { key: 'loss', step: 7, value: null, text: 'NaN', loggedAt: '2026-03-01T08:00:02.999Z' },
    ]);
    const { data } = await world.ask(
      scientist,
      `{ run(id: "${id}") { metricHistory(key: "loss") { step text loggedAt } after: metricHistory(key: "loss", afterStep: 0) { step } } }`,
    );
    expect(data.run.metricHistory).toEqual([
      { step: -5, text: '0.1', loggedAt: times[0] },
      { step: 0, text: 'Infinity', loggedAt: times[1] },
      { step: 7, text: 'NaN', loggedAt: times[2] },
    ]);
    expect(data.run.after).toEqual([{ step: 7 }]);
  });

  it('sent again changes nothing, from ten callers at once too', async () => {
    const id = await begin();
    const batch = {
      parameters: [{ key: 'depth', value: '6' }],
      tags: [{ key: 'team', value: 'risk' }],
      metrics: [{ key: 'loss', steps: [1, 2, 3], values: [3, 'NaN', 1] }],
    };
    const sent = await Promise.all(Array.from({ length: 10 }, () => log(id, batch)));
    const sum = (field: string) => sent.reduce((total, answer) => total + answer.data.logRunBatch[field], 0);
    expect([sum('points'), sum('parameters'), sum('tags')]).toEqual([3, 1, 1]);
    const [counted] = await world.rows<{ count: number }>(
      sql`select count(*)::int as count from experiments.metric_point where run_id = ${id}`,
    );
    expect(counted?.count).toBe(3);
  });

  it('corrects a step by another value, and the latest value is that of the highest step, whatever came last', async () => {
    const id = await begin();
    await log(id, { metrics: [{ key: 'loss', steps: [1, 5], values: [9, 1] }] });
    await log(id, { metrics: [{ key: 'loss', steps: [3, 1, 3], values: [4, 8, 5] }] });
    const { data } = await world.ask(
      scientist,
      `{ run(id: "${id}") { metrics { step value } metricHistory(key: "loss") { step value } } }`,
    );
    expect(data.run.metrics).toEqual([{ step: 5, value: 1 }]);
    expect(data.run.metricHistory).toEqual([
      { step: 1, value: 8 },
      { step: 3, value: 5 },
      { step: 5, value: 1 },
    ]);
  });

  it('is all or nothing: a parameter that was set otherwise stops the rest', async () => {
    const id = await begin({ parameters: [{ key: 'depth', value: '6' }] });
    const answer = await log(id, {
      parameters: [{ key: 'depth', value: '7' }],
      metrics: [{ key: 'loss', steps: [1], values: [1] }],
    });
    expect(answer).toMatchObject({ code: 'CONFLICT', details: { key: 'depth', value: '6', given: '7' } });
    expect(await read(id)).toMatchObject({ metrics: [], params: [{ key: 'depth', value: '6' }] });
  });

  it.each([
    [{ metrics: [{ key: 'm', steps: [1, 2], values: [1] }] }, 'values'],
    [{ metrics: [{ key: 'm', steps: [1], values: [1], times: [] }] }, 'times'],
    [{ metrics: [{ key: ' m', steps: [1], values: [1] }] }, 'key'],
    [{ metrics: [{ key: 'm', steps: Array(10_001).fill(1), values: Array(10_001).fill(1) }] }, '10001 points'],
    [{ parameters: [{ key: 'p', value: 'x'.repeat(6_001) }] }, 'value'],
    [{ tags: [{ key: '', value: 'x' }] }, 'key'],
  ])('that is malformed is refused, naming the place (%#)', async (batch, named) => {
    const answer = await log(await begin(), batch);
    expect(answer.code).toBe('BAD_USER_INPUT');
    expect(answer.message).toContain(named);
  });

  it('of no number is refused before anything is done', async () => {
    const answer = await log(await begin(), { metrics: [{ key: 'm', steps: [1], values: ['seven'] }] });
    expect(answer.code).toBe('BAD_USER_INPUT');
    expect(answer.message).toContain('"seven"');
  });

  it('of 10,000 points arrives whole, and buckets show it in few rows', async () => {
    const id = await begin();
    const steps = Array.from({ length: 10_000 }, (_, step) => step);
    const values = steps.map((step) => (step === 4_321 ? 'Infinity' : Math.sin(step)));
    expect((await log(id, { metrics: [{ key: 'wave', steps, values }] })).data.logRunBatch.points).toBe(10_000);
    const { data } = await world.ask(
      scientist,
      `{ run(id: "${id}") { metricBuckets(key: "wave", buckets: 7) { fromStep toStep count notFinite min max mean } } }`,
    );
    const expected = Array.from({ length: 7 }, (_, bucket) => {
      const own = steps.filter((step) => Math.floor((step * 7) / 10_000) === bucket);
      const finite = own.map((step) => values[step]).filter((value) => typeof value === 'number');
      return {
        fromStep: own[0],
        toStep: own.at(-1),
        count: own.length,
        notFinite: own.length - finite.length,
        min: Math.min(...finite),
        max: Math.max(...finite),
        mean: expect.closeTo(finite.reduce((sum, value) => sum + value, 0) / finite.length, 9),
      };
    });
    expect(data.run.metricBuckets).toEqual(expected);
  });
});

describe('artifacts', () => {
  const LOG_ARTIFACT = `mutation ($input: LogRunArtifactInput!) { logRunArtifact(input: $input) { artifact { path digest bytes contentType } } }`;
  const put = (runId: string, path: string, text: string | Buffer, who = scientist) =>
    world.ask(who, LOG_ARTIFACT, {
      input: { runId, path, contentType: 'text/plain', base64: Buffer.from(text).toString('base64') },
    });
  const READ_ARTIFACT = `query ($runId: ID!, $path: String!) { runArtifact(runId: $runId, path: $path) { base64 digest } }`;

  it('come back byte by byte under their digest, and a path never changes', async () => {
    const id = await begin();
    const logged = await put(id, 'plots/roc.txt', 'مرحبا');
    expect(logged.data.logRunArtifact.artifact).toMatchObject({ path: 'plots/roc.txt', bytes: 10 });
    expect((await put(id, 'plots/roc.txt', 'مرحبا')).code).toBeUndefined();
    expect((await put(id, 'plots/roc.txt', 'other')).code).toBe('CONFLICT');
    const { data } = await world.ask(scientist, READ_ARTIFACT, { runId: id, path: 'plots/roc.txt' });
    expect(Buffer.from(data.runArtifact.base64, 'base64').toString()).toBe('مرحبا');
    expect(data.runArtifact.digest).toBe(logged.data.logRunArtifact.artifact.digest);
    const listed = await world.ask(scientist, `{ run(id: "${id}") { artifacts { path bytes } } }`);
    expect(listed.data.run.artifacts).toEqual([{ path: 'plots/roc.txt', bytes: 10 }]);
  });

  it('are withheld from who may not see them', async () => {
    const id = await begin();
    await put(id, 'secret.txt', 'secret');
    const { data } = await world.ask(viewer, READ_ARTIFACT, { runId: id, path: 'secret.txt' });
    expect(data.runArtifact).toEqual({ base64: null, digest: null });
  });

  it.each(['../up', '/root', 'a//b', 'a/../b', 'a/', '', 'a\\b'])('at %j are refused', async (path) => {
    expect((await put(await begin(), path, 'x')).code).toBe('BAD_USER_INPUT');
  });

  it('are bounded', async () => {
    const id = await begin();
    expect((await put(id, 'fits', Buffer.alloc(716_800))).code).toBeUndefined();
    expect((await put(id, 'too-big', Buffer.alloc(720_000))).code).toBe('PAYLOAD_TOO_LARGE');
    const bad = await world.ask(scientist, LOG_ARTIFACT, { input: { runId: id, path: 'x', base64: 'not base64!' } });
    expect(bad.code).toBe('BAD_USER_INPUT');
  });
});

describe('compareRuns', () => {
  it('shows what differs, per run, and everything when asked', async () => {
    const a = await begin({
      parameters: [
        { key: 'depth', value: '6' },
        { key: 'seed', value: '1' },
      ],
    });
    const b = await begin({
      parameters: [
        { key: 'depth', value: '8' },
        { key: 'seed', value: '1' },
      ],
    });
    await log(a, {
      metrics: [
        { key: 'auc', steps: [1], values: [0.7] },
        { key: 'nan', steps: [1], values: ['NaN'] },
      ],
    });
    await log(b, { metrics: [{ key: 'nan', steps: [1], values: ['NaN'] }] });
    const compare = (more = '') =>
      world.ask(
        scientist,
        `{ compareRuns(ids: ["${a}", "${b}"]${more}) { runs { id } params { key values { runId value } differs } metrics { key values { value } } tags { key } } }`,
      );
    expect((await compare()).data.compareRuns).toEqual({
      runs: [{ id: a }, { id: b }],
      params: [
        {
          key: 'depth',
          values: [
            { runId: a, value: '6' },
            { runId: b, value: '8' },
          ],
          differs: true,
        },
      ],
      metrics: [{ key: 'auc', values: [{ value: 0.7 }, { value: null }] }],
      tags: [],
    });
    const all = (await compare(', differing: false')).data.compareRuns;
    expect(all.params.map((row: { key: string }) => row.key)).toEqual(['depth', 'seed']);
    expect(all.metrics[1].values).toEqual([{ value: 'NaN' }, { value: 'NaN' }]);
    expect((await world.ask(scientist, `{ compareRuns(ids: ["${a}", "nobody"]) { runs { id } } }`)).code).toBe(
      'NOT_FOUND',
    );
    const masked = await world.ask(viewer, `{ compareRuns(ids: ["${a}", "${b}"]) { params { key } metrics { key } } }`);
    expect(masked.data.compareRuns).toEqual({ params: [{ key: 'depth' }], metrics: null });
  });
});

it('shows live what users log, until the run ends', async () => {
  const id = await begin();
  const abort = new AbortController();
  const events = await world.follow(
    scientist,
    `subscription { runProgress(runId: "${id}") { state step metrics { key text } } }`,
    abort.signal,
  );
  const next = async () => (await events.next()).value?.data?.runProgress;
  expect(await next()).toMatchObject({ state: 'RUNNING', step: 0, metrics: [] });
  await log(id, { metrics: [{ key: 'loss', steps: [3], values: [0.5] }] });
  expect(await next()).toMatchObject({ step: 3, metrics: [{ key: 'loss', text: '0.5' }] });
  await log(id, { metrics: [{ key: 'loss', steps: [3], values: ['NaN'] }] });
  expect(await next()).toMatchObject({ step: 3, metrics: [{ key: 'loss', text: 'NaN' }] });
  await act('finishRun', id);
  expect(await next()).toMatchObject({ state: 'SUCCEEDED' });
  expect((await events.next()).done).toBe(true);
});
