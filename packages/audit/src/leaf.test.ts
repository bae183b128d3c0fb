import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { canonicalJson, leafHash } from './leaf.js';

it('the order of keys does not matter, the value does', () => {
  expect(canonicalJson({ b: [1, { d: null, c: 'é' }], a: undefined })).toBe('{"b":[1,{"c":"é","d":null}]}');
  expect(leafHash({ a: 1, b: 2 })).toEqual(leafHash({ b: 2, a: 1 }));
  expect(leafHash({ a: 1 })).not.toEqual(leafHash({ a: 2 }));
});

it('a leaf is prefixed, so that no inner node can pass for one', () => {
  expect(leafHash({})).toEqual(createHash('sha256').update(Buffer.from('\0{}')).digest());
});
