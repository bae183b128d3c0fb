// False alarms of the guardrails under looks at every step, and the constants of the band against the theorem it is from.
import { describe, expect, it } from 'vitest';
import { band, type Guardrail, judge, type VariantFacts } from './guardrails.js';
import { goodBefore } from './last-good.js';
import { addTo, countAbove, leastEdge, type Sketch } from './sketch.js';

/** Howard and Ramdas (2022), theorem 2: the chance that the band of A and C is ever left, from the first value on. */
function crossing(a: number, c: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let step = 1; step < 20_000; step++) {
    const eta = 1 + step * ((2 * a * a - 1) / 20_000);
    const gamma = Math.sqrt(2 / eta) * (a - Math.sqrt((2 * (eta - 1)) / c));
    if (gamma <= 1) continue;
    least = Math.min(least, 4 * Math.exp(-gamma * gamma * c) * (1 + 1 / ((gamma * gamma - 1) * Math.log(eta))));
  }
  return least;
}

describe('band', () => {
  it('is no narrower than the theorem has it', () => {
    // The authors' own program (confseq 0.0.11, empirical_process_lil_bound) tests itself against this value, for
    // alpha 0.05 and A 0.85 at 1000 values of which the first 100 are not looked at.
    const c = (0.08204769 / 0.85) ** 2 * 1000 - Math.log(Math.log(Math.E * 10));
    expect(crossing(0.85, c)).toBeCloseTo(0.05, 4);
    for (const alpha of [0.25, 0.05, 0.025, 0.005, 1e-4])
      expect(crossing(0.85, 0.8 * Math.log(1612 / alpha))).toBeLessThanOrEqual(alpha);
    expect(band(1000, 0.05)).toBeGreaterThan(0.08);
    expect(band(1000, 0.05)).toBeLessThan(0.09);
  });
});

/** Park and Miller's generator: the same numbers on every machine. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** Share of experiments in which a guardrail is called broken at any of the looks, though both revisions are the same. */
function falseAlarms(guardrail: Guardrail, share: number, tests: number, requests: number, alpha: number): number {
  const random = seeded(20_261_123);
  let alarms = 0;
  for (let test = 0; test < tests; test++) {
    const empty = () => ({ requests: 0, errors: 0, latency: {} as Sketch, scores: {} as Sketch, outcomes: {} });
    const [candidate, baseline] = [empty(), empty()];
    for (let seen = 1; seen <= requests; seen++) {
      const own = random() < share ? candidate : baseline;
      own.requests++;
      if (random() < 0.1) own.errors++;
      // Tails as latencies have them.
      addTo(own.latency, Math.exp(random() + random() + random()));
      addTo(own.scores, random());
      if (seen % 50 === 0 && judge(guardrail, candidate, baseline, alpha).status === 'BROKEN') {
        alarms++;
        break;
      }
    }
  }
  return alarms / tests;
}

describe('false alarms under continuous looks', () => {
  it.each([
    ['LATENCY_P95, a small candidate', { metric: 'LATENCY_P95', limit: 1 }, 0.2],
    ['LATENCY_P95, a small baseline', { metric: 'LATENCY_P95', limit: 1 }, 0.9],
    ['SCORE_SHIFT', { metric: 'SCORE_SHIFT', limit: 0 }, 0.5],
    ['ERROR_RATE', { metric: 'ERROR_RATE', limit: 0 }, 0.5],
  ] as const)('of %s stay below alpha', (_, guardrail, share) => {
    expect(falseAlarms(guardrail, share, 100, 3000, 0.05)).toBeLessThanOrEqual(0.05);
  });

  it('leave the power to see a latency that is twice the limit', () => {
    const facts = (slow: number): VariantFacts => {
      const latency: Sketch = {};
      for (let i = 0; i < 1000; i++) addTo(latency, slow * (1 + (i % 100) / 100));
      return { requests: 1000, errors: 0, latency, scores: {}, outcomes: {} };
    };
    const finding = judge({ metric: 'LATENCY_P95', limit: 1.2 }, facts(2.4), facts(1), 0.05);
    expect(finding.status).toBe('BROKEN');
    expect(finding.atLeast).toBeGreaterThan(1.2);
    expect(finding.atLeast).toBeLessThan(finding.found ?? 0);
  });
});

describe('the least edge', () => {
  it('has no more values above it than asked for, whatever their sign', () => {
    const sketch: Sketch = {};
    const values = [-3, -0.01, 0, 0.002, 1, 7.5, 1e6];
    for (const value of values) addTo(sketch, value);
    for (const [place, value] of values.entries()) {
      const most = values.length - 1 - place;
      const edge = leastEdge(sketch, (above) => above <= most) ?? Number.NaN;
      expect(edge).toBeGreaterThanOrEqual(value - Math.abs(value) * 1e-6);
      expect(countAbove(sketch, edge)).toBe(most);
    }
    expect(leastEdge(sketch, () => false)).toBeNull();
  });
});

describe('the last good revision', () => {
  const deployed = (revision: number) => ({ revision, cause: 'DEPLOYED' as const });
  const back = (revision: number) => ({ revision, cause: 'ROLLED_BACK' as const });
  it.each([
    [[deployed(1)], null],
    [[deployed(1), deployed(2)], 1],
    [[deployed(1), deployed(2), back(1)], null],
    [[deployed(1), deployed(2), deployed(3), back(2), back(1), deployed(4)], 1],
    [[deployed(1), deployed(2), back(1), back(2)], 1],
    [[deployed(1), { revision: 3, cause: 'PROMOTED' as const }, deployed(4)], 3],
  ])('of %j is %s', (history, expected) => {
    expect(goodBefore(history)).toBe(expected);
  });
});
