import { describe, expect, it } from 'vitest';
import { firstDifference } from './schema-files.js';

describe('a stale schema file', () => {
  it.each([
    ['a\nb\nc\n', 'a\n  x\nc\n', 'line 2: checked in "b", the code gives "x"'],
    ['a\n', 'a\nnew: Int\n', 'line 2: checked in "", the code gives "new: Int"'],
    ['a\ngone: Int\n', 'a\n', 'line 2: checked in "gone: Int", the code gives ""'],
    ['a\nb\nc', 'a\nb', 'line 3: checked in "c", the code gives ""'],
    ['', 'a', 'line 1: checked in "", the code gives "a"'],
  ])('is told by the first line that differs: %j, %j', (checkedIn, made, line) => {
    expect(firstDifference(checkedIn, made)).toBe(line);
  });
  it('is not one that is the same', () => {
    expect(firstDifference('a\nb\n', 'a\nb\n')).toBeNull();
  });
});
