import type { Principal } from '@falaj/runtime';
import { expect, it } from 'vitest';
import { buildAbility } from './ability.js';
import { explain, type Question } from './explain.js';
import { createNounCatalog } from './noun.js';
import type { Rule } from './rule.js';

const catalog = createNounCatalog([
  { name: 'Run', fields: { id: 'open', digest: 'sensitive' }, attributes: { state: 'string', ownerId: 'string' } },
]);
const somebody: Principal = {
  id: 'u1',
  kind: 'USER',
  name: 'U',
  workspaceId: 'w',
  roles: ['viewer'],
  zone: 'AE',
  zones: [],
};
const base = { effect: 'ALLOW', actions: ['read'], subject: 'Run', roles: ['viewer'], reason: 'ORDINARY' } as const;
const rules: readonly Rule[] = [
  { ...base, id: 'open', classes: ['open'] },
  { ...base, id: 'facts', classes: ['sensitive'], roles: ['scientist', 'auditor'], reason: 'FACTS' },
  { ...base, id: 'own', classes: ['sensitive'], conditions: { ownerId: { $var: 'principal.id' } }, reason: 'OWN' },
  { ...base, id: 'old', classes: ['sensitive'], validTo: new Date('2020-01-01') },
  { ...base, id: 'held', effect: 'DENY', roles: ['*'], conditions: { state: 'HELD' }, reason: 'UNDER_REVIEW' },
];
const ask = (row: Question['row'], more: Partial<Question> = {}) =>
  explain(
    rules,
    { principal: somebody, action: 'read', noun: 'Run', field: 'digest', ...(row ? { row } : {}), ...more },
    catalog,
  );

it('says which rules were looked at and what became of each', () => {
  const { considered, ...verdict } = ask({ state: 'DONE', ownerId: 'u2' });
  expect(verdict).toMatchObject({ allowed: false, ruleId: null, reason: 'NO_RULE' });
  expect(Object.fromEntries(considered.map(({ rule, outcome }) => [rule.id, outcome]))).toEqual({
    held: 'CONDITION_NOT_MET',
    facts: 'ROLE_NOT_HELD',
    own: 'CONDITION_NOT_MET',
    old: 'NOT_IN_FORCE',
  });
});

it('says what would allow it: a role, or another row', () => {
  expect(ask({ state: 'DONE', ownerId: 'u2' }).remedies).toEqual([
    { ruleId: 'facts', role: 'scientist', conditions: null, liftRuleIds: [] },
    { ruleId: 'facts', role: 'auditor', conditions: null, liftRuleIds: [] },
    { ruleId: 'own', role: null, conditions: { ownerId: { $var: 'principal.id' } }, liftRuleIds: [] },
  ]);
  expect(ask({ state: 'DONE', ownerId: 'u1' })).toMatchObject({ allowed: true, ruleId: 'own', remedies: [] });
});

it('names the denial that would have to go, beside whatever else is missing', () => {
  const held = ask({ state: 'HELD', ownerId: 'u1' });
  expect(held).toMatchObject({ allowed: false, ruleId: 'held', reason: 'UNDER_REVIEW' });
  expect(held.remedies[0]).toEqual({ ruleId: 'own', role: null, conditions: null, liftRuleIds: ['held'] });
  expect(held.remedies).toContainEqual({
    ruleId: 'facts',
    role: 'auditor',
    conditions: null,
    liftRuleIds: ['held'],
  });
});

it('what it says would help helps', () => {
  for (const row of ['HELD', 'DONE'].flatMap((state) => ['u1', 'u2'].map((ownerId) => ({ state, ownerId })))) {
    for (const { role, conditions, liftRuleIds } of ask(row).remedies) {
      const principal = role === null ? somebody : { ...somebody, roles: ['viewer', role] };
      const better = conditions ? { ...row, ownerId: 'u1' } : row;
      const left = rules.filter(({ id }) => !liftRuleIds.includes(id));
      expect(buildAbility(left, principal, catalog).can('read', 'Run', better, 'digest')).toBe(true);
    }
  }
});

it('has no advice where no rule speaks of it, and counts an invalid denial', () => {
  expect(ask(undefined, { action: 'deploy', field: undefined as never })).toMatchObject({
    allowed: false,
    considered: [],
    remedies: [],
  });
  const broken = { ...base, id: 'broken', effect: 'DENY', conditions: { stat: 'HELD' } } as const;
  const explained = explain(
    [...rules, broken],
    { principal: somebody, action: 'read', noun: 'Run', row: { state: 'DONE', ownerId: 'u1' } },
    catalog,
  );
  expect(explained).toMatchObject({ allowed: false, ruleId: 'broken', reason: 'POLICY_INVALID' });
  expect(explained.considered).toContainEqual({ rule: broken, outcome: 'INVALID' });
  expect(explained.remedies[0]).toMatchObject({ liftRuleIds: ['broken'] });
});
