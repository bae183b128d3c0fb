import { createHash } from 'node:crypto';

/** JSON with sorted keys and no white space: one value, one text (RFC 8785 for the values that records hold). */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value ?? null);
  if (value instanceof Date) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
}

/** Leaf of the Merkle log over records: SHA-256 of 0x00 and the canonical record (RFC 6962, section 2.1). */
export function leafHash(record: Readonly<Record<string, unknown>>): Buffer {
  return createHash('sha256').update(Buffer.of(0)).update(canonicalJson(record), 'utf8').digest();
}
