import { createNounCatalog } from '@falaj/policy';
import { expect, test } from 'vitest';
import { coverageOf } from './coverage.js';
import { questionedRow } from './decision-question.js';
import { grantableRoles, grantsOf } from './roles.js';

test('a field without a class is a hole; roots are not counted', () => {
  const sdl = 'type Query { a: A } type A { x: Int @fieldPolicy(class: OPEN) y: Int @fieldPolicy(class: PII) z: Int }';
  expect(coverageOf('s', sdl)).toMatchObject({ types: 1, fields: 3, classes: { open: 1, pii: 1 }, holes: ['A.z'] });
});

test('a question names known types, fields and attributes of the right type', () => {
  const catalog = createNounCatalog([
    { name: 'A', fields: { x: 'open' }, attributes: { zone: 'string', at: 'timestamp' } },
  ]);
  const ask = (rest: object) =>
    questionedRow({ principalId: 'p', action: 'read', subject: 'A', ...rest } as never, catalog);
  expect(ask({})).toBeUndefined();
  expect(ask({ attributes: { zone: 'AE', at: '2026-01-01T00:00:00Z' } })).toMatchObject({ zone: 'AE' });
  for (const wrong of [
    { subject: 'B' },
    { field: 'y' },
    { attributes: { toString: 'x' } },
    { attributes: { zone: 1 } },
    { attributes: { at: 'soon' } },
  ])
    expect(() => ask(wrong)).toThrowError(/^input\..*expected/);
});

test('the role of the platform is handed out in the workspace of the platform only; grants of everyone count', () => {
  expect(grantableRoles('ws_1')).not.toContain('platform-administrator');
  expect(grantableRoles('platform')).toContain('platform-administrator');
  const rule = { id: 'r', effect: 'ALLOW', actions: ['read'], subject: 'A', roles: ['*'], reason: 'R' } as const;
  expect(grantsOf('viewer', [rule, { ...rule, id: 's', roles: ['auditor'] }]).map(({ ruleId }) => ruleId)).toEqual([
    'r',
  ]);
});
