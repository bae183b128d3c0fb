// The frame of a check: what it needs of the snapshot, and a verdict that is a pure function of just that.
import type { CheckInfo, CheckResult, CheckStatus } from '@falaj/contracts';
import type { z } from 'zod';
import type { ResidencyRule } from './residency-rules.js';

type Facts = Readonly<Record<string, string>>;

export interface Verdict {
  readonly status: CheckStatus;
  readonly reason: string;
  readonly evidence?: Facts;
}

export interface Check {
  readonly info: CheckInfo;
  evaluate(snapshot: Readonly<Record<string, unknown>>, rules: readonly ResidencyRule[]): CheckResult;
}

/** `judge` sees only what `needs` describes. Without that: FAIL where something is missing, ERROR where it is malformed. */
export function defineCheck<S extends z.ZodType>(
  info: CheckInfo,
  needs: S,
  judge: (input: z.output<S>, rules: readonly ResidencyRule[]) => Verdict,
): Check {
  return {
    info,
    evaluate(snapshot, rules) {
      const parsed = needs.safeParse(snapshot);
      const {
        status,
        reason,
        evidence = {},
      } = parsed.success ? judge(parsed.data, rules) : unusable(snapshot, parsed.error.issues);
      return {
        checkId: info.id,
        version: info.version,
        status,
        reason,
        evidence: Object.entries(evidence).map(([name, value]) => ({ name, value })),
      };
    },
  };
}

/** What is not recorded does not pass: the verdict that names it. */
export function missing(...paths: readonly string[]): Verdict {
  return {
    status: 'FAIL',
    reason: `The snapshot lacks ${paths.join(', ')}: record it, for what is not known does not pass.`,
    evidence: { missing: paths.join(', ') },
  };
}

function unusable(snapshot: unknown, issues: readonly z.core.$ZodIssue[]): Verdict {
  const absent = issues.filter(({ path }) => isAbsent(snapshot, path)).map(({ path }) => path.join('.'));
  const wrong = issues.filter(({ path }) => !isAbsent(snapshot, path));
  if (wrong.length === 0) return missing(...new Set(absent));
  return {
    status: 'ERROR',
    reason: `The snapshot is malformed: ${wrong.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')}.`,
    ...(absent.length > 0 && { evidence: { missing: absent.join(', ') } }),
  };
}

/** Null, an empty text and an empty list say the same as nothing: nobody recorded it. */
function isAbsent(snapshot: unknown, path: readonly PropertyKey[]): boolean {
  let at = snapshot;
  for (const key of path) at = (at as Record<PropertyKey, unknown> | null | undefined)?.[key];
  return at === undefined || at === null || at === '' || (Array.isArray(at) && at.length === 0);
}

export const listOf = (values: readonly string[]): string => [...new Set(values)].sort().join(', ') || 'none';
