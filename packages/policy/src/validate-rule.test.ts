import { isPlatformError } from '@falaj/runtime';
import { describe, expect, it } from 'vitest';
import { matchesPattern } from './field-patterns.js';
import { createNounCatalog } from './noun.js';
import { validateRule } from './validate-rule.js';

const catalog = createNounCatalog([
  {
    name: 'Model',
    fields: { id: 'open', email: 'pii' },
    attributes: { zone: 'string', level: 'number', ready: 'boolean', at: 'timestamp' },
    relations: { versions: 'Version', origin: 'Model' },
  },
  { name: 'Version', fields: {}, attributes: { number: 'number' }, relations: { model: 'Model' } },
]);
const good = { id: 'r', effect: 'DENY', actions: ['read'], subject: 'Model', roles: ['*'], reason: 'TEST' };

function issuesOf(rule: unknown): string[] {
  try {
    validateRule(rule, catalog);
    return [];
  } catch (error) {
    if (!isPlatformError(error)) throw error;
    expect(error.code).toBe('BAD_USER_INPUT');
    return (error.details.issues as { path: string }[]).map(({ path }) => path);
  }
}
const ofCondition = (conditions: unknown) => issuesOf({ ...good, conditions });

describe('validateRule', () => {
  it('takes every operator on every type that it fits', () => {
    expect(
      ofCondition({
        zone: { $in: ['AE', null], $ne: 'US', $exists: true },
        level: { $gte: 1, $lt: 2.5, $not: { $nin: [3] } },
        ready: true,
        at: { $lte: '2026-01-01T00:00:00Z', $gt: new Date(0) },
        $or: [{ zone: { $var: 'principal.zone' } }, { $nor: [{ level: null }] }, { $not: { zone: 'AE' } }],
        $and: [{ zone: { $nin: { $var: 'principal.zones' } } }],
        versions: { $some: { number: { $gt: 1 }, model: { $some: { zone: { $var: 'principal.zone' } } } } },
        $not: { origin: { $some: { origin: { $some: { ready: true } } } } },
      }),
    ).toEqual([]);
  });

  it.each([
    [{ versions: 3 }, ['conditions.versions']],
    [{ versions: { number: 3 } }, ['conditions.versions']],
    [{ versions: { $every: { number: 3 } } }, ['conditions.versions']],
    [{ versions: { $some: { number: 3 }, $none: {} } }, ['conditions.versions']],
    [{ versions: { $some: {} } }, ['conditions.versions.$some']],
    [{ versions: { $some: { zone: 'AE' } } }, ['conditions.versions.$some.zone']],
    [{ versions: { $some: { number: '3' } } }, ['conditions.versions.$some.number']],
    [{ zone: { $some: { number: 3 } } }, ['conditions.zone.$some']],
    [
      { origin: { $some: { origin: { $some: { origin: { $some: { zone: 'AE' } } } } } } },
      ['conditions.origin.$some.origin.$some.origin'],
    ],
  ])('refuses the relation %j', (conditions, paths) => {
    expect(ofCondition(conditions)).toEqual(paths);
  });

  it('a catalog refuses a relation to nowhere, and one named like an attribute', () => {
    const noun = { name: 'A', fields: {}, attributes: { zone: 'string' } } as const;
    expect(() => createNounCatalog([{ ...noun, relations: { b: 'B' } }])).toThrow(/unknown type "B"/);
    expect(() => createNounCatalog([{ ...noun, relations: { zone: 'A' } }])).toThrow(/an attribute and a relation/);
  });

  it.each([
    [{ zone: { $regex: '^A' } }, ['conditions.zone.$regex']],
    [{ zone: { $elemMatch: {} } }, ['conditions.zone.$elemMatch']],
    [{ zone: { $all: ['AE'] } }, ['conditions.zone.$all']],
    [{ zone: { $size: 1 } }, ['conditions.zone.$size']],
    [{ zone: { $gt: 'A' } }, ['conditions.zone.$gt']],
    [{ level: { $lt: null } }, ['conditions.level.$lt']],
    [{ level: '1' }, ['conditions.level']],
    [{ level: Number.NaN }, ['conditions.level']],
    [{ ready: 1 }, ['conditions.ready']],
    [{ at: 'yesterday' }, ['conditions.at']],
    [{ zone: ['AE'] }, ['conditions.zone']],
    [{ zone: { $in: 'AE' } }, ['conditions.zone.$in']],
    [{ zone: { $in: ['AE', 1] } }, ['conditions.zone.$in[1]']],
    [{ zone: { $in: [{ $var: 'principal.zone' }] } }, ['conditions.zone.$in[0]']],
    [{ zone: { $in: { $var: 'principal.zone' } } }, ['conditions.zone.$in']],
    [{ zone: { $var: 'principal.zones' } }, ['conditions.zone']],
    [{ zone: { $var: 'principal.name' } }, ['conditions.zone']],
    [{ level: { $var: 'principal.id' } }, ['conditions.level']],
    [{ zone: { $exists: 1 } }, ['conditions.zone.$exists']],
    [{ zone: {} }, ['conditions.zone']],
    [{ zone: 'A\0' }, ['conditions.zone']],
    [{ 'zone.x': 1 }, ['conditions.zone.x']],
    [{ toString: 'x' }, ['conditions.toString']],
    [{ $or: { zone: 'AE' } }, ['conditions.$or']],
    [{ $where: 'true' }, ['conditions.$where']],
    [
      { $or: [{ zone: 'AE' }, { colour: 'red', $and: [{ level: 'x' }] }] },
      ['conditions.$or[1].colour', 'conditions.$or[1].$and[0].level'],
    ],
    [[], ['conditions']],
    [null, ['conditions']],
  ])('refuses the condition %j', (conditions, paths) => {
    expect(ofCondition(conditions)).toEqual(paths);
  });

  it('refuses a condition that is nested without end', () => {
    let deep: unknown = { zone: 'AE' };
    for (let i = 0; i < 1_000; i++) deep = { $not: deep };
    expect(ofCondition(deep)).toHaveLength(1);
  });

  it.each([
    [{ fields: ['id,email'] }, ['fields[0]', 'fields[0]']],
    [{ fields: ['emial'] }, ['fields[0]']],
    [{ fields: [] }, ['fields']],
    [{ fields: ['id'], classes: ['pii'] }, ['classes']],
    [{ classes: ['PII'] }, ['classes[0]']],
    [{ subject: 'Modle' }, ['subject']],
    [{ subject: '*', conditions: { zone: 'AE' } }, ['conditions']],
    [
      { effect: 'MAYBE', actions: [], roles: ['a b'], reason: 'low', id: '' },
      ['id', 'effect', 'reason', 'actions', 'roles[0]'],
    ],
    [{ validFrom: '2026-01-01' }, ['validFrom']],
    [{ inverted: true }, ['inverted']],
  ])('refuses %j', (over, paths) => {
    expect(issuesOf({ ...good, ...over })).toEqual(paths);
  });

  it.each([undefined, null, 'rule', []])('refuses %j as a rule', (value) => {
    expect(issuesOf(value)).toEqual(['rule']);
  });

  it('names every issue in the message', () => {
    expect(() => validateRule({ ...good, reason: 'x', conditions: { colour: 1 } }, catalog)).toThrow(
      /reason .*; conditions\.colour .*zone/,
    );
  });
});

it.each([
  ['*', 'email', true],
  ['e*', 'email', true],
  ['*ail', 'email', true],
  ['e*a*l', 'email', true],
  ['e*il*il', 'email', false],
  ['email*', 'email', true],
  ['a*', 'email', false],
  ['em*email', 'email', false],
  ['e.ail', 'email', false],
])('pattern %s on %s is %s', (pattern, field, expected) => {
  expect(matchesPattern(pattern, field)).toBe(expected);
});
