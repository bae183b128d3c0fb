// A/B tests through the graph: models in ONNX Runtime, exposures and outcomes in a real PostgreSQL, results against SciPy,
// statsmodels and gbstats (fixtures/make-ab-test.py).

import { readFileSync } from 'node:fs';
import { person } from '@falaj/subgraph-kit/testing/requests';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { abTestRequests, approver, design, models, subjectsOf, viewer } from '../testing/ab-test-requests.js';
import { type Deployments, openDeployments } from '../testing/open-deployments.js';

interface Compared {
  readonly difference: number;
  readonly lower: number;
  readonly upper: number;
  readonly pValue: number;
}
type Metric = 'rebooked' | 'spent' | 'complained';
const reference = JSON.parse(readFileSync(new URL('./fixtures/ab-test.json', import.meta.url), 'utf8')) as {
  readonly arms: Record<'control' | 'treatment', { rebooked: number; spent: number[]; complained: number }[]>;
  readonly means: Record<Metric, Record<string, number>>;
  readonly sampleRatio: { readonly statistic: number; readonly pValue: number };
  readonly comparisons: Record<string, Record<Metric, Compared>>;
};
const sizes = { treatment: reference.arms.treatment.length, control: reference.arms.control.length };

let world: Deployments;
let graph: ReturnType<typeof abTestRequests>;
beforeAll(async () => {
  world = await openDeployments();
  graph = abTestRequests(world);
});
afterAll(() => world?.close());

const exposed = async (id: string) => (await graph.read(id)).result.subjects as number;
const reached = (id: string, subjects: number) => expect.poll(() => exposed(id), { timeout: 20_000 }).toBe(subjects);

const close = (found: number, expected: number) =>
  expect(Math.abs(found - expected) / Math.abs(expected), `${found} for ${expected}`).toBeLessThan(1e-8);

describe('from requests and outcomes to the verdict', () => {
  it.each([
    ['FIXED_HORIZON', 'rebooked', 'PROPORTION', 'WINNER'],
    ['FIXED_HORIZON', 'spent', 'MEAN', 'WINNER'],
    ['ALWAYS_VALID', 'rebooked', 'PROPORTION', 'WINNER'],
    ['ALWAYS_VALID', 'spent', 'MEAN', 'NO_WINNER'],
  ] as const)('%s of %s gives what the reference gives', async (method, outcome, kind, verdict) => {
    const endpoint = `pass-${method}-${outcome}`.toLowerCase().replaceAll('_', '-');
    await world.deploy(endpoint, models);
    const complained = { outcome: 'complained', kind: 'PROPORTION', better: 'DECREASE', margin: 0.2 };
    const id = await graph.created(design(endpoint, { method, metric: { outcome, kind }, guardrails: [complained] }));
    const subjects = subjectsOf(id, sizes);
    const known: Record<string, unknown>[] = [];
    for (const arm of ['treatment', 'control'] as const)
      for (const [place, subject] of (subjects[arm] ?? []).entries()) {
        const { variant, inferenceId } = await graph.predict(endpoint, subject);
        expect(variant).toBe(arm);
        const {
          rebooked,
          spent,
          complained: harmed,
        } = reference.arms[arm][place] as (typeof reference.arms)['control'][0];
        const who = place % 2 === 0 ? { subject } : { inferenceId };
        const of = (metric: string, value: number, key: string) => ({
          ...who,
          metric,
          value,
          key: `${subject}-${key}`,
        });
        if (rebooked) known.push(of('rebooked', 1, 'event'));
        if (harmed) known.push(of('complained', 1, 'event'));
        known.push(...spent.map((value, purchase) => of('spent', value, String(purchase))));
      }
    await reached(id, 400);
    expect(await graph.recorded(endpoint, known)).toEqual({ recorded: known.length, repeated: 0, unmatched: 0 });
    expect(await graph.recorded(endpoint, known)).toEqual({ recorded: 0, repeated: known.length, unmatched: 0 });
    const { result } = await graph.read(id);
    expect(result).toMatchObject({ verdict, winner: verdict === 'WINNER' ? 'treatment' : null, subjects: 400 });
    for (const { name, subjects: n, mean } of result.variants) {
      expect(n).toBe(sizes[name as keyof typeof sizes]);
      close(mean, reference.means[outcome][name] as number);
    }
    const expected = reference.comparisons[method]?.[outcome] as Compared;
    const [found] = result.comparisons;
    for (const part of ['difference', 'lower', 'upper', 'pValue'] as const) close(found[part], expected[part]);
    expect(found.guardrails).toMatchObject([{ outcome: 'complained', status: 'HOLDS', margin: 0.2 }]);
    close(found.guardrails[0].worstHarm, reference.comparisons[method]?.complained.upper as number);
    close(result.sampleRatio.statistic, reference.sampleRatio.statistic);
    close(result.sampleRatio.pValue, reference.sampleRatio.pValue);
    expect(result.multipleExposures).toEqual({ subjects: 0, share: 0, ok: true });
  });
});

/** Writes exposures past the endpoint, where so many requests would say no more. */
const expose = (id: string, endpoint: string, variant: string, from: number, to: number) =>
  world.rows(sql`
    insert into deployments.exposure (workspace_id, zone, study_id, endpoint_id, subject, variant, inference_id, at)
    select 'w1', 'AE', ${id}, ${endpoint}, 'x' || n, ${variant}, ${id} || n, clock_timestamp()
    from generate_series(${from}::int, ${to}::int - 1) n`);

describe('an exposure', () => {
  it('is counted once per subject, over two processes, later requests and a restart', async () => {
    await world.deploy('exposed', models);
    const id = await graph.created(design('exposed'));
    const subjects = Array.from({ length: 60 }, (_, i) => `passenger-${i}`);
    const other = await world.process();
    const answers = new Map<string, string>();
    for (const at of [world, other, world])
      for (const subject of subjects) {
        const { variant } = await graph.predict('exposed', subject, at);
        expect(answers.get(subject) ?? variant).toBe(variant);
        answers.set(subject, variant);
      }
    await other.close();
    const restarted = await world.process();
    for (const subject of subjects)
      expect((await graph.predict('exposed', subject, restarted)).variant).toBe(answers.get(subject));
    // Whoever sends no subject is one by his request.
    await graph.predict('exposed', undefined, restarted);
    await restarted.close();
    await reached(id, 61);
    const { result } = await graph.read(id);
    expect(result.multipleExposures).toEqual({ subjects: 0, share: 0, ok: true });
    const rows = await world.rows<{ n: number; clear: number }>(sql`
      select count(*)::int as n, (count(*) filter (where subject like '%passenger%'))::int as clear
      from deployments.exposure where study_id = ${id}`);
    expect(rows).toEqual([{ n: 61, clear: 0 }]);
  });

  it('in both variants takes the subject out of the arms, and blocks the verdict above 1 %', async () => {
    await world.deploy('twice', models);
    const id = await graph.created(design('twice'));
    await expose(id, 'twice', 'treatment', 0, 1000);
    await expose(id, 'twice', 'control', 990, 2000);
    const few = (await graph.read(id)).result;
    expect(few).toMatchObject({ verdict: 'NO_WINNER', subjects: 1990, multipleExposures: { subjects: 10, ok: true } });
    await expose(id, 'twice', 'control', 0, 11);
    const many = (await graph.read(id)).result;
    expect(many).toMatchObject({ verdict: 'BLOCKED', winner: null, multipleExposures: { subjects: 21, ok: false } });
    expect(many.multipleExposures.share).toBeCloseTo(21 / 2000, 12);
    expect(many.reasons).toEqual([expect.stringContaining('21 subjects (1.05 %, limit 1 %)')]);
  });

  it.each([
    [[5000, 4800], 5000, 4.08163, 0.0433518, true],
    [[5000, 4700], 5000, 9.27835, 0.00231878, true],
    [[9000, 1100], 9000, 8.91089, 0.00283475, true],
    // Above: golden numbers of the formula; below: SciPy's chisquare.
    [[5000, 4600], 5000, 16.66667, 0.0000445571, false],
  ] as const)(
    '%j against the weight %i gives chi-square %f, and blocks the verdict below 0.001',
    async (arms, weight, statistic, pValue, ok) => {
      const endpoint = `ratio-${arms.join('-')}`;
      await world.deploy(endpoint, models);
      const variants = [
        { name: 'control', revision: 1, weight },
        { name: 'treatment', revision: 2, weight: 10_000 - weight },
      ];
      const id = await graph.created(design(endpoint, { variants }));
      await expose(id, endpoint, 'control', 0, arms[0]);
      await expose(id, endpoint, 'treatment', arms[0], arms[0] + arms[1]);
      const { result } = await graph.read(id);
      expect(result).toMatchObject({ verdict: ok ? 'NO_WINNER' : 'BLOCKED', winner: null });
      expect(result.sampleRatio).toMatchObject({ method: 'CHI_SQUARE', ok });
      expect(result.sampleRatio.statistic).toBeCloseTo(statistic, 5);
      expect(result.sampleRatio.pValue / pValue).toBeCloseTo(1, 5);
    },
  );
});

describe('an outcome', () => {
  const valued = (subject: Record<string, string>, value: number, more: Record<string, unknown> = {}) => ({
    ...subject,
    metric: 'spent',
    value,
    ...more,
  });

  it('counts after the exposure only, once per key and metric, whenever it is told', async () => {
    await world.deploy('late', models);
    const id = await graph.created(design('late', { metric: { outcome: 'spent', kind: 'MEAN' } }));
    const subjects = subjectsOf(id, { treatment: 4, control: 4 }, 'p');
    const before = new Date(Date.now() - 2_000).toISOString();
    for (const subject of [...(subjects.treatment ?? []), ...(subjects.control ?? [])])
      await graph.predict('late', subject);
    await reached(id, 8);
    const [first = '', second = '', third = ''] = subjects.treatment ?? [];
    const [exposure] = await world.rows<{ at: Date }>(
      sql`select min(at) as at from deployments.exposure where study_id = ${id}`,
    );
    // As a caller tells it who knows the second only.
    const thisSecond = new Date(Math.floor(Number(new Date(exposure?.at ?? 0)) / 1000) * 1000).toISOString();
    const told = await graph.recorded('late', [
      valued({ subject: first }, 100, { key: 'a', at: thisSecond }),
      // The same event tells of two metrics.
      { subject: first, metric: 'visits', value: 1, key: 'a' },
      valued({ subject: first }, 999, { key: 'a' }),
      // Before the exposure: not its doing.
      valued({ subject: second }, 50, { at: before, key: 'b' }),
      valued({ subject: third }, 20, { at: new Date(Date.now() + 1000).toISOString(), key: 'c' }),
      valued({ subject: third }, -8, { key: 'd' }),
      // Never seen.
      valued({ subject: 'stranger' }, 70, { key: 'e' }),
    ]);
    expect(told).toEqual({ recorded: 6, repeated: 1, unmatched: 0 });
    const { variants } = (await graph.read(id)).result;
    expect(variants).toEqual([
      { name: 'treatment', subjects: 4, mean: (100 + 20 - 8) / 4 },
      { name: 'control', subjects: 4, mean: 0 },
    ]);
  });

  it('finds its subject by inference id: of the endpoint’s first exposure, or of any inference that was logged', async () => {
    for (const name of ['joined', 'joined-other']) await world.deploy(name, models);
    const id = await graph.created(design('joined', { metric: { outcome: 'spent', kind: 'MEAN' } }));
    const other = await graph.created(design('joined-other'));
    const foreign = await graph.predict('joined-other', 'someone');
    const [subject = ''] = subjectsOf(id, { treatment: 1, control: 0 }).treatment ?? [];
    const exposure = await graph.predict('joined', subject);
    const later = await graph.predict('joined', subject);
    await reached(id, 1);
    await reached(other, 1);
    const one = (inferenceId: string) => graph.recorded('joined', [valued({ inferenceId }, 5)]);
    expect(await one(exposure.inferenceId)).toEqual({ recorded: 1, repeated: 0, unmatched: 0 });
    for (const inferenceId of [later.inferenceId, foreign.inferenceId, 'inf_none'])
      expect(await one(inferenceId)).toEqual({ recorded: 0, repeated: 0, unmatched: 1 });
    expect((await graph.read(id)).result.variants[0]).toEqual({ name: 'treatment', subjects: 1, mean: 5 });

    const set = await world.ask(
      approver,
      `mutation { setInferenceLog(input: { endpointId: "joined", enabled: true, sampleRate: 10000, retentionDays: 7 }) {
        inferenceLog { enabled } } }`,
    );
    expect(set.message).toBeUndefined();
    const [next = ''] = subjectsOf(id, { treatment: 1, control: 0 }, 'logged').treatment ?? [];
    await graph.predict('joined', next);
    const logged = await graph.predict('joined', next);
    await reached(id, 2);
    const written = () => world.rows(sql`select id from deployments.inference_record where id = ${logged.inferenceId}`);
    await expect.poll(written, { timeout: 20_000 }).toHaveLength(1);
    expect(await one(logged.inferenceId)).toEqual({ recorded: 1, repeated: 0, unmatched: 0 });
    expect((await graph.read(id)).result.variants[0]).toEqual({ name: 'treatment', subjects: 2, mean: 5 });
  });

  it('is refused without a subject, with two, without a name, or of anyone who may not tell', async () => {
    await world.deploy('refusing', models);
    const good = valued({ subject: 's' }, 1);
    for (const wrong of [
      [],
      [valued({}, 1)],
      [{ ...good, inferenceId: 'inf_1' }],
      [{ ...good, metric: '' }],
      [{ ...good, value: 'much' }],
      [{ ...good, at: 'yesterday' }],
    ])
      expect((await graph.outcomes('refusing', wrong)).code, JSON.stringify(wrong)).toBe('BAD_USER_INPUT');
    expect((await graph.outcomes('refusing', [good], viewer)).code).toBe('FORBIDDEN');
    expect((await graph.outcomes('none', [good])).code).toBe('NOT_FOUND');
    const stranger = person('data-scientist', { workspaceId: 'w2' });
    expect((await graph.outcomes('refusing', [good], stranger)).code).toBe('NOT_FOUND');
    await graph.recorded('refusing', [valued({ subject: 'Fatima' }, 1)]);
    const records = await world.rows<{ action: string; outcome: string; details: unknown }>(
      sql`select action, outcome, details from audit.record where subject_id = 'refusing' order by id`,
    );
    expect(records).toMatchObject([
      { action: 'recordAbOutcomes', outcome: 'REFUSED' },
      { outcome: 'SUCCEEDED', details: { outcomes: 1, recorded: 1, repeated: 0, unmatched: 0 } },
    ]);
    expect(JSON.stringify(records)).not.toContain('Fatima');
    const stored = await world.rows(sql`select * from deployments.outcome where endpoint_id = 'refusing'`);
    expect(JSON.stringify(stored)).not.toContain('Fatima');
  });
});

describe('a fixed horizon', () => {
  it('shows nothing of the difference before it, and the same after it however many more come', async () => {
    await world.deploy('patient', models);
    const id = await graph.created(
      design('patient', { method: 'FIXED_HORIZON', metric: { outcome: 'spent', kind: 'MEAN' } }),
    );
    const spend = (variant: string, from: number, to: number, value: number) =>
      world.rows(sql`
        insert into deployments.outcome (workspace_id, zone, endpoint_id, key, subject, metric, value, at)
        select 'w1', 'AE', 'patient', ${variant} || n, 'x' || n, 'spent', ${value}::float8 + n % 7, clock_timestamp()
        from generate_series(${from}::int, ${to}::int - 1) n`);
    await expose(id, 'patient', 'treatment', 0, 200);
    await expose(id, 'patient', 'control', 200, 399);
    await spend('treatment', 0, 200, 10);
    await spend('control', 200, 399, 9);
    const early = (await graph.read(id)).result;
    expect(early).toMatchObject({ verdict: 'RUNNING', winner: null, subjects: 399 });
    expect(early.reasons).toEqual([expect.stringContaining('399 of 400 subjects')]);
    expect(early.comparisons).toEqual([
      {
        variant: 'treatment',
        difference: null,
        lower: null,
        upper: null,
        pValue: null,
        verdict: 'OPEN',
        guardrails: [],
      },
    ]);
    expect(early.variants.map(({ mean }: { mean: number | null }) => mean)).toEqual([null, null]);
    await expose(id, 'patient', 'control', 399, 400);
    const due = (await graph.read(id)).result;
    expect(due).toMatchObject({ verdict: 'WINNER', winner: 'treatment', subjects: 400 });
    await expose(id, 'patient', 'treatment', 400, 600);
    await expose(id, 'patient', 'control', 600, 800);
    await spend('control', 600, 800, 500);
    expect((await graph.read(id)).result).toEqual(due);
  });
});
