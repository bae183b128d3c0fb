import { createHash } from 'node:crypto';

/** `sha256:<hex>` of the JSON with sorted keys, so that the order in which a caller set members does not matter. */
export function jsonDigest(value: unknown): string {
  const sorted = (_key: string, member: unknown): unknown =>
    member !== null && typeof member === 'object' && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member;
  return `sha256:${createHash('sha256').update(JSON.stringify(value, sorted)).digest('hex')}`;
}
