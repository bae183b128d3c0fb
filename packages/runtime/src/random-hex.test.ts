import { expect, it } from 'vitest';
import { randomHex } from './random-hex.js';

it('gives every byte to one caller only, whatever the sizes', () => {
  const seen = new Set<string>();
  for (let n = 0; n < 20_000; n++) {
    const text = randomHex(10 + (n % 7));
    expect(text).toMatch(/^[0-9a-f]+$/);
    expect(text).toHaveLength((10 + (n % 7)) * 2);
    seen.add(text.slice(0, 20));
  }
  expect(seen.size).toBe(20_000);
  expect(randomHex(5000)).toHaveLength(10_000);
});
