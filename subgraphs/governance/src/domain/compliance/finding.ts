// What a check found, and what a waiver changes about it: nothing of the status, only whether it stops anything.
export const findingStatuses = ['PASS', 'FAIL', 'NOT_APPLICABLE', 'UNKNOWN'] as const;
export type FindingStatus = (typeof findingStatuses)[number];
export const checkGates = ['BLOCK_PROMOTION', 'BLOCK_DEPLOYMENT', 'OPEN_INCIDENT', 'WARN'] as const;
export type Gate = (typeof checkGates)[number];
export const checkSeverities = ['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'] as const;
export type Severity = (typeof checkSeverities)[number];

export interface CatalogueCheck {
  readonly checkId: string;
  readonly version: number;
  readonly plugin: string;
  readonly title: string;
  readonly severity: Severity;
  readonly gate: Gate;
  readonly references: readonly { readonly framework: string; readonly reference: string }[];
}

export interface Finding extends CatalogueCheck {
  readonly status: FindingStatus;
  readonly reason: string;
  readonly evidence: readonly { readonly name: string; readonly value: string }[];
  /** Waiver in force when it was found; null where there was none or none was needed. */
  readonly waiverId: string | null;
  /** ISO 8601. */
  readonly evaluatedAt: string;
}

/** A plugin's status as the graph says it: what could not be judged is not known, and never passes. */
export const statusOf = (status: string): FindingStatus =>
  status === 'PASS' || status === 'FAIL' || status === 'NOT_APPLICABLE' ? status : 'UNKNOWN';

const stands = ({ status, waiverId }: Finding): boolean =>
  (status === 'FAIL' || status === 'UNKNOWN') && waiverId === null;

/** Findings that stop what the gate guards. A deployment is stopped by what stops a promotion too: it comes after it. */
export const blocking = (findings: readonly Finding[], gate: Gate): Finding[] =>
  findings.filter(
    (finding) =>
      stands(finding) && (finding.gate === gate || (gate === 'BLOCK_DEPLOYMENT' && finding.gate === 'BLOCK_PROMOTION')),
  );

export const alarming = (findings: readonly Finding[]): Finding[] =>
  findings.filter(
    (finding) => finding.gate === 'OPEN_INCIDENT' && finding.status === 'FAIL' && finding.waiverId === null,
  );

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly unknown: number;
  readonly notApplicable: number;
  readonly waived: number;
}

export function tally(findings: readonly Pick<Finding, 'status' | 'waiverId'>[]): Tally {
  const count = (status: FindingStatus) => findings.filter((finding) => finding.status === status).length;
  return {
    passed: count('PASS'),
    failed: count('FAIL'),
    unknown: count('UNKNOWN'),
    notApplicable: count('NOT_APPLICABLE'),
    waived: findings.filter(({ waiverId }) => waiverId !== null).length,
  };
}

export const ofFramework = <T extends Pick<CatalogueCheck, 'references'>>(
  checks: readonly T[],
  framework: string | null | undefined,
): T[] =>
  framework ? checks.filter(({ references }) => references.some((each) => each.framework === framework)) : [...checks];

export const frameworksOf = (checks: readonly Pick<CatalogueCheck, 'references'>[]): string[] => [
  ...new Set(checks.flatMap(({ references }) => references.map(({ framework }) => framework))),
];

/** A waiver lasts at most a year; who needs more asks again, and somebody looks again. */
export const WAIVER_DAYS = 366;
