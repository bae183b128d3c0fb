import type { DriftScore } from '@falaj/contracts';
import { expect, it } from 'vitest';
import { judge, type Measured } from './judge.js';

const spec = {
  thresholds: { PSI: 0.2 },
  level: 0.05,
  rule: 'BENJAMINI_HOCHBERG',
  persistence: { windows: 2, among: 3 },
} as const;
const ks = (pValue: number): DriftScore => ({ test: 'KOLMOGOROV_SMIRNOV', statistic: 0.1, pValue });
const psi = (statistic: number): DriftScore => ({ test: 'PSI', statistic, pValue: null });
const of = (feature: string, ...scores: DriftScore[]): Measured => ({ feature, scores });
const past = (...discovered: (boolean | null)[]) => discovered.map((one) => [{ feature: 'a', discovered: one }]);

it('alarms on what persists, and only then', () => {
  expect(judge([of('a', ks(1e-6)), of('b', ks(0.5))], spec, [])).toMatchObject({ verdict: 'OK', alarmed: [] });
  expect(judge([of('a', ks(1e-6)), of('b', ks(0.5))], spec, past(true))).toMatchObject({
    verdict: 'ALARM',
    alarmed: ['a'],
  });
  expect(judge([of('a', psi(0.2))], spec, past(true, false)).verdict).toBe('ALARM');
  expect(judge([of('a', psi(0.19))], spec, past(true, false)).verdict).toBe('OK');
});

it('controls false discoveries over all p-values of the window', () => {
  const many = Array.from({ length: 20 }, (_, n) => of(`f${n}`, ks(n === 0 ? 0.04 : 0.5)));
  expect(judge(many, spec, []).findings[0]).toMatchObject({ discovered: false, results: [{ exceeded: false }] });
  expect(judge([of('f0', ks(0.04))], spec, []).findings[0]).toMatchObject({ discovered: true });
});

it('never calls OK what it does not know, and lets nothing unknown hide an alarm', () => {
  const missing: Measured = { feature: 'b', unknown: 'no value' };
  expect(judge([], spec, []).verdict).toBe('UNKNOWN');
  expect(judge([of('a', ks(0.5)), missing], spec, [])).toMatchObject({ verdict: 'UNKNOWN', reason: 'b: no value' });
  expect(judge([of('a', ks(1e-6)), missing], spec, past(true)).verdict).toBe('ALARM');
  expect(judge([of('a', ks(1e-6))], spec, past(true, null, null)).verdict).toBe('ALARM');
  const wasserstein: DriftScore = { test: 'WASSERSTEIN', statistic: 3, pValue: null };
  expect(judge([of('a', wasserstein)], spec, []).verdict).toBe('UNKNOWN');
});
