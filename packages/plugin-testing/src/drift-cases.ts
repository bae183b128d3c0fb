import { strict as assert } from 'node:assert';
import type { DriftColumn, DriftTest, DriftV1 } from '@falaj/plugin-sdk';
import { type CaseDefinition, commonCases, refuses } from './case.js';
import { fakeCall } from './fake-host.js';

const every: readonly DriftTest[] = ['PSI', 'KOLMOGOROV_SMIRNOV', 'CHI_SQUARE', 'JENSEN_SHANNON', 'WASSERSTEIN'];
const numbers = (shift: number, rows = 400): DriftColumn => ({
  kind: 'NUMERIC',
  values: Float64Array.from({ length: rows }, (_, n) => ((n * 7919) % rows) / rows + shift),
});
const words = (shift: number): DriftColumn => ({
  kind: 'CATEGORICAL',
  values: Array.from({ length: 60 }, (_, n) => (n % 7 === 0 ? null : 'abcdef'.charAt((n + shift * (n % 3)) % 6))),
});
const profileOf = (drift: DriftV1, column: DriftColumn) =>
  drift.profile({ column, bins: 10, sample: 1000 }, fakeCall());
const scores = async (drift: DriftV1, reference: DriftColumn, window: DriftColumn) =>
  drift.compare({ profile: await profileOf(drift, reference), window, tests: every }, fakeCall());

export const driftCases: readonly CaseDefinition<'drift'>[] = [
  ...commonCases<'drift'>(
    'DR',
    (drift, signal) => drift.profile({ column: numbers(0), bins: 10, sample: 10 }, fakeCall({ signal })),
    fakeCall,
  ),
  {
    id: 'DR-03',
    title: 'a profile counts every row of the reference once and survives JSON',
    async run({ open }) {
      const drift = await open();
      for (const column of [numbers(0), words(0)]) {
        const profile = await profileOf(drift, column);
        const counted = profile.counts.reduce((sum, count) => sum + count, 0);
        assert.equal(counted + profile.missing, column.values.length);
        assert.equal(profile.rows, column.values.length);
        assert.ok(profile.counts.length <= 11, `${profile.counts.length} bins`);
        const window = column.kind === 'NUMERIC' ? numbers(0.2) : words(1);
        const kept = JSON.parse(JSON.stringify(profile)) as typeof profile;
        assert.deepEqual(
          await drift.compare({ profile: kept, window, tests: every }, fakeCall()),
          await drift.compare({ profile, window, tests: every }, fakeCall()),
        );
      }
    },
  },
  {
    id: 'DR-04',
    title: 'the reference against itself is at no distance and surprises nobody',
    async run({ open }) {
      for (const column of [numbers(0), words(0)]) {
        for (const { test, statistic, pValue } of await scores(await open(), column, column)) {
          assert.ok(Math.abs(statistic) < 1e-9, `${test}: ${statistic}`);
          if (pValue !== null) assert.ok(pValue > 0.99, `${test}: p = ${pValue}`);
        }
      }
    },
  },
  {
    id: 'DR-05',
    title: 'a larger shift is a larger distance by every test, and a smaller probability',
    async run({ open }) {
      const drift = await open();
      const near = await scores(drift, numbers(0), numbers(0.1));
      const far = await scores(drift, numbers(0), numbers(0.4));
      assert.ok(near.length > 0, 'at least one test');
      for (const [index, { test, statistic, pValue }] of near.entries()) {
        assert.ok((far[index]?.statistic ?? 0) > statistic, `${test}: ${statistic} -> ${far[index]?.statistic}`);
        if (pValue !== null) assert.ok((far[index]?.pValue ?? 1) < pValue, `${test}: p`);
      }
    },
  },
  {
    id: 'DR-06',
    title: 'tests that need numbers are left out for categories; an empty or a strange window is refused',
    async run({ open }) {
      const drift = await open();
      const found = (await scores(drift, words(0), words(1))).map(({ test }) => test);
      assert.ok(!found.includes('KOLMOGOROV_SMIRNOV') && !found.includes('WASSERSTEIN'), found.join());
      const profile = await profileOf(drift, numbers(0));
      for (const window of [words(0), numbers(0, 0)]) {
        await refuses(
          drift.compare({ profile, window, tests: every }, fakeCall()),
          ['BAD_INPUT'],
          `a window of ${window.kind} with ${window.values.length} rows`,
        );
      }
    },
  },
];
