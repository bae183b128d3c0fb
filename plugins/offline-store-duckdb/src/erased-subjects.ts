// Rows of erased persons, told by a keyed digest: the store is never given their names.
import type { ErasedSubjects } from '@falaj/plugin-sdk';
import { literal } from './sql-text.js';

const BLOCK = 64;

/** HMAC-SHA256 (RFC 2104) of a text, hexadecimal; null of null. */
export function hmacSql(value: string, secret: Uint8Array): string {
  if (secret.length > BLOCK) throw new RangeError(`a secret of ${secret.length} bytes; at most ${BLOCK} are taken`);
  const pad = (byte: number): string => {
    const block = Buffer.alloc(BLOCK, byte);
    secret.forEach((own, place) => {
      block[place] = own ^ byte;
    });
    return `unhex(${literal(block.toString('hex'))})`;
  };
  return `sha256(${pad(0x5c)} || unhex(sha256(${pad(0x36)} || encode(${value}))))`;
}

/** Whether one of the values names an erased person; null where there is none. */
export function erasedSql(values: readonly string[], erased: ErasedSubjects | undefined): string | null {
  if (!erased || erased.lookups.length === 0 || values.length === 0) return null;
  const lookups = erased.lookups.map((lookup) => literal(lookup)).join(', ');
  return values
    .map((value) => `coalesce(${hmacSql(`(${value})::varchar`, erased.secret)} in (${lookups}), false)`)
    .join(' or ');
}
