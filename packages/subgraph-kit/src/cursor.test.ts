import { describe, expect, it } from 'vitest';
import { createCursorSeal } from './cursor.js';

const seal = createCursorSeal(new Uint8Array(32));
const refused = expect.objectContaining({ code: 'BAD_USER_INPUT' });

describe('cursors', () => {
  it('give back the position that was sealed, null included, and show none of it', () => {
    for (const position of [
      ['2026-01-01 00:00:00+00', 'p-1'],
      [null, 'p-2'],
      ['مرحبا', 'p-3'],
    ]) {
      const cursor = seal.seal('list', position);
      expect(seal.open('list', cursor)).toEqual(position);
      expect(Buffer.from(cursor, 'base64url').toString('utf8')).not.toContain(position[1]);
    }
  });

  it('never look alike twice', () => {
    expect(seal.seal('list', ['1', 'a'])).not.toBe(seal.seal('list', ['1', 'a']));
  });

  it('open in no other list, nor for another principal, nor with another key', () => {
    const binding = (who: string, list: string) => JSON.stringify([list, who]);
    const cursor = seal.seal(binding('amal', 'Parcel'), ['1', 'a']);
    const opened = (by: typeof seal, who: string, list: string) => () => by.open(binding(who, list), cursor);
    expect(opened(seal, 'amal', 'Parcel')()).toEqual(['1', 'a']);
    expect(opened(seal, 'badr', 'Parcel')).toThrow(refused);
    expect(opened(seal, 'amal', 'Shelf')).toThrow(refused);
    expect(opened(createCursorSeal(new Uint8Array(32).fill(1)), 'amal', 'Parcel')).toThrow(refused);
  });

  it('are refused when any one bit of them was changed, when cut and when invented', () => {
    const bytes = Buffer.from(seal.seal('list', ['1', 'a']), 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => seal.open('list', changed.toString('base64url'))).toThrow(refused);
    }
    for (const length of [0, 1, 12, 20, 27, bytes.length - 1])
      expect(() => seal.open('list', bytes.subarray(0, length).toString('base64url'))).toThrow(refused);
    expect(() => seal.open('list', 'MQ==')).toThrow(refused);
  });
});
