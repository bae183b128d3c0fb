// The frame of a check: what it needs of the snapshot, and a verdict that is a pure function of just that.
import type { CheckInfo, CheckResult, CheckSeverity, CheckStatus } from '@falaj/contracts';
import type { z } from 'zod';

export interface Verdict {
  readonly status: CheckStatus;
  readonly reason: string;
  readonly evidence?: Readonly<Record<string, string>>;
}

export interface Check {
  readonly id: string;
  readonly title: string;
  readonly severity: CheckSeverity;
  readonly gate: CheckInfo['gate'];
  /** Whether it judges one object as well as a workspace. */
  readonly perObject: boolean;
  evaluate(snapshot: Readonly<Record<string, unknown>>): CheckResult;
}

const VERSION = 1;

/**
 * `judge` sees only what `needs` describes. Without that the answer is ERROR with the evidence `missing`: what nobody
 * read is not known, and never passes.
 */
export function defineCheck<S extends z.ZodType>(
  info: Omit<Check, 'evaluate' | 'perObject'> & { readonly perObject?: boolean },
  needs: S,
  judge: (facts: z.output<S>) => Verdict,
): Check {
  return {
    perObject: false,
    ...info,
    evaluate(snapshot) {
      const parsed = needs.safeParse(snapshot);
      const { status, reason, evidence = {} } = parsed.success ? judge(parsed.data) : unknown(parsed.error.issues);
      return {
        checkId: info.id,
        version: VERSION,
        status,
        reason,
        evidence: Object.entries(evidence).map(([name, value]) => ({ name, value })),
      };
    },
  };
}

function unknown(issues: readonly z.core.$ZodIssue[]): Verdict {
  const paths = [...new Set(issues.map(({ path }) => String(path[0] ?? 'snapshot')))].join(', ');
  return {
    status: 'ERROR',
    reason: `Not known: ${paths} could not be read. Mend the part of the platform that keeps it, then run again.`,
    evidence: {
      missing: paths,
      problem: issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '),
    },
  };
}

const SHOWN = 20;

/** What each object of a list has to fulfil; `problemOf` answers null for one that does. Nothing to judge is no pass. */
export function everyOne<T>(
  noun: string,
  objects: readonly T[],
  nameOf: (object: T) => string,
  problemOf: (object: T) => string | null,
  todo: string,
): Verdict {
  if (objects.length === 0)
    return { status: 'NOT_APPLICABLE', reason: `There are no ${noun}.`, evidence: { judged: '0' } };
  const wrong = objects.flatMap((object) => {
    const problem = problemOf(object);
    return problem === null ? [] : [`${nameOf(object)}: ${problem}`];
  });
  const evidence = { judged: String(objects.length), wrong: String(wrong.length) };
  if (wrong.length === 0) {
    return {
      status: 'PASS',
      reason: `All ${objects.length} ${noun} hold.`,
      evidence: { ...evidence, names: objects.slice(0, SHOWN).map(nameOf).join(', ') },
    };
  }
  return {
    status: 'FAIL',
    reason: `${wrong.length} of ${objects.length} ${noun}: ${wrong.slice(0, 3).join('; ')}. ${todo}`,
    evidence: { ...evidence, list: wrong.slice(0, SHOWN).join('; ') },
  };
}

/** One condition on one fact. */
export function oneFact(holds: boolean, found: string, limit: string, todo: string): Verdict {
  return holds
    ? { status: 'PASS', reason: `Found ${found}; the limit is ${limit}.`, evidence: { found, limit } }
    : { status: 'FAIL', reason: `Found ${found}; the limit is ${limit}. ${todo}`, evidence: { found, limit } };
}

/** Whole days from one instant to another. */
export const daysBetween = (from: string, to: string): number =>
  Math.floor((Date.parse(to) - Date.parse(from)) / 86_400_000);
