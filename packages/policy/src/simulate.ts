// What a change of rules would do to verdicts, before it is made: the same rules, asked with and without the change.
import type { Principal } from '@falaj/runtime';
import type { Ability } from './ability.js';
import { AbilityCache } from './ability-cache.js';
import type { NounCatalog } from './noun.js';
import type { Rule } from './rule.js';

/** Of all rows of a type: every one, none, or those that meet conditions. */
export type Outcome = 'ALWAYS' | 'NEVER' | 'DEPENDS';

export interface VerdictChange {
  readonly noun: string;
  readonly action: string;
  /** Null for the row. */
  readonly field: string | null;
  readonly before: Outcome;
  readonly after: Outcome;
}

/** Principals whom neither the old rules nor the new can tell apart. */
export interface ChangedGroup {
  readonly principals: readonly Principal[];
  readonly before: Ability;
  readonly after: Ability;
  readonly changes: readonly VerdictChange[];
}

export interface PolicyChange {
  /** Rules in force. */
  readonly rules: readonly Rule[];
  /** New rules; one with the id of a rule in force takes its place. */
  readonly add: readonly Rule[];
  /** Ids of rules that would no longer count. */
  readonly retire: readonly string[];
}

/** The rules as they would be. */
export function changedRules({ rules, add, retire }: PolicyChange): readonly Rule[] {
  const gone = new Set([...retire, ...add.map(({ id }) => id)]);
  return [...rules.filter(({ id }) => !gone.has(id)), ...add];
}

/** Groups with at least one changed verdict. Only what the changed rules speak of is asked. */
export function simulate(
  change: PolicyChange,
  principals: readonly Principal[],
  catalog: NounCatalog,
  now: Date = new Date(),
): readonly ChangedGroup[] {
  const after = changedRules(change);
  const touched = new Set([...change.retire, ...change.add.map(({ id }) => id)]);
  const changed = [...change.rules, ...after].filter(({ id }) => touched.has(id));
  const questions = questionsOf(changed, after.concat(change.rules), catalog);
  const cache = new AbilityCache(catalog, principals.length * 2 + 2);
  const groups = new Map<Ability, Map<Ability, Principal[]>>();
  for (const principal of principals) {
    const old = cache.get(change.rules, 0, principal, now);
    const others = groups.get(old) ?? new Map<Ability, Principal[]>();
    groups.set(old, others);
    const made = cache.get(after, 1, principal, now);
    others.set(made, [...(others.get(made) ?? []), principal]);
  }
  return [...groups].flatMap(([old, others]) =>
    [...others].flatMap(([made, members]) => {
      const changes = questions.flatMap((question) => differenceOf(old, made, question, touched) ?? []);
      return changes.length > 0 ? [{ principals: members, before: old, after: made, changes }] : [];
    }),
  );
}

type Asked = Pick<VerdictChange, 'noun' | 'action' | 'field'>;

function questionsOf(changed: readonly Rule[], all: readonly Rule[], catalog: NounCatalog): readonly Asked[] {
  const asked = new Map<string, Asked>();
  for (const { subject, actions } of changed)
    for (const noun of subject === '*' ? catalog.names : [subject]) {
      const known = all.filter((rule) => rule.subject === noun || rule.subject === '*').flatMap((rule) => rule.actions);
      for (const action of actions.includes('*') ? ['read', ...known] : actions) {
        if (action === '*') continue;
        // Only reading looks at single fields.
        const fields = action === 'read' ? Object.keys(catalog.get(noun)?.fields ?? {}) : [];
        for (const field of [null, ...fields]) asked.set(`${noun}\n${action}\n${field ?? ''}`, { noun, action, field });
      }
    }
  return [...asked.values()];
}

function differenceOf(
  old: Ability,
  made: Ability,
  { noun, action, field }: Asked,
  touched: ReadonlySet<string>,
): VerdictChange | undefined {
  const before = old.outcomeOf(action, noun, field ?? undefined);
  const after = made.outcomeOf(action, noun, field ?? undefined);
  const isSame =
    before.outcome === after.outcome &&
    (before.outcome !== 'DEPENDS' || ![...before.ruleIds, ...after.ruleIds].some((id) => touched.has(id)));
  return isSame ? undefined : { noun, action, field, before: before.outcome, after: after.outcome };
}
