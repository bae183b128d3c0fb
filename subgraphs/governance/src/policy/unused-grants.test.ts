import { createNounCatalog, type Rule } from '@falaj/policy';
import { expect, it } from 'vitest';
import { type HeldRole, type Use, unusedGrants, unusedRules } from './unused-grants.js';

const catalog = createNounCatalog([
  { name: 'Run', fields: { id: 'open', state: 'internal', metrics: 'sensitive', owner: 'pii' }, attributes: {} },
  { name: 'Endpoint', fields: { id: 'open', digest: 'sensitive' }, attributes: {} },
]);
const allow = (id: string, roles: string[], more: Partial<Rule>): Rule => ({
  id,
  effect: 'ALLOW',
  actions: ['read'],
  subject: 'Run',
  roles,
  reason: 'X',
  ...more,
});
const rules: Rule[] = [
  allow('ordinary', ['scientist', 'viewer'], { classes: ['open', 'internal'] }),
  allow('metrics', ['scientist'], { classes: ['sensitive'] }),
  allow('owner', ['scientist'], { fields: ['own*'] }),
  allow('start', ['scientist'], { actions: ['create'] }),
  allow('deploy', ['approver'], { actions: ['deploy'], subject: 'Endpoint' }),
  allow('everyone', ['*'], { actions: ['ask'] }),
  { ...allow('deny', ['scientist'], {}), effect: 'DENY' },
];
const day = (n: number) => new Date(Date.UTC(2026, 0, n));
const held = (principalId: string, role: string, since = 1): HeldRole => ({
  principalId,
  role,
  via: 'BINDING',
  grantedAt: day(since),
});
const report = (roles: HeldRole[], uses: Use[]) => unusedGrants(roles, uses, rules, catalog, day(20));
const idsOf = (found: ReturnType<typeof report>) =>
  found.map(({ principalId, role, unused }) => [principalId, role, unused.map(({ ruleId }) => ruleId)]);

it('lists what left no record, by holder; what leaves none, is younger or for everyone is not judged', () => {
  expect(idsOf(report([held('amal', 'scientist'), held('badr', 'approver', 21), held('chen', 'viewer')], []))).toEqual([
    ['amal', 'scientist', ['metrics', 'owner', 'start']],
  ]);
});

it('counts an action by the rule that allowed it, and a read by every rule that would allow it', () => {
  const uses: Use[] = [
    { principalId: 'amal', ruleId: 'start', at: day(25) },
    { principalId: 'amal', ruleId: 'start', at: day(23) },
    { principalId: 'amal', noun: 'Run', fields: ['owner'], at: day(22) },
    { principalId: 'badr', noun: 'Run', fields: ['metrics'], at: day(22) },
  ];
  const [found] = report([held('amal', 'scientist')], uses);
  expect(found).toMatchObject({ recordable: 3, lastUsedAt: day(25) });
  expect(found?.unused.map(({ ruleId }) => ruleId)).toEqual(['metrics']);
  const metrics: Use = { principalId: 'amal', noun: 'Run', fields: ['metrics'], at: day(21) };
  expect(report([held('amal', 'scientist')], [...uses, metrics])).toEqual([]);
});

it('a rule of the workspace is unused where it allowed nothing to anybody', () => {
  const own = ['metrics', 'start', 'deny', 'ordinary'].map((id) => ({
    rule: rules.find((rule) => rule.id === id) as Rule,
    createdAt: day(1),
  }));
  const uses: Use[] = [{ principalId: 'amal', noun: 'Run', fields: ['metrics'], at: day(22) }];
  expect(unusedRules(own, uses, catalog, day(20))).toEqual(['start']);
  expect(unusedRules(own, [], catalog, day(1))).toEqual([]);
});
