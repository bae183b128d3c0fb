import { createHash } from 'node:crypto';
import { PlatformError } from '@falaj/runtime';

/** What the vault does is tested with the vault; this one keeps bytes and holds them against their digest. */
export function keepingVault() {
  const objects = new Map<string, Uint8Array>();
  const digestOf = (data: Uint8Array) => `sha256:${createHash('sha256').update(data).digest('hex')}`;
  return {
    async put({ key, data }: { key: string; data: Uint8Array }) {
      objects.set(key, Uint8Array.from(data));
      return { key, digest: digestOf(data), bytes: data.length };
    },
    async get(key: string, expected: string) {
      const data = objects.get(key);
      if (!data || digestOf(data) !== expected) throw new PlatformError('ARTIFACT_CORRUPT', key);
      return data;
    },
  };
}
