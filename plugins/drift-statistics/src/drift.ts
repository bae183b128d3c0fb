import type { DriftColumn, DriftProfile, DriftScore, DriftTest, DriftV1 } from '@falaj/contracts';
import { PluginError } from '@falaj/plugin-sdk';
import { countsOf, presentNumbers, profileOf } from './bins.js';
import { chiSquare } from './chi-square.js';
import { jensenShannon, psi, wasserstein } from './distances.js';
import { kolmogorovSmirnov } from './kolmogorov-smirnov.js';

type Compare = (profile: DriftProfile, window: DriftColumn) => Omit<DriftScore, 'test'>;

const binned =
  (measure: (reference: readonly number[], window: readonly number[]) => Omit<DriftScore, 'test'>): Compare =>
  (profile, window) =>
    measure([...profile.counts, profile.missing], countsOf(profile, window));

const numeric =
  (measure: (reference: ArrayLike<number>, window: Float64Array) => Omit<DriftScore, 'test'>): Compare =>
  (profile, window) =>
    measure(profile.sample, window.kind === 'NUMERIC' ? presentNumbers(window.values).sort() : new Float64Array());

const distance = (statistic: number) => ({ statistic, pValue: null });

const tests: Readonly<Record<DriftTest, { readonly numericOnly: boolean; readonly compare: Compare }>> = {
  PSI: { numericOnly: false, compare: binned((reference, window) => distance(psi(reference, window))) },
  JENSEN_SHANNON: {
    numericOnly: false,
    compare: binned((reference, window) => distance(jensenShannon(reference, window))),
  },
  CHI_SQUARE: { numericOnly: false, compare: binned(chiSquare) },
  KOLMOGOROV_SMIRNOV: { numericOnly: true, compare: numeric(kolmogorovSmirnov) },
  WASSERSTEIN: { numericOnly: true, compare: numeric((reference, window) => distance(wasserstein(reference, window))) },
};

export function openDrift(): DriftV1 {
  return {
    health: async () => ({ ok: true }),
    close: async () => {},
    profile: async ({ column, bins, sample }, call) => {
      call.signal.throwIfAborted();
      if (!Number.isInteger(bins) || bins < 2 || bins > 100) {
        throw new PluginError('BAD_INPUT', `bins: found ${bins}, expected a whole number from 2 to 100.`);
      }
      if (!Number.isInteger(sample) || sample < 0) {
        throw new PluginError('BAD_INPUT', `sample: found ${sample}, expected a whole number of 0 or more.`);
      }
      const profile = profileOf(column, bins, sample);
      if (profile.rows === profile.missing) {
        throw new PluginError('BAD_INPUT', 'column: a reference without a single value cannot be compared with.');
      }
      return profile;
    },
    compare: async ({ profile, window, tests: wanted }, call) => {
      call.signal.throwIfAborted();
      if (profile.kind !== window.kind) {
        throw new PluginError(
          'BAD_INPUT',
          `window: found a ${window.kind} column, expected ${profile.kind} as the reference is.`,
        );
      }
      if (window.values.length === 0) {
        throw new PluginError('BAD_INPUT', 'window: found no row; an empty window cannot be judged.');
      }
      const fitting = wanted.filter((test) => {
        if (!Object.hasOwn(tests, test)) {
          throw new PluginError(
            'BAD_INPUT',
            `tests: found ${JSON.stringify(test)}, expected of ${Object.keys(tests).join(', ')}.`,
          );
        }
        return profile.kind === 'NUMERIC' || !tests[test].numericOnly;
      });
      return fitting.map((test) => ({ test, ...tests[test].compare(profile, window) }));
    },
  };
}
