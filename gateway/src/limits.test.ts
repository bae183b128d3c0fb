import { readFileSync } from 'node:fs';
import { isPlatformError } from '@falaj/runtime';
import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { defaultLimits, refuseOversized } from './limits.js';

const detailsOf = (text: string) => {
  try {
    refuseOversized(parse(text), defaultLimits);
    return undefined;
  } catch (error) {
    return isPlatformError(error) ? error.details : error;
  }
};

test('the lineage over five nested connections passes', () => {
  const file = new URL('../../packages/client/src/operations/journey.graphql', import.meta.url);
  expect(detailsOf(readFileSync(file, 'utf8'))).toBeUndefined();
});

test('a bomb of fragments is counted without being spread', () => {
  const bomb = Array.from({ length: 40 }, (_, n) => `fragment F${n} on T { ...F${n + 1} ...F${n + 1} }`).join(' ');
  const found = detailsOf(`{ ...F0 } ${bomb} fragment F40 on T { a }`);
  expect(found).toEqual({ what: 'fields', found: 2 ** 40, limit: 1000 });
});

test('a cycle of fragments ends', () => {
  expect(detailsOf('{ ...A } fragment A on T { a ...B } fragment B on T { b ...A }')).toBeUndefined();
});

test('pages inside pages multiply', () => {
  expect(
    detailsOf('{ a(first: 100) { edges { node { b(first: 100) { edges { node { c(first: 100) { id } } } } } } } }'),
  ).toMatchObject({
    what: 'cost',
  });
  expect(detailsOf('query($n: Int) { a(first: $n) { edges { node { b(last: $n) { id } } } } }')).toBeUndefined();
});
