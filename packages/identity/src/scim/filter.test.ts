import { describe, expect, it } from 'vitest';
import { parseFilter, parsePath } from './filter.js';

const eq = (path: string, value: unknown) => ({ kind: 'compare', path, op: 'eq', value });

describe('a filter', () => {
  it('binds "and" closer than "or", and both looser than "not"', () => {
    expect(parseFilter('a eq 1 or b EQ true AND not (c pr)')).toEqual({
      kind: 'or',
      left: eq('a', 1),
      right: { kind: 'and', left: eq('b', true), right: { kind: 'not', of: { kind: 'present', path: 'c' } } },
    });
    expect(parseFilter('(a eq 1 or b eq null) and c eq "x"')).toMatchObject({ kind: 'and', left: { kind: 'or' } });
  });

  it.each([
    ['userName eq "a\\"b\\u00e9"', eq('username', 'a"bé')],
    ['urn:ietf:params:scim:schemas:core:2.0:User:userName eq "a"', eq('username', 'a')],
    ['urn:x:User:userName eq "a"', eq('urn:x:user:username', 'a')],
    ['meta.lastModified eq "2026-01-01T00:00:00Z"', eq('meta.lastmodified', '2026-01-01T00:00:00Z')],
    ['emails[type eq "work"]', { kind: 'some', path: 'emails', of: eq('type', 'work') }],
    [
      'emails[type eq "work"].value eq "a"',
      { kind: 'some', path: 'emails', of: { kind: 'and', left: eq('type', 'work'), right: eq('value', 'a') } },
    ],
  ])('is read: %s', (text, tree) => {
    expect(parseFilter(text)).toEqual(tree);
  });

  it.each([
    '',
    ' ',
    'a',
    'a eq',
    'a eq b',
    'a is "x"',
    'a eq "x',
    'a eq "x" b',
    '(a pr',
    'a pr)',
    'not a pr',
    'a[b',
    '"a" eq 1',
    'a eq 1;',
    'a eq "\\q"',
    '.a eq 1',
    `a eq "${'x'.repeat(2_000)}"`,
    `${'not ('.repeat(99)}a pr${')'.repeat(99)}`,
  ])('is refused: %s', (text) => {
    expect(() => parseFilter(text)).toThrowError(expect.objectContaining({ details: { scimType: 'invalidFilter' } }));
  });
});

describe('a path', () => {
  it.each([
    ['active', { attribute: 'active' }],
    ['name.givenName', { attribute: 'name', sub: 'givenname' }],
    ['members[value eq "x"]', { attribute: 'members', filter: eq('value', 'x') }],
    ['emails[type eq "work"].value', { attribute: 'emails', filter: eq('type', 'work'), sub: 'value' }],
    ['urn:ietf:params:scim:schemas:core:2.0:User:name.givenName', { attribute: 'name', sub: 'givenname' }],
    [
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:active',
      { attribute: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:user:active' },
    ],
  ])('is read: %s', (text, path) => {
    expect(parsePath(text)).toEqual(path);
  });

  it.each(['', 'a.b.c', 'a[b eq 1', 'a b', 'a[b eq 1]c', '[b eq 1]'])('is refused: %s', (text) => {
    expect(() => parsePath(text)).toThrowError(expect.objectContaining({ details: { scimType: 'invalidPath' } }));
  });
});
