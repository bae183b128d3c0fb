// Which of what roles give was never used: what could be taken away, for least privilege.
import { fieldsOf, type NounCatalog, type Rule } from '@falaj/policy';
import { isLogged } from '@falaj/subgraph-kit';
import { grantsOf, type RoleGrant } from './roles.js';

/** A role that somebody holds. */
export interface HeldRole {
  readonly principalId: string;
  readonly role: string;
  /** `BINDING`, or the id of the group that gives it. */
  readonly via: string;
  readonly grantedAt: Date;
}

/** What a principal did: by the rule that allowed it, or the fields of a type that were read. */
export type Use = { readonly principalId: string; readonly at: Date } & (
  | { readonly ruleId: string }
  | { readonly noun: string; readonly fields: readonly string[] }
);

export interface UnusedGrant extends HeldRole {
  readonly lastUsedAt: Date | null;
  /** Grants of the role that leave a record when used, and left none. */
  readonly unused: readonly RoleGrant[];
  /** How many grants of the role leave a record when used. */
  readonly recordable: number;
}

/**
 * Roles held since before `since`, each with those of its grants that its holder did not use. A grant is used by every
 * rule that would have allowed what was done: none is called unused that somebody may need. Grants whose use leaves no
 * record (reading fields of class open and internal) are not judged.
 */
export function unusedGrants(
  held: readonly HeldRole[],
  uses: readonly Use[],
  rules: readonly Rule[],
  catalog: NounCatalog,
  since: Date,
): UnusedGrant[] {
  const byId = new Map(rules.map((rule) => [rule.id, rule]));
  const reading = rules.filter(({ effect, actions }) => effect === 'ALLOW' && readsAny(actions));
  const used = new Map<string, Map<string, Date>>();
  const note = (principalId: string, ruleId: string, at: Date): void => {
    const own = used.get(principalId) ?? new Map<string, Date>();
    used.set(principalId, own);
    if ((own.get(ruleId)?.getTime() ?? 0) < at.getTime()) own.set(ruleId, at);
  };
  for (const use of uses)
    if ('ruleId' in use) note(use.principalId, use.ruleId, use.at);
    else
      for (const rule of reading)
        if (covers(rule, use.noun, use.fields, catalog)) note(use.principalId, rule.id, use.at);
  return held
    .filter(({ grantedAt }) => grantedAt < since)
    .map((role) => {
      const own = used.get(role.principalId);
      const recordable = grantsOf(role.role, rules).filter(
        ({ ruleId, effect }) => effect === 'ALLOW' && leavesRecord(byId.get(ruleId), role.role, catalog),
      );
      const at = recordable.flatMap(({ ruleId }) => own?.get(ruleId)?.getTime() ?? []);
      return {
        ...role,
        lastUsedAt: at.length > 0 ? new Date(Math.max(...at)) : null,
        unused: recordable.filter(({ ruleId }) => !own?.has(ruleId)),
        recordable: recordable.length,
      };
    })
    .filter(({ unused }) => unused.length > 0);
}

/** Rules of the workspace itself that allow something and allowed nothing to anybody. */
export function unusedRules(
  own: readonly { readonly rule: Rule; readonly createdAt: Date }[],
  uses: readonly Use[],
  catalog: NounCatalog,
  since: Date,
): readonly string[] {
  return own
    .filter(({ rule, createdAt }) => rule.effect === 'ALLOW' && createdAt < since && leavesRecord(rule, null, catalog))
    .filter(
      ({ rule }) =>
        !uses.some((use) =>
          'ruleId' in use
            ? use.ruleId === rule.id
            : readsAny(rule.actions) && covers(rule, use.noun, use.fields, catalog),
        ),
    )
    .map(({ rule }) => rule.id);
}

const readsAny = (actions: readonly string[]): boolean => actions.includes('read') || actions.includes('*');

/** Whether the rule speaks of one of the fields, or of the whole row. */
function covers(rule: Rule, name: string, fields: readonly string[], catalog: NounCatalog): boolean {
  const noun = catalog.get(name);
  if (!noun || (rule.subject !== name && rule.subject !== '*')) return false;
  const named = fieldsOf(rule, noun);
  return named === undefined || fields.some((field) => named.includes(field));
}

/** What everyone has is no grant of the role. */
function leavesRecord(rule: Rule | undefined, role: string | null, catalog: NounCatalog): boolean {
  if (!rule || (role !== null && !rule.roles.includes(role))) return false;
  if (rule.actions.some((action) => action !== 'read')) return true;
  const nouns = rule.subject === '*' ? catalog.names : [rule.subject];
  return nouns.some((name) => {
    const noun = catalog.get(name);
    return noun && (fieldsOf(rule, noun) ?? Object.keys(noun.fields)).some((field) => isLogged(noun.fields[field]));
  });
}
