// Why a decision is what it is, and what would make it another: found by asking the same rules again, never by a second
// reading of them.
import type { Principal } from '@falaj/runtime';
import { buildAbility, type Verdict } from './ability.js';
import { bindRules, holdsRole } from './bound-rules.js';
import type { Row } from './memory-verdict.js';
import type { NounCatalog } from './noun.js';
import type { Rule } from './rule.js';
import { inspectRule } from './validate-rule.js';

export interface Question {
  readonly principal: Principal;
  readonly action: string;
  readonly noun: string;
  /** Absent: whether any row could be allowed. */
  readonly row?: Row;
  readonly field?: string;
}

/** What became of a rule that speaks of the question. */
export type RuleOutcome = 'APPLIES' | 'ROLE_NOT_HELD' | 'CONDITION_NOT_MET' | 'NOT_IN_FORCE' | 'INVALID';

export interface ConsideredRule {
  readonly rule: Rule;
  readonly outcome: RuleOutcome;
}

/** One way to an ALLOW; everything that it names is needed together. */
export interface Remedy {
  /** The ALLOW that would decide. */
  readonly ruleId: string;
  /** Role to hold besides those held, or `group:<id>` to belong to; null where no other is needed. */
  readonly role: string | null;
  /** What the row would have to be; null where it is that already. */
  readonly conditions: Rule['conditions'] | null;
  /** Denials that would have to go. */
  readonly liftRuleIds: readonly string[];
}

export interface Explanation extends Verdict {
  /** Rules that speak of the question, denials first. */
  readonly considered: readonly ConsideredRule[];
  /** The shortest ways first, one for each role; none where it is allowed, and none where only a new rule would help. */
  readonly remedies: readonly Remedy[];
}

export function explain(
  rules: readonly Rule[],
  question: Question,
  catalog: NounCatalog,
  now: Date = new Date(),
): Explanation {
  const { principal, action, noun, row, field } = question;
  const verdict = buildAbility(rules, principal, catalog, now).check(action, noun, row, field);
  const considered = rules
    .flatMap((rule) => consider(rule, question, catalog, now) ?? [])
    .sort((a, b) => Number(b.rule.effect === 'DENY') - Number(a.rule.effect === 'DENY'));
  return {
    ...verdict,
    considered,
    remedies: verdict.allowed ? [] : remediesOf(rules, considered, question, catalog, now),
  };
}

const ignore = () => undefined;

/** Undefined where the rule does not speak of the question. */
function consider(
  rule: Rule,
  { principal, action, noun, row, field }: Question,
  catalog: NounCatalog,
  now: Date,
): ConsideredRule | undefined {
  const { checked } = inspectRule(rule, catalog);
  if (!checked) {
    const { subject } = rule;
    const isAbout = subject === noun || subject === '*' || !catalog.get(subject);
    return isAbout ? { rule, outcome: 'INVALID' } : undefined;
  }
  // As if held and in force: what is left is what the rule says of the row.
  const { validFrom, validTo, ...always } = rule;
  const asHolder = { ...principal, roles: [...new Set([...principal.roles, ...rule.roles])] };
  const bound = bindRules([always], asHolder, catalog, now, ignore);
  const speaks =
    (rule.actions.includes('*') || rule.actions.includes(action)) &&
    (rule.subject === '*' || rule.subject === noun) &&
    (bound.rulesFor(action, noun, field).length > 0 || speaksUnresolved(always, action, noun, field, catalog, now));
  if (!speaks) return undefined;
  if ((validFrom && now < validFrom) || (validTo && validTo <= now)) return { rule, outcome: 'NOT_IN_FORCE' };
  if (bindRules([rule], principal, catalog, now, ignore).decidingRule(action, noun, row, field))
    return { rule, outcome: 'APPLIES' };
  return { rule, outcome: bound.decidingRule(action, noun, row, field) ? 'ROLE_NOT_HELD' : 'CONDITION_NOT_MET' };
}

/** A variable without a value drops an ALLOW before it can say what it is about. */
function speaksUnresolved(
  { conditions: _, ...rule }: Rule,
  action: string,
  noun: string,
  field: string | undefined,
  catalog: NounCatalog,
  now: Date,
): boolean {
  const anyone: Principal = {
    id: 'anyone',
    kind: 'USER',
    name: '',
    workspaceId: '',
    roles: rule.roles,
    zone: '',
    zones: [],
  };
  return bindRules([rule], anyone, catalog, now, ignore).rulesFor(action, noun, field).length > 0;
}

function remediesOf(
  rules: readonly Rule[],
  considered: readonly ConsideredRule[],
  { principal, action, noun, row, field }: Question,
  catalog: NounCatalog,
  now: Date,
): readonly Remedy[] {
  if (!catalog.get(noun)) return [];
  const found = new Map<string, Remedy>();
  for (const { rule, outcome } of considered) {
    if (rule.effect !== 'ALLOW' || outcome === 'INVALID' || outcome === 'NOT_IN_FORCE') continue;
    const holds = holdsRole(rule, principal);
    for (const role of holds ? [null] : rule.roles) {
      const asHolder = role === null ? principal : { ...principal, roles: [...principal.roles, role] };
      const denials = rules.filter(
        (one) =>
          one.effect !== 'ALLOW' &&
          bindRules([one], asHolder, catalog, now, ignore).decidingRule(action, noun, row, field) !== undefined,
      );
      const others = rules.filter((one) => !denials.includes(one));
      const isMet = buildAbility(others, asHolder, catalog, now).check(action, noun, row, field).allowed;
      const remedy: Remedy = {
        ruleId: rule.id,
        role,
        conditions: isMet ? null : (rule.conditions ?? null),
        liftRuleIds: denials.map(({ id }) => id),
      };
      const known = found.get(role ?? '');
      if (!known || lengthOf(remedy) < lengthOf(known)) found.set(role ?? '', remedy);
    }
  }
  return [...found.values()].sort((a, b) => lengthOf(a) - lengthOf(b));
}

/** How much has to change. */
const lengthOf = ({ role, conditions, liftRuleIds }: Remedy): number =>
  (role === null ? 0 : 1) + (conditions === null ? 0 : 2) + liftRuleIds.length;
