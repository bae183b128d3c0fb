import type { Principal } from '@falaj/runtime';
import { expect, it } from 'vitest';
import { createNounCatalog } from './noun.js';
import type { Rule } from './rule.js';
import { simulate } from './simulate.js';

const catalog = createNounCatalog([
  { name: 'Run', fields: { id: 'open', digest: 'sensitive' }, attributes: { state: 'string', ownerId: 'string' } },
  { name: 'Model', fields: { id: 'open' }, attributes: {} },
]);
const person = (id: string, ...roles: string[]): Principal => ({
  id,
  kind: 'USER',
  name: id,
  workspaceId: 'w',
  roles,
  zone: 'AE',
  zones: [],
});
const principals = [person('v1', 'viewer'), person('v2', 'viewer'), person('s1', 'scientist')];
const base = { effect: 'ALLOW', actions: ['read'], subject: 'Run', roles: ['*'], reason: 'ORDINARY' } as const;
const rules: readonly Rule[] = [
  { ...base, id: 'open', classes: ['open'] },
  { ...base, id: 'facts', classes: ['sensitive'], roles: ['scientist'] },
  { ...base, id: 'models', subject: 'Model' },
];
const run = (add: readonly Rule[], retire: readonly string[] = []) =>
  simulate({ rules, add, retire }, principals, catalog).map(({ principals: who, changes }) => ({
    who: who.map(({ id }) => id).join(),
    changes: changes.map(
      ({ noun, action, field, before, after }) => `${noun} ${action} ${field ?? '*'} ${before}>${after}`,
    ),
  }));

it('groups whom rules cannot tell apart, and tells only what changes', () => {
  expect(run([{ ...base, id: 'more', classes: ['sensitive'] }])).toEqual([
    { who: 'v1,v2', changes: ['Run read digest NEVER>ALWAYS'] },
  ]);
  expect(run([{ ...base, id: 'held', effect: 'DENY', conditions: { state: 'HELD' } }])).toEqual([
    { who: 'v1,v2', changes: ['Run read * ALWAYS>DEPENDS', 'Run read id ALWAYS>DEPENDS'] },
    {
      who: 's1',
      changes: ['Run read * ALWAYS>DEPENDS', 'Run read id ALWAYS>DEPENDS', 'Run read digest ALWAYS>DEPENDS'],
    },
  ]);
});

it('a rule that changes nothing changes nothing; one in another place is a change of its condition', () => {
  expect(run([{ ...base, id: 'again', classes: ['open'] }])).toEqual([]);
  const own = { ...base, id: 'open', classes: ['open'], conditions: { ownerId: { $var: 'principal.id' } } } as const;
  expect(run([own]).map(({ who }) => who)).toEqual(['v1', 'v2', 's1']);
  expect(run([], ['models'])).toEqual([
    { who: 'v1,v2', changes: ['Model read * ALWAYS>NEVER', 'Model read id ALWAYS>NEVER'] },
    { who: 's1', changes: ['Model read * ALWAYS>NEVER', 'Model read id ALWAYS>NEVER'] },
  ]);
});

it('an action that only the new rule knows is a change too', () => {
  expect(run([{ ...base, id: 'deploy', actions: ['deploy'], subject: 'Model', roles: ['viewer'] }])).toEqual([
    { who: 'v1,v2', changes: ['Model deploy * NEVER>ALWAYS'] },
  ]);
});
