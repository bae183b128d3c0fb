// The rules that count for one principal now, in the shape that CASL takes: denies last, for CASL's last rule wins.
import { type AnyMongoAbility, createMongoAbility } from '@casl/ability';
import type { Principal } from '@falaj/runtime';
import type { Condition as UcastCondition } from '@ucast/mongo2js';
import { mentionsOf, resolveVariables } from './condition.js';
import { fieldsOf } from './field-patterns.js';
import { factsOf, matchesCondition, type Row } from './memory-verdict.js';
import type { Noun, NounCatalog } from './noun.js';
import type { Rule } from './rule.js';
import { inspectRule, type RuleIssue } from './validate-rule.js';

/** A rule as it applies to one noun, or to all. */
export interface BoundRule {
  readonly id: string;
  readonly effect: 'ALLOW' | 'DENY';
  readonly reason: string;
  readonly actions: readonly string[];
  readonly subject: string;
  /** Names, expanded; undefined = the whole row. */
  readonly fields: readonly string[] | undefined;
  /** Variables resolved; undefined = every row. */
  readonly condition: UcastCondition | undefined;
}

export interface BoundRules {
  /** Rules that speak of the field (or, without one, of the row), denies first. */
  rulesFor(action: string, noun: string, field?: string): readonly BoundRule[];
  decidingRule(action: string, noun: string, row?: Row, field?: string): BoundRule | undefined;
}

const ANY = '*';
/** Before the id of a group, among the roles of a rule. */
export const GROUP = 'group:';

export function bindRules(
  rules: readonly Rule[],
  principal: Principal,
  catalog: NounCatalog,
  now: Date,
  onInvalid: (rule: unknown, issues: readonly RuleIssue[]) => void,
): BoundRules {
  const bound: BoundRule[] = [];
  for (const rule of rules) {
    const { checked, issues } = inspectRule(rule, catalog);
    if (!checked) {
      onInvalid(rule, issues);
      if (rule?.effect !== 'ALLOW') bound.push(denyAll(rule, catalog));
    } else if (isCurrent(rule, now) && holdsRole(rule, principal)) {
      bound.push(...bind(checked.rule, checked.condition, principal, catalog));
    }
  }
  const ordered = [...bound.filter((r) => r.effect === 'ALLOW'), ...bound.filter((r) => r.effect === 'DENY')];
  return caslRules(ordered, catalog);
}

const isCurrent = ({ validFrom, validTo }: Rule, now: Date): boolean =>
  (validFrom === undefined || validFrom <= now) && (validTo === undefined || now < validTo);

/** `*` grants to everyone who is signed in. A workload is not: it has what its role says, while a denial of all holds for it too. */
export const holdsRole = (
  { roles, effect }: Pick<Rule, 'roles' | 'effect'>,
  { kind, roles: held, groups }: Principal,
): boolean =>
  roles.some((role) =>
    role === ANY
      ? kind !== 'ANONYMOUS' && (kind !== 'WORKLOAD' || effect === 'DENY')
      : held.includes(role) || (role.startsWith(GROUP) && groups?.includes(role.slice(GROUP.length)) === true),
  );

function denyAll(rule: unknown, catalog: NounCatalog): BoundRule {
  const { id, subject } = (rule ?? {}) as Partial<Rule>;
  return {
    id: String(id),
    effect: 'DENY',
    reason: 'POLICY_INVALID',
    actions: [ANY],
    subject: typeof subject === 'string' && catalog.get(subject) ? subject : ANY,
    fields: undefined,
    condition: undefined,
  };
}

function bind(
  rule: Rule,
  written: UcastCondition | undefined,
  principal: Principal,
  catalog: NounCatalog,
): BoundRule[] {
  const condition = written && resolveVariables(written, principal);
  if (written && !condition && rule.effect === 'ALLOW') return [];
  const base = { id: rule.id, effect: rule.effect, reason: rule.reason, actions: rule.actions, condition };
  if (!rule.fields && !rule.classes) return [{ ...base, subject: rule.subject, fields: undefined }];
  const subjects = rule.subject === ANY ? catalog.names : [rule.subject];
  return subjects.flatMap((subject) => {
    const fields = fieldsOf(rule, catalog.get(subject) as Noun);
    return fields?.length === 0 ? [] : [{ ...base, subject, fields }];
  });
}

/** What CASL asks about: the row's attributes under the noun's name. */
interface Subject {
  readonly noun: string;
  readonly row: Row;
}

function caslRules(ordered: readonly BoundRule[], catalog: NounCatalog): BoundRules {
  const origin = new Map<unknown, BoundRule>();
  const raw = ordered.map((rule) => {
    const made = {
      action: [...rule.actions],
      subject: rule.subject,
      inverted: rule.effect === 'DENY',
      ...(rule.fields ? { fields: [...rule.fields] } : {}),
      ...(rule.condition ? { conditions: matcherOf(rule, rule.condition, catalog) } : {}),
    };
    origin.set(made, rule);
    return made;
  });
  const ability = createMongoAbility<AnyMongoAbility>(raw as never, {
    anyAction: ANY,
    anySubjectType: ANY,
    conditionsMatcher: (matches: unknown) => matches as (subject: object) => boolean,
    // Fields were expanded to exact names.
    fieldMatcher: (fields) => (field) => fields.includes(field),
    detectSubjectType: (subject) => (subject as unknown as Subject).noun as never,
  });
  const ruleOf = (rule: { origin: unknown } | null): BoundRule | undefined =>
    rule ? origin.get(rule.origin) : undefined;
  return {
    rulesFor: (action, noun, field) =>
      ability.rulesFor(action, noun as never, field).flatMap((rule) => ruleOf(rule) ?? []),
    decidingRule: (action, noun, row, field) =>
      ruleOf(
        ability.relevantRuleFor(action, (row === undefined ? noun : ({ noun, row } satisfies Subject)) as never, field),
      ),
  };
}

/** A row that lacks an attribute altogether was read without it: no ALLOW may rest on it, every DENY must assume the worst. */
function matcherOf(rule: BoundRule, condition: UcastCondition, catalog: NounCatalog): (subject: Subject) => boolean {
  const noun = catalog.get(rule.subject);
  const mentions = mentionsOf(condition);
  return ({ row }) => {
    const facts = noun && factsOf(mentions, noun, catalog, row);
    return facts ? matchesCondition(condition, facts) : rule.effect === 'DENY';
  };
}
