import { describe, expect, it } from 'vitest';
import { bucketOf, checkVariants, variantOf } from './assignment.js';
import { type CanaryPlan, checkPlan, decide } from './canary.js';
import type { VariantFacts } from './guardrails.js';
import { compareAnswers } from './shadow-comparison.js';
import { addTo, countAbove, countOf, distance, merge, quantileOf, type Sketch } from './sketch.js';

describe('assignment', () => {
  it('gives the documented buckets, computed with Python hashlib', () => {
    expect(bucketOf('salt', 'subject-1')).toBe(9491);
    expect(bucketOf('salt', 'subject-2')).toBe(1493);
    expect(bucketOf('rol_1', 'مسافر')).toBe(4443);
    expect(bucketOf('', '')).toBe(6779);
  });

  it('spreads subjects evenly, and anew under another salt', () => {
    const counts = new Array<number>(20).fill(0);
    let same = 0;
    for (let i = 0; i < 40_000; i++) {
      const bucket = bucketOf('one', `s${i}`);
      counts[Math.floor(bucket / 500)] = (counts[Math.floor(bucket / 500)] ?? 0) + 1;
      if (bucket < 5000 === bucketOf('other', `s${i}`) < 5000) same++;
    }
    const chiSquare = counts.reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0);
    // 99.9 % quantile of chi-square with 19 degrees of freedom.
    expect(chiSquare).toBeLessThan(43.82);
    expect(Math.abs(same - 20_000)).toBeLessThan(3.3 * 100);
  });

  it('keeps every subject of a candidate that grows', () => {
    const split = (weight: number) => [
      { name: 'candidate', revision: 2, weight },
      { name: 'baseline', revision: 1, weight: 10_000 - weight },
    ];
    for (let bucket = 0; bucket < 10_000; bucket += 7) {
      const names = [0, 500, 5000, 10_000].map((weight) => variantOf(split(weight), bucket).name);
      expect(
        names.indexOf('candidate') === -1 || names.slice(names.indexOf('candidate')).every((n) => n === 'candidate'),
      ).toBe(true);
      expect(names[0]).toBe('baseline');
      expect(names[3]).toBe('candidate');
    }
  });

  it('refuses a split that is none', () => {
    const variant = (name: string, revision: number, weight: number) => ({ name, revision, weight });
    expect(() => checkVariants([variant('a', 1, 9000), variant('b', 2, 900)])).toThrow('sum to 9900');
    expect(() => checkVariants([variant('a', 1, 5000), variant('a', 2, 5000)])).toThrow('the name a');
    expect(() => checkVariants([variant('a', 1, 5000), variant('b', 1, 5000)])).toThrow('the revision 1');
    expect(() => checkVariants([variant('a', 1, 10_001), variant('b', 2, -1)])).toThrow('0 to 10000');
    checkVariants([variant('a', 1, 10_000), variant('dark', 2, 0)]);
  });
});

describe('sketch', () => {
  it('finds quantiles within 1 %, merged or not, and counts above a limit', () => {
    const [whole, odd, even]: [Sketch, Sketch, Sketch] = [{}, {}, {}];
    for (let i = 1; i <= 10_000; i++) {
      addTo(whole, i / 10);
      addTo(i % 2 === 0 ? even : odd, i / 10);
    }
    for (const q of [0.01, 0.5, 0.95, 0.999]) {
      const expected = 1000 * q;
      expect(Math.abs((quantileOf(whole, q) ?? 0) - expected) / expected).toBeLessThan(0.011);
    }
    expect(merge(odd, even)).toEqual(whole);
    expect(countAbove(whole, 500) / 10_000).toBeCloseTo(0.5, 2);
    expect(quantileOf({}, 0.5)).toBeNull();
  });

  it('keeps negative values and zero in order', () => {
    const sketch: Sketch = {};
    for (const value of [-5, -1, 0, 1e-12, 2, Number.NaN]) addTo(sketch, value);
    expect(countOf(sketch)).toBe(5);
    expect(quantileOf(sketch, 0)).toBeCloseTo(-5, 1);
    expect(quantileOf(sketch, 0.5)).toBe(0);
    expect(distance(sketch, sketch)).toBe(0);
    expect(distance({ [-3]: 10 }, { 3: 10 })).toBe(1);
  });
});

const facts = (given: Partial<VariantFacts> & { readonly slow?: number } = {}): VariantFacts => {
  const { requests = 1000, slow = 1 } = given;
  const latency: Sketch = {};
  const scores: Sketch = {};
  for (let i = 0; i < requests; i++) {
    addTo(latency, slow * (1 + (i % 100) / 100));
    addTo(scores, (i % 100) / 100);
  }
  return { requests, errors: 0, latency, scores, outcomes: {}, ...given };
};
const plan: CanaryPlan = {
  steps: [
    { weight: 1000, minimumSeconds: 10, minimumSamples: 500 },
    { weight: 5000, minimumSeconds: 10, minimumSamples: 500 },
  ],
  guardrails: [
    { metric: 'ERROR_RATE', limit: 0.01 },
    { metric: 'LATENCY_P95', limit: 1.5 },
    { metric: 'SCORE_SHIFT', limit: 0.2 },
    { metric: 'BUSINESS_METRIC', limit: 0.02, outcome: 'paid', kind: 'PROPORTION', better: 'INCREASE' },
  ],
  alpha: 0.05,
  stepTimeoutSeconds: 600,
};
const paid = (successes: number, n = 5000) => ({ paid: { n, sum: successes, sumOfSquares: successes } });
const after = (seconds: number, step = 0) => ({
  step,
  startedAt: new Date(0),
  now: new Date(seconds * 1000),
});
const good = facts({ outcomes: paid(1000) });
const decided = (candidate: VariantFacts, seconds = 11, step = 0) =>
  decide(plan, after(seconds, step), candidate, good);

describe('canary', () => {
  it('steps up and is promoted when time, samples and every guardrail say so', () => {
    expect(decided(good).decision).toMatchObject({ kind: 'ADVANCE', step: 1 });
    expect(decided(good, 11, 1).decision).toMatchObject({ kind: 'PROMOTE' });
    expect(decided(good, 9).decision).toEqual({ kind: 'WAIT', reason: '9 of 10 s have passed' });
    expect(decided(facts({ requests: 499, outcomes: paid(1000) })).decision).toEqual({
      kind: 'WAIT',
      reason: '499 of 500 requests were answered',
    });
  });

  it.each([
    ['ERROR_RATE', facts({ errors: 60, outcomes: paid(1000) })],
    ['LATENCY_P95', facts({ slow: 3, outcomes: paid(1000) })],
    ['SCORE_SHIFT', facts({ requests: 5000, scores: { 1800: 5000 }, outcomes: paid(1000) })],
    ['BUSINESS_METRIC paid', facts({ outcomes: paid(700) })],
  ])('rolls back at once where %s is broken, with what was found', (metric, candidate) => {
    const { decision, evidence } = decided(candidate, 1);
    expect(decision.kind).toBe('ROLL_BACK');
    expect(decision.reason).toContain(`${metric} is broken in step 1: found `);
    const broken = evidence.findings.filter(({ status }) => status === 'BROKEN');
    expect(broken).toHaveLength(1);
    expect(broken[0]?.atLeast).toBeGreaterThan(broken[0]?.limit ?? Number.POSITIVE_INFINITY);
  });

  it('knows a candidate that always fails after 50 requests', () => {
    expect(decided(facts({ requests: 50, errors: 50, latency: {}, scores: {} }), 1).decision.kind).toBe('ROLL_BACK');
    expect(decided(facts({ requests: 49, errors: 49, latency: {}, scores: {} }), 1).decision.kind).toBe('WAIT');
  });

  it('waits while something is beyond its limit but not proved, and gives up at the timeout', () => {
    const doubtful = facts({ errors: 15, outcomes: paid(1000) });
    expect(decided(doubtful).decision).toEqual({ kind: 'WAIT', reason: 'ERROR_RATE is 0.015, limit 0.01' });
    expect(decided(doubtful, 601).decision.kind).toBe('ROLL_BACK');
  });

  it('hardly ever rolls back a candidate as good as its baseline, however often one looks', () => {
    let state = 1;
    const random = () => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    };
    let rolledBack = 0;
    for (let test = 0; test < 100; test++) {
      const [a, b] = [facts({ requests: 0 }), facts({ requests: 0 })] as [VariantFacts, VariantFacts];
      let [n, failedA, failedB] = [0, 0, 0];
      for (let look = 0; look < 40; look++) {
        for (let i = 0; i < 50; i++) {
          n++;
          for (const own of [a, b]) {
            addTo(own.latency as Sketch, Math.exp(random() * 3));
            addTo(own.scores as Sketch, random());
          }
          if (random() < 0.02) failedA++;
          if (random() < 0.02) failedB++;
        }
        const { decision } = decide(
          {
            ...plan,
            guardrails: plan.guardrails
              .slice(0, 3)
              .map((g) => ({ ...g, limit: g.metric === 'LATENCY_P95' ? 1.1 : 0 }) as never),
          },
          after(1),
          { ...a, requests: n, errors: failedA },
          { ...b, requests: n, errors: failedB },
        );
        if (decision.kind === 'ROLL_BACK') {
          rolledBack++;
          break;
        }
      }
    }
    expect(rolledBack).toBeLessThanOrEqual(5);
  });

  it('refuses a plan that makes no sense', () => {
    expect(() => checkPlan({ ...plan, steps: [] })).toThrow('no step');
    expect(() => checkPlan({ ...plan, steps: [...plan.steps].reverse() })).toThrow('not more than the step before');
    expect(() => checkPlan({ ...plan, stepTimeoutSeconds: 10 })).toThrow('not more than the 10 s');
    expect(() => checkPlan({ ...plan, alpha: 0.5 })).toThrow('alpha is 0.5');
    checkPlan(plan);
  });
});

describe('shadow comparison', () => {
  const scores = (values: readonly number[], columns = 1) => [
    {
      name: 'p',
      datatype: 'FP32' as const,
      shape: [values.length / columns, columns],
      data: Float32Array.from(values),
    },
  ];
  it('decides by the threshold, or by the greatest column', () => {
    expect(compareAnswers(scores([0.25, 0.5, 0.75]), scores([0.5, 0.5, 0.25]), 0.5)).toEqual({
      rows: 3,
      disagreed: 2,
      deltas: [0.25, 0, -0.5],
    });
    expect(compareAnswers(scores([0.75, 0.25, 0.25, 0.75], 2), scores([0.25, 0.75, 0.25, 0.75], 2), 0.5)).toEqual({
      rows: 2,
      disagreed: 1,
      deltas: [0.5, 0],
    });
    expect(compareAnswers(scores([0.5, 0.5]), scores([0.5]), 0.5)).toEqual({ rows: 2, disagreed: 2, deltas: [] });
  });
});
