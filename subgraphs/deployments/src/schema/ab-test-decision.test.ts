// How A/B tests are planned, started, decided, listed, and by whom.

import { readFileSync } from 'node:fs';
import { person } from '@falaj/subgraph-kit/testing/requests';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sweepStudies } from '../store/study-retention.js';
import { abTestRequests, approver, design, models, scientist, viewer } from '../testing/ab-test-requests.js';
import { type Deployments, openDeployments } from '../testing/open-deployments.js';

let world: Deployments;
let graph: ReturnType<typeof abTestRequests>;
beforeAll(async () => {
  world = await openDeployments();
  graph = abTestRequests(world);
});
afterAll(() => world?.close());

/** Even arms of so many subjects, each treatment better than the control by its effect in a hundred. */
async function observe(id: string, endpoint: string, arms: Readonly<Record<string, number>>, each = 1000, from = 0) {
  for (const [arm, [variant, perHundred]] of Object.entries(arms).entries()) {
    const first = from + arm * each;
    await world.rows(sql`
      with seen as (
        insert into deployments.exposure (workspace_id, zone, study_id, endpoint_id, subject, variant, inference_id, at)
        select 'w1', 'AE', ${id}, ${endpoint}, ${id} || n, ${variant}, ${id} || n, clock_timestamp()
        from generate_series(${first}::int, ${first + each - 1}::int) n returning subject, at)
      insert into deployments.outcome (workspace_id, zone, endpoint_id, key, subject, metric, value, at)
      select 'w1', 'AE', ${endpoint}, subject, subject, 'rebooked', 1, at + interval '1 ms'
      from seen where substr(subject, ${id.length + 1}::int)::int % 100 < ${perHundred}::int`);
  }
}

const liveRevision = async (endpoint: string) =>
  (await world.ask(viewer, `{ endpoint(id: "${endpoint}") { revision trafficSplit { kind } } }`)).data.endpoint;

describe('stopping', () => {
  it('refuses to promote what is not the winner, promotes the winner, and freezes the result', async () => {
    await world.deploy('won', models);
    const id = await graph.created(design('won'));
    const promote = (variant: string, more = {}) => graph.stop({ abTestId: id, decision: 'PROMOTE', variant, ...more });
    expect(await promote('treatment')).toMatchObject({
      code: 'PRECONDITION_FAILED',
      message: expect.stringContaining('variant treatment where the verdict is RUNNING'),
      details: { verdict: 'RUNNING', winner: null },
    });
    await observe(id, 'won', { treatment: 40, control: 20 });
    expect((await promote('control')).details).toMatchObject({ verdict: 'WINNER', winner: 'treatment' });
    expect((await promote('nobody')).code).toBe('BAD_USER_INPUT');
    const { data, message } = await promote('treatment', { reason: 'It rebooks more.' });
    expect(message).toBeUndefined();
    const { abTest } = data.stopAbTest;
    expect(abTest).toMatchObject({
      state: 'STOPPED',
      decision: 'PROMOTE',
      stopReason: 'It rebooks more.',
      result: { verdict: 'WINNER', winner: 'treatment', subjects: 2000 },
    });
    expect(await liveRevision('won')).toEqual({ revision: 2, trafficSplit: null });
    expect((await graph.predict('won', 's')).variant).toBe('live');
    await observe(id, 'won', { control: 90 }, 1000, 5000);
    expect((await graph.read(id)).result).toEqual(abTest.result);
    expect((await promote('treatment')).message).toContain('an A/B test that is STOPPED');
    const records = await world.rows<{ did: string; details: Record<string, unknown> }>(
      sql`select action || ' ' || outcome as did, details from audit.record where subject_id = 'won' order by id`,
    );
    const done = records.filter(({ did }) => did.endsWith('SUCCEEDED'));
    expect(done.map(({ did }) => did)).toEqual(['createAbTest SUCCEEDED', 'stopAbTest SUCCEEDED']);
    expect(records.length - done.length).toBe(3);
    expect(done[1]?.details).toMatchObject({
      abTestId: id,
      decision: 'PROMOTE',
      verdict: 'WINNER',
      override: false,
    });
  });

  it('promotes against the verdict by override only, and says so in the record', async () => {
    await world.deploy('overridden', models);
    const id = await graph.created(design('overridden'));
    const end = { abTestId: id, decision: 'PROMOTE', variant: 'treatment', override: true, reason: 'the law changed' };
    expect((await graph.stop(end)).data.stopAbTest.abTest.result).toMatchObject({ verdict: 'RUNNING', winner: null });
    expect((await liveRevision('overridden')).revision).toBe(2);
    const [record] = await world.rows<{ details: unknown }>(
      sql`select details from audit.record where subject_id = 'overridden' and action = 'stopAbTest'`,
    );
    expect(record?.details).toMatchObject({ override: true, verdict: 'RUNNING', reason: 'the law changed' });
  });

  it('keeps the live revision with KEEP; another test may follow', async () => {
    await world.deploy('kept', models);
    const id = await graph.created(design('kept'));
    expect((await graph.stop({ abTestId: id, decision: 'KEEP', variant: 'treatment' })).code).toBe('BAD_USER_INPUT');
    expect((await graph.stop({ abTestId: id, decision: 'PROMOTE' })).code).toBe('BAD_USER_INPUT');
    expect((await graph.stop({ abTestId: id, decision: 'KEEP', reason: '' })).code).toBe('BAD_USER_INPUT');
    expect((await graph.stop({ abTestId: id, decision: 'KEEP' })).data.stopAbTest.abTest.decision).toBe('KEEP');
    expect(await liveRevision('kept')).toEqual({ revision: 1, trafficSplit: null });
    await graph.created(design('kept', { name: 'again' }));
  });

  it('is done by a rollback too, whose result stands still as well', async () => {
    await world.deploy('rolled', models);
    const id = await graph.created(design('rolled'));
    await observe(id, 'rolled', { treatment: 40, control: 20 });
    const back = await world.ask(
      person('administrator'),
      'mutation { rollbackEndpoint(input: { endpointId: "rolled", reason: "it hurts" }) { endpoint { revision } } }',
    );
    expect(back.message).toBeUndefined();
    const stopped = await graph.read(id);
    expect(stopped).toMatchObject({ state: 'STOPPED', decision: 'ROLLED_BACK', stopReason: 'Rolled back: it hurts' });
    expect(stopped.result).toMatchObject({ verdict: 'WINNER', subjects: 2000 });
    await observe(id, 'rolled', { control: 90 }, 1000, 5000);
    await graph.recorded('rolled', [{ subject: 'x', metric: 'rebooked', at: new Date(0).toISOString() }]);
    expect((await graph.read(id)).result).toEqual(stopped.result);
  });

  it('is decided once, of two who decide at once', async () => {
    await world.deploy('raced', models);
    const id = await graph.created(design('raced'));
    const both = await Promise.all([1, 2].map(() => graph.stop({ abTestId: id, decision: 'KEEP' })));
    expect(both.map(({ code }) => code ?? 'done').sort()).toEqual(['PRECONDITION_FAILED', 'done']);
  });
});

describe('several treatments', () => {
  it('share alpha; the guardrail of the best lets the next one win, or nobody', async () => {
    await world.deploy('several', models);
    const thirds = { control: 3334, first: 3333, second: 3333 };
    const variants = Object.entries(thirds).map(([name, weight], place) => ({ name, weight, revision: place + 1 }));
    const guardrails = [{ outcome: 'complained', kind: 'PROPORTION', better: 'DECREASE', margin: 0.05 }];
    const id = await graph.created(design('several', { variants, guardrails, horizon: 3000 }));
    await observe(id, 'several', { control: 20, first: 35, second: 40 });
    const complain = (arm: number, perHundred: number) =>
      world.rows(sql`
        insert into deployments.outcome (workspace_id, zone, endpoint_id, key, subject, metric, value, at)
        select 'w1', 'AE', 'several', gen_random_uuid()::text, ${id} || n, 'complained', 1, clock_timestamp() + interval '1 ms'
        from generate_series(${arm * 1000}::int, ${arm * 1000 + 999}::int) n where n % 100 < ${perHundred}::int`);
    await complain(0, 20);
    await complain(1, 10);
    await complain(2, 60);
    const { result } = await graph.read(id);
    expect(result).toMatchObject({ verdict: 'WINNER', winner: 'first', subjects: 3000 });
    expect(result.comparisons).toMatchObject([
      { variant: 'first', verdict: 'BETTER', guardrails: [{ status: 'HOLDS' }] },
      { variant: 'second', verdict: 'BETTER', guardrails: [{ status: 'BROKEN' }] },
    ]);
    await complain(1, 60);
    const broken = (await graph.read(id)).result;
    expect(broken).toMatchObject({ verdict: 'NO_WINNER', winner: null });
    expect(broken.reasons[0]).toMatch(
      /^first is better, but its guardrail complained is BROKEN: harm of up to 0\.\d+ is/,
    );
    await complain(1, 100);
    expect((await graph.read(id)).result.reasons).toEqual([
      'first is better, but of its guardrail complained too little was seen to exclude harm beyond 0.05.',
      expect.stringContaining('second is better, but its guardrail complained is BROKEN'),
    ]);
  });
});

describe('planning', () => {
  const plan = (input: Record<string, unknown>) =>
    world.ask(viewer, 'query ($input: PlanAbTestInput!) { planAbTest(input: $input) { control treatment total } }', {
      input,
    });

  it('gives the sizes that statsmodels gives', async () => {
    const file = new URL('../domain/ab-test/fixtures/statistics.json', import.meta.url);
    const { sampleSizes } = JSON.parse(readFileSync(file, 'utf8')) as { sampleSizes: Record<string, number>[] };
    for (const { kind, baseline = 0, deviation, effect = 0, alpha, power, ratio = 1, control = 0 } of sampleSizes) {
      if (effect < 0) continue;
      const known = { kind, baseline, deviation, minimumEffect: effect, alpha, power };
      const { data, message } = await plan({ ...known, method: 'FIXED_HORIZON', treatmentShare: ratio / (1 + ratio) });
      expect(message).toBeUndefined();
      const treatment = Math.ceil(control * ratio);
      expect(data.planAbTest).toEqual({
        control: Math.ceil(control),
        treatment,
        total: Math.ceil(control) + treatment,
      });
    }
  });

  it('asks more of an always-valid test, and refuses what cannot be planned', async () => {
    const known = { kind: 'PROPORTION', baseline: 0.1, minimumEffect: 0.02 };
    const [fixed, always] = [await plan({ ...known, method: 'FIXED_HORIZON' }), await plan(known)];
    const ratio = always.data.planAbTest.total / fixed.data.planAbTest.total;
    expect(ratio).toBeGreaterThan(1);
    expect(ratio).toBeLessThan(2.5);
    for (const wrong of [
      { baseline: 0 },
      { baseline: 0.99 },
      { minimumEffect: 0 },
      { minimumEffect: 1e-7 },
      { kind: 'MEAN' },
      { alpha: 0.5 },
      { power: 0.5 },
      { treatmentShare: 1 },
    ])
      expect((await plan({ ...known, ...wrong })).code, JSON.stringify(wrong)).toBe('BAD_USER_INPUT');
  });
});

describe('creating', () => {
  it('refuses a design that could find nothing, or that is none', async () => {
    await world.deploy('refused', models);
    const two = (first: Record<string, unknown>) => ({
      variants: [{ name: 'treatment', revision: 2, weight: 5000, ...first }, design('').variants[1]],
    });
    for (const wrong of [
      { variants: [{ name: 'control', revision: 1, weight: 10_000 }] },
      two({ weight: 4000 }),
      two({ weight: 0 }),
      two({ revision: 1 }),
      two({ name: 'control' }),
      two({ name: 'version-2' }),
      two({ name: 'Treatment 1' }),
      { control: 'nobody' },
      { name: '' },
      { horizon: 199 },
      { alpha: 0.5 },
      { alpha: 0 },
      { power: 0.5 },
      { minimumEffect: 0 },
      { guardrails: [{ outcome: 'rebooked', kind: 'MEAN', margin: 1 }] },
      { guardrails: [{ outcome: 'complained', kind: 'MEAN', margin: -1 }] },
    ])
      expect((await graph.create(design('refused', wrong))).code, JSON.stringify(wrong)).toBe('BAD_USER_INPUT');
    expect((await graph.create(design('refused', two({ revision: 9 })))).code).toBe('NOT_FOUND');
    expect((await graph.predict('refused', 's')).variant).toBe('live');
  });

  it('takes one test at a time, also of two who start at once, and holds the endpoint still', async () => {
    await world.deploy('busy', models);
    const both = await Promise.all(['one', 'two'].map((name) => graph.create(design('busy', { name }))));
    const [won, lost] = both[0]?.code ? [both[1], both[0]] : both;
    const id = won?.data.createAbTest.abTest.id;
    expect(lost).toMatchObject({
      code: 'PRECONDITION_FAILED',
      message: expect.stringContaining(`split by ${id} (AB_TEST)`),
    });
    const split = await world.ask(
      approver,
      'mutation { splitTraffic(input: { endpointId: "busy", variants: [] }) { endpoint { id } } }',
    );
    expect(split.code).toBe('PRECONDITION_FAILED');
  });

  it('and stopping are an approver’s, in his workspace and zone; all may read, none the owner', async () => {
    await world.deploy('owned', models);
    const wanted = design('owned');
    for (const who of [scientist, viewer, person('auditor')])
      expect((await graph.create(wanted, who)).code).toBe('FORBIDDEN');
    const away = [person('approver', { workspaceId: 'w2' }), person('approver', { zone: 'SA', zones: ['SA'] })];
    for (const who of away) expect((await graph.create(wanted, who)).code).toBe('NOT_FOUND');
    const id = await graph.created(wanted);
    const end = { abTestId: id, decision: 'KEEP' };
    for (const who of [scientist, viewer]) expect((await graph.stop(end, who)).code).toBe('FORBIDDEN');
    for (const who of away) expect((await graph.stop(end, who)).code).toBe('NOT_FOUND');
    const fields = `{ abTest(id: "${id}") { owner maskedFields design { control metric { outcome } } endpoint { name } } }`;
    expect((await world.ask(viewer, fields)).data.abTest).toEqual({
      owner: null,
      maskedFields: ['owner'],
      design: { control: 'control', metric: { outcome: 'rebooked' } },
      endpoint: { name: 'owned' },
    });
    expect((await world.ask(person('auditor'), fields)).data.abTest.owner).toBe('approver');
    for (const who of away) expect((await world.ask(who, fields)).data?.abTest ?? null).toBeNull();
    const nobody = person('nobody', { roles: [] });
    expect((await world.ask(nobody, fields)).data?.abTest ?? null).toBeNull();
  });
});

it('lists A/B tests by page, state, name and zone', async () => {
  await world.deploy('listed', models);
  const ids: string[] = [];
  for (const name of ['a', 'b', 'c']) {
    if (ids.length > 0) await graph.stop({ abTestId: ids.at(-1), decision: 'KEEP' });
    ids.push(await graph.created(design('listed', { name })));
  }
  const LIST = `query ($first: Int, $after: String) { endpoint(id: "listed") { abTests(first: $first, after: $after) {
    edges { cursor node { id } } pageInfo { hasNextPage } totalCount } } }`;
  const page = async (after?: string) => (await world.ask(viewer, LIST, { first: 2, after })).data.endpoint.abTests;
  const first = await page();
  const second = await page(first.edges[1].cursor);
  const idsOf = (found: { edges: { node: { id: string } }[] }) => found.edges.map(({ node }) => node.id);
  expect([...idsOf(first), ...idsOf(second)]).toEqual([...ids].reverse());
  expect([first.pageInfo.hasNextPage, second.pageInfo.hasNextPage, first.totalCount]).toEqual([true, false, 3]);
  const filtered = async (filter: string) =>
    idsOf(
      (await world.ask(viewer, `{ abTests(first: 100, filter: ${filter}) { edges { node { id } } } }`)).data.abTests,
    );
  expect(await filtered('{ state: RUNNING, name: "c" }')).toEqual([ids[2]]);
  expect(await filtered('{ state: STOPPED, name: "c" }')).toEqual([]);
  expect(await filtered('{ zone: "AE", name: "b" }')).toEqual([ids[1]]);
  expect(await filtered('{ zone: "SA" }')).toEqual([]);
});

it('keeps the result of every ended test and forgets its subjects after 90 days, those of a running one never', async () => {
  for (const name of ['forgotten', 'ongoing']) await world.deploy(name, models);
  const [ended, running] = [await graph.created(design('forgotten')), await graph.created(design('ongoing'))];
  await observe(ended, 'forgotten', { treatment: 40, control: 20 });
  await observe(running, 'ongoing', { treatment: 40, control: 20 });
  await world.ask(
    person('administrator'),
    'mutation { rollbackEndpoint(input: { endpointId: "forgotten", reason: "it hurts" }) { endpoint { id } } }',
  );
  const { result } = await graph.read(ended);
  const left = () =>
    world.rows<{ exposures: number; outcomes: number }>(sql`
      select (select count(*)::int from deployments.exposure where study_id = s.id) as exposures,
        (select count(*)::int from deployments.outcome o where o.endpoint_id = s.endpoint_id) as outcomes
      from deployments.ab_test s where id in (${ended}, ${running}) order by endpoint_id`);
  const day = 86_400_000;
  for (const days of [1, 89]) {
    await sweepStudies(world.test.database, new Date(Date.now() + days * day));
    expect(await left()).toEqual([
      { exposures: 2000, outcomes: 600 },
      { exposures: 2000, outcomes: 600 },
    ]);
  }
  await sweepStudies(world.test.database, new Date(Date.now() + 91 * day));
  expect(await left()).toEqual([
    { exposures: 0, outcomes: 0 },
    { exposures: 2000, outcomes: 600 },
  ]);
  expect((await graph.read(ended)).result).toEqual(result);
  expect((await graph.read(running)).result.subjects).toBe(2000);
});
