import { randomBytes } from 'node:crypto';

const DRAWN = 4096;
let drawn = '';
let used = 0;

/** So many random bytes in hex. They are drawn for many callers at once: the call costs more than the bytes. */
export function randomHex(bytes: number): string {
  const digits = bytes * 2;
  if (used + digits > drawn.length) {
    drawn = randomBytes(Math.max(DRAWN, bytes)).toString('hex');
    used = 0;
  }
  used += digits;
  return drawn.slice(used - digits, used);
}
