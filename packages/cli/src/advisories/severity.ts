// How bad an advisory is, by its own word or by its CVSS vector.
export const severities = ['LOW', 'MODERATE', 'HIGH', 'CRITICAL'] as const;
/** `UNKNOWN` counts as the worst: nobody has said that it is not. */
export type Severity = (typeof severities)[number] | 'UNKNOWN';

const rank = (severity: Severity): number =>
  severity === 'UNKNOWN' ? severities.length : severities.indexOf(severity);

export const isAtLeast = (severity: Severity, bound: Severity): boolean => rank(severity) >= rank(bound);

/** What databases call it: GitHub says MODERATE where others say MEDIUM. */
export function severityNamed(name: string): Severity | undefined {
  const upper = name.toUpperCase();
  return upper === 'MEDIUM' ? 'MODERATE' : severities.find((one) => one === upper);
}

/** CVSS v3.1 specification, section 5; a score of 0 is no reason to stay silent. */
export function severityOfScore(score: number): Severity {
  if (score >= 9) return 'CRITICAL';
  if (score >= 7) return 'HIGH';
  return score >= 4 ? 'MODERATE' : 'LOW';
}

/** CVSS v3.1 specification, section 7.4; of PR the second value is for a changed scope. */
const WEIGHTS: Readonly<Record<string, Readonly<Record<string, number | readonly [number, number]>>>> = {
  AV: { N: 0.85, A: 0.62, L: 0.55, P: 0.2 },
  AC: { L: 0.77, H: 0.44 },
  PR: { N: 0.85, L: [0.62, 0.68], H: [0.27, 0.5] },
  UI: { N: 0.85, R: 0.62 },
  C: { H: 0.56, L: 0.22, N: 0 },
  I: { H: 0.56, L: 0.22, N: 0 },
  A: { H: 0.56, L: 0.22, N: 0 },
};

/** The base score of a CVSS v3.0 or v3.1 vector (section 7.1 of the specification); undefined for any other text. */
export function cvss3Score(vector: string): number | undefined {
  const [version, ...parts] = vector.split('/');
  if (version !== 'CVSS:3.0' && version !== 'CVSS:3.1') return undefined;
  const metrics = new Map(parts.map((part) => part.split(':') as [string, string]));
  const scope = metrics.get('S');
  const changed = scope === 'C';
  const weight = (metric: string): number => {
    const found = WEIGHTS[metric]?.[metrics.get(metric) ?? ''] ?? Number.NaN;
    return typeof found === 'number' ? found : found[changed ? 1 : 0];
  };
  const base = 1 - (1 - weight('C')) * (1 - weight('I')) * (1 - weight('A'));
  const impact = changed ? 7.52 * (base - 0.029) - 3.25 * (base - 0.02) ** 15 : 6.42 * base;
  const exploitability = 8.22 * weight('AV') * weight('AC') * weight('PR') * weight('UI');
  const sum = changed ? 1.08 * (impact + exploitability) : impact + exploitability;
  if (Number.isNaN(sum) || (scope !== 'C' && scope !== 'U')) return undefined;
  return impact <= 0 ? 0 : roundUp(Math.min(sum, 10));
}

/** Appendix A: the smallest number of one decimal that is not below, without the faults of binary fractions. */
function roundUp(value: number): number {
  const whole = Math.round(value * 100_000);
  return whole % 10_000 === 0 ? whole / 100_000 : (Math.floor(whole / 10_000) + 1) / 10;
}
