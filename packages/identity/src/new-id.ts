import { randomBytes } from 'node:crypto';

/** Opaque id: a prefix that names the noun, 48 bits of time so that indexes stay dense, 80 random bits. */
export function newId(prefix: 'ws' | 'pr' | 'rb' | 'key' | 'wli' | 'grp' | 'gm' | 'gr' | 'pt'): string {
  const time = Buffer.alloc(6);
  time.writeUIntBE(Date.now(), 0, 6);
  return `${prefix}_${Buffer.concat([time, randomBytes(10)]).toString('hex')}`;
}
