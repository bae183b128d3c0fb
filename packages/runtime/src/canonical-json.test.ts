import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.js';

describe('canonicalJson', () => {
  it('writes the example of RFC 8785 section 3.2.3 as the RFC does', () => {
    const value = {
      numbers: [333333333.3333333, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '€$\u000f\nA\'B"\\\\"/',
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it('sorts keys by UTF-16 code units, numeric keys too', () => {
    const value = { '€': 1, '\r': 2, '\ufb33': 3, '1': 4, '10': 5, '2': 6, '😀': 7, '': 8, ö: 9 };
    expect(Object.keys(JSON.parse(canonicalJson({ b: 1, a: 2 })))).toEqual(['a', 'b']);
    expect(canonicalJson(value)).toBe('{"":8,"\\r":2,"1":4,"10":5,"2":6,"ö":9,"€":1,"😀":7,"\ufb33":3}');
  });

  it('does not depend on the order in which members were set', () => {
    expect(canonicalJson({ b: { d: 1, c: 2 }, a: 0 })).toBe(canonicalJson({ a: 0, b: { c: 2, d: 1 } }));
  });

  it('reads as JSON.stringify does: undefined members left out, dates by toJSON, minus zero as zero', () => {
    const at = new Date(0);
    expect(canonicalJson({ gone: undefined, at, list: [undefined, -0] })).toBe(
      '{"at":"1970-01-01T00:00:00.000Z","list":[null,0]}',
    );
  });

  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  it.each([
    ['NaN', { a: [Number.NaN] }, '$.a[0]'],
    ['an infinity', { a: Number.POSITIVE_INFINITY }, '$.a'],
    ['a bigint', { a: 1n }, '$.a'],
    ['a function', { a: () => 1 }, '$.a'],
    ['a cycle', cycle, '$.self'],
    ['a lone surrogate', { a: '\ud800' }, '$.a'],
    ['U+0000', { a: 'x\0' }, '$.a'],
  ])('refuses %s and names its path', (_what, value, path) => {
    expect(() => canonicalJson(value)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', details: expect.objectContaining({ path }) }),
    );
  });

  it('allows the same object twice, which is no cycle', () => {
    const shared = { x: 1 };
    expect(canonicalJson([shared, shared])).toBe('[{"x":1},{"x":1}]');
  });
});
