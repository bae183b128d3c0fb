// Where a key lies on disk. Folders end in `~`, objects in `=`, pieces of an over-long segment in `+`: none of these may
// occur in a key, so `a` and `a/b` never meet, and no segment can be `.` or `..`.
import { PluginError } from '@falaj/plugin-sdk';

const KEY = /^[A-Za-z0-9._/-]{1,512}$/;
// File systems allow 255 bytes a name.
const PIECE = 200;

export function requireKey(key: string): void {
  if (!KEY.test(key) || key.includes('..') || key.startsWith('/')) {
    throw new PluginError(
      'BAD_INPUT',
      `${JSON.stringify(key.slice(0, 80))} is no artifact key: 1 to 512 of letters, digits and . _ / - without ".." or a leading slash.`,
    );
  }
}

/** Path segments below the root, the object's own name last. */
export function objectSegments(key: string): readonly string[] {
  requireKey(key);
  const segments: string[] = [];
  const parts = key.split('/');
  parts.forEach((part, index) => {
    let rest = part;
    while (rest.length >= PIECE) {
      segments.push(`${rest.slice(0, PIECE)}+`);
      rest = rest.slice(PIECE);
    }
    segments.push(`${rest}${index === parts.length - 1 ? '=' : '~'}`);
  });
  return segments;
}

/** What a directory entry adds to the key, and whether it is an object; null for what is not ours. */
export function keyPart(name: string): { readonly text: string; readonly isObject: boolean } | null {
  const text = name.slice(0, -1);
  if (name.endsWith('=')) return { text, isObject: true };
  if (name.endsWith('~')) return { text: `${text}/`, isObject: false };
  if (name.endsWith('+')) return { text, isObject: false };
  return null;
}
