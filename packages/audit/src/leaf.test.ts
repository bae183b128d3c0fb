import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { leafHash } from './leaf.js';

it('is SHA-256 over a zero byte and the canonical text, so that no inner node can pass for a leaf', () => {
  expect(leafHash({ b: 1, a: 'é' })).toEqual(createHash('sha256').update('\0{"a":"é","b":1}', 'utf8').digest());
});

it('does not depend on the order of members, but on every value', () => {
  expect(leafHash({ a: 1, b: 2 })).toEqual(leafHash({ b: 2, a: 1 }));
  expect(leafHash({ a: 1 })).not.toEqual(leafHash({ a: 2 }));
});
