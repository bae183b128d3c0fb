// Rules of one principal: CASL decides in memory, our compiler says the same in SQL.
import { createLogger, PlatformError, type Principal } from '@falaj/runtime';
import type { SQL } from 'drizzle-orm';
import { bindRules } from './bound-rules.js';
import type { Row } from './memory-verdict.js';
import type { NounCatalog } from './noun.js';
import { type PlanColumns, type ReadPlan, readPlans } from './read-plan.js';
import type { PolicyAction, Rule } from './rule.js';
import type { NounColumns } from './sql-predicate.js';
import { sqlVerdicts } from './sql-verdict.js';
import type { RuleIssue } from './validate-rule.js';

const log = createLogger('policy');

export interface Verdict {
  readonly allowed: boolean;
  /** The rule that decided; null when none did. */
  readonly ruleId: string | null;
  /** Code of that rule; `NO_RULE` when nothing allows. */
  readonly reason: string;
}

/**
 * What one principal may do. Deny overrides allow. A row may be read when some ALLOW matches it, whether or not that
 * rule names fields, and no DENY of whole rows does. A field of it may be read when an ALLOW that covers the field
 * matches and no DENY that covers the field, or the whole row, does. Unknown types and fields are denied.
 */
export interface Ability {
  /** Equal for two abilities that follow from the same rules for principals whom these cannot tell apart. */
  readonly basis?: string;
  /** With a row: exact. Without: whether any row could be allowed, for hints and for verbs without a row. */
  can(action: PolicyAction, noun: string, row?: Row, field?: string): boolean;
  check(action: PolicyAction, noun: string, row?: Row, field?: string): Verdict;
  /** Answers the rule that allows it. Throws FORBIDDEN with `{action, noun, rule, reason, whatToDo}`; says nothing about data. */
  authorize(action: PolicyAction, noun: string, row?: Row): string | null;
  /** Whether some row may show the field: a type-level answer, for types whose values were judged one by one already. */
  readsField(noun: string, field: string): { readonly allowed: boolean; readonly reason: string };
  /** Of all rows: every one, none, or those that the conditions of these rules decide. */
  outcomeOf(
    action: PolicyAction,
    noun: string,
    field?: string,
  ): { readonly outcome: 'ALWAYS' | 'NEVER' | 'DEPENDS'; readonly ruleIds: readonly string[] };
  /** The rows for which `can(action, noun, row)`. */
  rowPredicate(action: PolicyAction, noun: string, columns: NounColumns): SQL;
  /** The rows for which `can(action, noun, row, field)`. */
  fieldPredicate(action: PolicyAction, noun: string, field: string, columns: NounColumns): SQL;
  /** The fields that this row must not show. */
  maskRow(action: PolicyAction, noun: string, row: Row): { masked: { field: string; reason: string }[] };
  /** Everything that a SELECT of the noun needs. Compiled once for each pair of `columns.attributes` and `columns.fields`. */
  readPlan(noun: string, columns: PlanColumns, wanted?: readonly string[]): ReadPlan;
  /** Why a field of the noun may be masked: the code of a deny, else of a conditional allow, else `<CLASS>_RESTRICTED`. */
  reasonOf(noun: string, field: string): string;
}

const WHAT_TO_DO = 'ask explainDecision what would allow it, and for the role with requestAccess';

const reported = new WeakSet<object>();

/** Once for each rule as loaded, not for each principal. */
function reportInvalid(rule: unknown, issues: readonly RuleIssue[]): void {
  if (typeof rule === 'object' && rule !== null) {
    if (reported.has(rule)) return;
    reported.add(rule);
  }
  log.error('a policy rule is invalid and fails closed', { rule: (rule as Rule | null)?.id, issues });
}

/** Invalid rules never grant: a bad ALLOW is dropped, a bad DENY denies its type, or everything if the type is unknown. */
export function buildAbility(
  rules: readonly Rule[],
  principal: Principal,
  catalog: NounCatalog,
  now: Date = new Date(),
): Ability {
  const bound = bindRules(rules, principal, catalog, now, reportInvalid);
  const verdicts = sqlVerdicts(bound, catalog);

  const known = (noun: string, field?: string): boolean => {
    const fields = catalog.get(noun)?.fields;
    return fields !== undefined && (field === undefined || Object.hasOwn(fields, field));
  };
  const check = (action: PolicyAction, noun: string, row?: Row, field?: string): Verdict => {
    if (!known(noun, field)) return { allowed: false, ruleId: null, reason: 'NO_RULE' };
    const rule = bound.decidingRule(action, noun, row, field);
    return rule
      ? { allowed: rule.effect === 'ALLOW', ruleId: rule.id, reason: rule.reason }
      : { allowed: false, ruleId: null, reason: 'NO_RULE' };
  };
  const reasonOf = (noun: string, field: string): string => {
    const own = bound.rulesFor('read', noun, field);
    const deciding = own.find((rule) => rule.effect === 'DENY') ?? own.find((rule) => rule.condition);
    const fieldClass = catalog.get(noun)?.fields[field];
    return deciding?.reason ?? (fieldClass ? `${fieldClass.toUpperCase()}_RESTRICTED` : 'NO_RULE');
  };
  const plan = readPlans(catalog, verdicts, reasonOf);

  return {
    check,
    can: (action, noun, row, field) => check(action, noun, row, field).allowed,
    authorize(action, noun, row) {
      const { allowed, ruleId, reason } = check(action, noun, row);
      if (allowed) return ruleId;
      throw new PlatformError(
        'FORBIDDEN',
        `${action} of ${noun} is not allowed: ${reason}. What to do: ${WHAT_TO_DO}.`,
        {
          details: { action, noun, rule: ruleId, reason, whatToDo: WHAT_TO_DO },
        },
      );
    },
    readsField(noun, field) {
      const allowed = check('read', noun, undefined, field).allowed;
      return { allowed, reason: allowed ? '' : reasonOf(noun, field) };
    },
    outcomeOf(action, noun, field) {
      const { outcome, allows, denies } =
        field === undefined ? verdicts.ofRow(action, noun) : verdicts.ofField(action, noun, field);
      return { outcome, ruleIds: [...allows, ...denies].map(({ id }) => id) };
    },
    rowPredicate: (action, noun, columns) => verdicts.toSql(verdicts.ofRow(action, noun), noun, columns),
    fieldPredicate: (action, noun, field, columns) =>
      verdicts.toSql(verdicts.ofField(action, noun, field), noun, columns),
    maskRow(action, noun, row) {
      const masked = Object.keys(catalog.get(noun)?.fields ?? {}).flatMap((field) => {
        const verdict = check(action, noun, row, field);
        if (verdict.allowed) return [];
        return [{ field, reason: verdict.ruleId === null ? reasonOf(noun, field) : verdict.reason }];
      });
      return { masked };
    },
    readPlan: plan,
    reasonOf,
  };
}
