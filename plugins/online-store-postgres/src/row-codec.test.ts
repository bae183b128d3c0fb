import type { FeatureColumn, FeatureType, FeatureValue } from '@falaj/plugin-sdk';
import { expect, test } from 'vitest';
import { decodeRow, encodeRow } from './row-codec.js';

/** mulberry32 */
function randomOf(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

const SAMPLES: Readonly<Record<FeatureType, readonly FeatureValue[]>> = {
  FLOAT64: [0, -0, 0.1, -1 / 3, 5e-324, Number.MAX_VALUE, -Number.MAX_VALUE],
  INT64: [0, 1, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
  STRING: ['', 'null', 'ضيف 🐪', '"\'\\', '\0', 'x'.repeat(70_000)],
  BOOL: [true, false],
  TIMESTAMP: [0, -1, 1_700_000_000_123, 8_640_000_000_000_000],
};
const TYPES = Object.keys(SAMPLES) as FeatureType[];

test('what is written is read: 5,000 random rows of random columns', () => {
  const random = randomOf(11);
  for (let round = 0; round < 5_000; round++) {
    const columns = Array.from(
      { length: random(40) },
      (_, place): FeatureColumn => ({ name: `c${place}`, type: TYPES[random(TYPES.length)] as FeatureType }),
    );
    const values = columns.map(({ type }): FeatureValue => {
      const samples = SAMPLES[type];
      return random(4) === 0 ? null : (samples[random(samples.length)] as FeatureValue);
    });
    const read = decodeRow(columns, encodeRow(columns, values));
    expect(read).toEqual(values);
  }
});

const column = (type: FeatureType): FeatureColumn => ({ name: 'c', type });

test.each([
  ['INT64', 0.5],
  ['INT64', 2 ** 53],
  ['TIMESTAMP', Number.NaN],
  ['FLOAT64', '1'],
  ['FLOAT64', Number.POSITIVE_INFINITY],
  ['FLOAT64', Number.NaN],
  ['BOOL', 1],
  ['STRING', 7],
] as const)('%s refuses %j', (type, value) => {
  expect(() => encodeRow([column(type)], [value])).toThrow(
    expect.objectContaining({ code: 'BAD_INPUT', message: expect.stringContaining('"c"') }),
  );
});

test('a row with more or fewer values than columns is refused', () => {
  expect(() => encodeRow([column('BOOL')], [])).toThrow(/0 values/);
  expect(() => encodeRow([], [1])).toThrow(/1 values/);
});

test('bytes of another view, another format or cut short are CORRUPT, never other values', () => {
  const columns = [column('FLOAT64'), column('STRING')];
  const bytes = encodeRow(columns, [1, 'text']);
  const corrupt = expect.objectContaining({ code: 'CORRUPT' });
  expect(() => decodeRow([column('FLOAT64')], bytes)).toThrow(corrupt);
  expect(() => decodeRow(columns, Buffer.concat([Buffer.from([9]), bytes.subarray(1)]))).toThrow(corrupt);
  for (let length = 0; length < bytes.length; length++)
    expect(() => decodeRow(columns, bytes.subarray(0, length)), `${length} bytes`).toThrow(corrupt);
  expect(() => decodeRow(columns, Buffer.concat([bytes, Buffer.from([0])]))).toThrow(corrupt);
});
