import { describe, expect, it } from 'vitest';
import { aliasName, versionSelector } from './alias.js';

describe('aliasName', () => {
  it.each(['champion', 'a', 'v1b', 'v', 'latest-one', `a${'b'.repeat(62)}`])('takes %s', (alias) =>
    expect(aliasName.safeParse(alias).success).toBe(true),
  );
  it.each(['', 'Champion', '1st', '-a', 'a_b', 'latest', 'v0', 'v12', `a${'b'.repeat(63)}`, 'a\n'])(
    'refuses %j',
    (alias) => expect(aliasName.safeParse(alias).success).toBe(false),
  );
});

describe('versionSelector', () => {
  it('tells numbers, latest and aliases apart', () => {
    expect(versionSelector.parse('latest')).toEqual({ kind: 'latest' });
    expect(versionSelector.parse('v12')).toEqual({ kind: 'number', version: 12 });
    expect(versionSelector.parse('champion')).toEqual({ kind: 'alias', alias: 'champion' });
  });
  it.each(['v0', 'v2147483648', 'V1', ''])('refuses %j', (text) =>
    expect(versionSelector.safeParse(text).success).toBe(false),
  );
});
