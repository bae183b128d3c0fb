// The verdict of a set of rules as SQL: some allow matches, and no deny does.
import { type SQL, sql } from 'drizzle-orm';
import type { BoundRule, BoundRules } from './bound-rules.js';
import { conditionScope } from './condition-scope.js';
import type { NounCatalog } from './noun.js';
import { allOf, anyOf, compileCondition, isNotTrue, type NounColumns } from './sql-predicate.js';

/** The rules that decide, with what needs no SQL already decided. Verdicts of equal `key` are equal. */
export interface RuleVerdict {
  readonly outcome: 'ALWAYS' | 'NEVER' | 'DEPENDS';
  readonly key: string;
  readonly allows: readonly BoundRule[];
  readonly denies: readonly BoundRule[];
}

export interface SqlVerdicts {
  ofRow(action: string, noun: string): RuleVerdict;
  ofField(action: string, noun: string, field: string): RuleVerdict;
  toSql(verdict: RuleVerdict, noun: string, columns: NounColumns): SQL;
}

const never: RuleVerdict = { outcome: 'NEVER', key: 'never', allows: [], denies: [] };

export function sqlVerdicts(bound: BoundRules, catalog: NounCatalog): SqlVerdicts {
  const numbers = new Map<BoundRule, number>();
  const numberOf = (rule: BoundRule): number => {
    const number = numbers.get(rule) ?? numbers.size;
    numbers.set(rule, number);
    return number;
  };
  const decide = (rules: readonly BoundRule[]): RuleVerdict => {
    const allows = rules.filter((rule) => rule.effect === 'ALLOW');
    const denies = rules.filter((rule) => rule.effect === 'DENY');
    if (allows.length === 0 || denies.some((rule) => !rule.condition)) return never;
    const open = allows.some((rule) => !rule.condition);
    if (open && denies.length === 0) return { outcome: 'ALWAYS', key: 'always', allows: [], denies: [] };
    const deciding = open ? [] : allows;
    const key = `${deciding.map(numberOf).sort().join()}-${denies.map(numberOf).sort().join()}`;
    return { outcome: 'DEPENDS', key, allows: deciding, denies };
  };
  const decided = new Map<string, RuleVerdict>();
  const verdict = (action: string, noun: string, field?: string): RuleVerdict => {
    const name = `${action}\n${noun}\n${field ?? ''}`;
    const known = decided.get(name);
    if (known) return known;
    const fields = catalog.get(noun)?.fields;
    const isKnown = fields !== undefined && (field === undefined || Object.hasOwn(fields, field));
    const made = isKnown ? decide(bound.rulesFor(action, noun, field)) : never;
    decided.set(name, made);
    return made;
  };

  return {
    ofRow: (action, noun) => verdict(action, noun),
    ofField: (action, noun, field) => verdict(action, noun, field),
    toSql({ outcome, allows, denies }, noun, columns) {
      if (outcome !== 'DEPENDS') return outcome === 'ALWAYS' ? sql`true` : sql`false`;
      const scope = conditionScope(catalog, noun, columns);
      const some = (rules: readonly BoundRule[]) =>
        anyOf(rules.flatMap(({ condition }) => (condition ? [compileCondition(condition, scope)] : [])));
      const parts = allows.length > 0 ? [some(allows)] : [];
      return allOf(denies.length > 0 ? [...parts, isNotTrue(some(denies))] : parts);
    },
  };
}
