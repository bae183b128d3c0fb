import type { DriftTest } from '@falaj/contracts';
import type { FalseDiscoveryRule } from './false-discovery.js';
import type { Persistence } from './persistence.js';

export const driftTests = [
  'PSI',
  'KOLMOGOROV_SMIRNOV',
  'CHI_SQUARE',
  'JENSEN_SHANNON',
  'WASSERSTEIN',
] as const satisfies readonly DriftTest[];

/** These decide by their p-value where they have no threshold. */
export const testsWithPValue: ReadonlySet<DriftTest> = new Set(['KOLMOGOROV_SMIRNOV', 'CHI_SQUARE']);

/** The name under which predictions are watched, beside the features. */
export const PREDICTION = 'prediction';

/** How a monitor judges; fixed when it is made. */
export interface MonitorSpec {
  readonly tests: readonly DriftTest[];
  /** Statistics are discoveries from here on. A test without a threshold goes by its p-value; where it has none it is shown and decides nothing. */
  readonly thresholds: Readonly<Partial<Record<DriftTest, number>>>;
  /** A window is full with so many rows, or after so many seconds; exactly one is set. */
  readonly windowRows: number | null;
  readonly windowSeconds: number | null;
  /** A window of rows that is not full after so many seconds is closed as it is. */
  readonly longestSeconds: number;
  /** With fewer values than these a feature is not judged. */
  readonly minimumRows: number;
  /** Expected share of false discoveries over all p-values of a window. */
  readonly level: number;
  readonly rule: FalseDiscoveryRule;
  readonly persistence: Persistence;
}

export type MonitorVerdict = 'OK' | 'ALARM' | 'UNKNOWN';
