// What the scores of a window mean: discoveries under false-discovery control, and an alarm only where they persist.
import type { DriftScore, DriftTest } from '@falaj/contracts';
import { adjustedPValues } from './false-discovery.js';
import type { MonitorSpec, MonitorVerdict } from './monitor-spec.js';
import { persists } from './persistence.js';

/** A feature of a window: its scores, or why there are none. */
export type Measured =
  | { readonly feature: string; readonly scores: readonly DriftScore[] }
  | { readonly feature: string; readonly unknown: string };

export interface TestResult {
  readonly test: DriftTest;
  readonly statistic: number;
  readonly pValue: number | null;
  /** Comparable with the level of the monitor. */
  readonly adjustedPValue: number | null;
  readonly threshold: number | null;
  readonly exceeded: boolean;
}

export interface Finding {
  readonly feature: string;
  /** Null where it could not be judged. */
  readonly discovered: boolean | null;
  readonly reason: string | null;
  readonly results: readonly TestResult[];
}

export interface Judgement {
  readonly verdict: MonitorVerdict;
  readonly reason: string;
  /** Features whose discoveries persist. */
  readonly alarmed: readonly string[];
  readonly findings: readonly Finding[];
}

/** `history`: findings of earlier windows, oldest first. What is not known is never OK, and never hides an alarm. */
export function judge(
  measured: readonly Measured[],
  spec: Pick<MonitorSpec, 'thresholds' | 'level' | 'rule' | 'persistence'>,
  history: readonly (readonly Pick<Finding, 'feature' | 'discovered'>[])[],
): Judgement {
  const findings = findingsOf(measured, spec);
  const alarmed = findings
    .filter(({ feature }) => {
      const past = [...history, findings].map((window) => window.find((one) => one.feature === feature)?.discovered);
      return persists(
        past.map((one) => one ?? undefined),
        spec.persistence,
      );
    })
    .map(({ feature }) => feature);
  const unknown = findings.filter(({ discovered }) => discovered === null);
  if (alarmed.length > 0) {
    const { windows, among } = spec.persistence;
    const reason = `Drift in ${alarmed.join(', ')}: discovered in ${windows} or more of the latest ${among} judged windows.`;
    return { verdict: 'ALARM', reason, alarmed, findings };
  }
  if (findings.length === 0) return { verdict: 'UNKNOWN', reason: 'Nothing was measured.', alarmed, findings };
  if (unknown.length > 0) {
    const reason = unknown.map(({ feature, reason }) => `${feature}: ${reason}`).join('; ');
    return { verdict: 'UNKNOWN', reason, alarmed, findings };
  }
  return { verdict: 'OK', reason: 'No drift persists.', alarmed, findings };
}

function findingsOf(
  measured: readonly Measured[],
  { thresholds, level, rule }: Pick<MonitorSpec, 'thresholds' | 'level' | 'rule'>,
): Finding[] {
  const byThreshold = ({ test, pValue }: DriftScore) => pValue === null || thresholds[test] !== undefined;
  const pValues = measured.flatMap((one) =>
    'scores' in one ? one.scores.flatMap((score) => (byThreshold(score) ? [] : (score.pValue as number))) : [],
  );
  const adjusted = adjustedPValues(pValues, rule);
  let next = 0;
  return measured.map((one): Finding => {
    if (!('scores' in one)) return { feature: one.feature, discovered: null, reason: one.unknown, results: [] };
    const results = one.scores.map((score): TestResult => {
      const { test, statistic, pValue } = score;
      if (!byThreshold(score)) {
        const adjustedPValue = adjusted[next++] as number;
        return { test, statistic, pValue, adjustedPValue, threshold: level, exceeded: adjustedPValue <= level };
      }
      const threshold = thresholds[test] ?? null;
      const exceeded = threshold !== null && statistic >= threshold;
      return { test, statistic, pValue, adjustedPValue: null, threshold, exceeded };
    });
    const decides = results.some(({ threshold }) => threshold !== null);
    if (!decides) return { feature: one.feature, discovered: null, reason: 'no test of it decides anything', results };
    return { feature: one.feature, discovered: results.some(({ exceeded }) => exceeded), reason: null, results };
  });
}
