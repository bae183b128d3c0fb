// Abilities are built once for all principals whom the rules cannot tell apart.
import type { Principal } from '@falaj/runtime';
import { type Ability, buildAbility } from './ability.js';
import { GROUP } from './bound-rules.js';
import { type Variable, variablesOf } from './condition.js';
import type { NounCatalog } from './noun.js';
import type { Rule } from './rule.js';
import { inspectRule } from './validate-rule.js';

interface RuleSet {
  /** Ids of groups that rules name. */
  readonly groups: ReadonlySet<string>;
  /** Attributes of the principal that conditions mention. */
  readonly variables: readonly Variable[];
  /** Instants, in milliseconds, at which a rule begins or ceases to count. */
  readonly turns: readonly number[];
}

interface Entry {
  readonly rules: readonly Rule[];
  readonly ability: Ability;
  readonly until: number;
}

/** Keeps the abilities last used. A rule list is immutable: a changed policy is another list and another version. */
export class AbilityCache {
  readonly #catalog: NounCatalog;
  readonly #capacity: number;
  readonly #entries = new Map<string, Entry>();
  readonly #ruleSets = new WeakMap<readonly Rule[], RuleSet>();

  /** @param capacity abilities kept; default 1 000 */
  constructor(catalog: NounCatalog, capacity = 1_000) {
    this.#catalog = catalog;
    this.#capacity = capacity;
  }

  get(rules: readonly Rule[], version: number, principal: Principal, now: Date = new Date()): Ability {
    const { groups, variables, turns } = this.#ruleSet(rules);
    const key = JSON.stringify([
      principal.workspaceId,
      version,
      principal.kind,
      [...principal.roles].sort(),
      (principal.groups ?? []).filter((id) => groups.has(id)).sort(),
      ...variables.map((name) => principal[name.slice('principal.'.length) as keyof Principal]),
    ]);
    const at = now.getTime();
    const known = this.#entries.get(key);
    this.#entries.delete(key);
    const entry =
      known && known.rules === rules && at < known.until ? known : this.#build(rules, principal, now, turns, key);
    this.#entries.set(key, entry);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#capacity) break;
      this.#entries.delete(oldest);
    }
    return entry.ability;
  }

  #build(rules: readonly Rule[], principal: Principal, now: Date, turns: readonly number[], key: string): Entry {
    const later = turns.filter((turn) => turn > now.getTime());
    return {
      rules,
      ability: {
        ...buildAbility(rules, principal, this.#catalog, now),
        basis: `${key} ${turns.length - later.length}`,
      },
      until: later.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
    };
  }

  #ruleSet(rules: readonly Rule[]): RuleSet {
    const known = this.#ruleSets.get(rules);
    if (known) return known;
    const checked = rules.flatMap((rule) => inspectRule(rule, this.#catalog).checked ?? []);
    const made: RuleSet = {
      groups: new Set(
        checked.flatMap(({ rule }) =>
          rule.roles.flatMap((role) => (role.startsWith(GROUP) ? [role.slice(GROUP.length)] : [])),
        ),
      ),
      variables: [...new Set(checked.flatMap(({ condition }) => (condition ? variablesOf(condition) : [])))].sort(),
      turns: checked
        .flatMap(({ rule }) => [rule.validFrom, rule.validTo])
        .flatMap((turn) => (turn ? [turn.getTime()] : [])),
    };
    this.#ruleSets.set(rules, made);
    return made;
  }
}
