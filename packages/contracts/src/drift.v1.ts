import type { Call, PluginInstance } from './call.js';

/** Values of one column. A number that is NaN, and a category that is null, is missing. */
export type DriftColumn =
  | { readonly kind: 'NUMERIC'; readonly values: Float64Array }
  | { readonly kind: 'CATEGORICAL'; readonly values: readonly (string | null)[] };

/**
 * What is kept of a reference column, as JSON: windows of any time are compared with the same bins. `edges` are the inner
 * edges of numeric bins, a value on an edge falls into the bin above; `categories` name categorical bins, and what is none of
 * them is counted in one more bin. `counts` has one number per bin. `sample` is sorted, at most as long as was asked for.
 */
export interface DriftProfile {
  readonly kind: 'NUMERIC' | 'CATEGORICAL';
  readonly edges: readonly number[];
  readonly categories: readonly string[];
  readonly counts: readonly number[];
  readonly rows: number;
  readonly missing: number;
  readonly sample: readonly number[];
}

export type DriftTest = 'PSI' | 'KOLMOGOROV_SMIRNOV' | 'CHI_SQUARE' | 'JENSEN_SHANNON' | 'WASSERSTEIN';

export interface DriftScore {
  readonly test: DriftTest;
  /** Larger is farther: PSI in nats, KS and Jensen-Shannon distance in 0..1, chi-square, Wasserstein in the column's unit. */
  readonly statistic: number;
  /** Null for a test that has none. */
  readonly pValue: number | null;
}

/** Kind `drift`: how far a window of values lies from its reference. Fails open with an alarm: a monitor that cannot judge says so. */
export interface DriftV1 extends PluginInstance {
  /** Fixes the bins. `bins`: how many at most; `sample`: how many values are kept for tests of whole distributions. */
  profile(args: { column: DriftColumn; bins: number; sample: number }, call: Call): Promise<DriftProfile>;
  /** Tests that do not fit the column's kind are left out. Idempotent. */
  compare(
    args: { profile: DriftProfile; window: DriftColumn; tests: readonly DriftTest[] },
    call: Call,
  ): Promise<readonly DriftScore[]>;
}
