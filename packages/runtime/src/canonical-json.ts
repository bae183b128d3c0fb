// One text for one value, so that a hash over a record can be recomputed anywhere: RFC 8785 (sorted keys, no spaces,
// numbers as ECMAScript writes them).
import { PlatformError } from './platform-error.js';

/**
 * Canonical JSON of a plain value. As in JSON.stringify, `toJSON` is honoured and undefined members are left out.
 * Throws BAD_USER_INPUT with the path of what JSON cannot carry: NaN, infinities, bigints, functions, symbols, cycles,
 * lone surrogates and the character U+0000, which PostgreSQL cannot store.
 */
export function canonicalJson(value: unknown): string {
  return write(value, '$', new Set());
}

function write(raw: unknown, path: string, above: Set<object>): string {
  const value = hasToJson(raw) ? raw.toJSON() : raw;
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) refuse(path, `the number ${value}`);
    return JSON.stringify(value);
  }
  if (typeof value === 'string') return text(value, path);
  if (typeof value !== 'object') return refuse(path, `a ${typeof value}`);
  if (above.has(value)) refuse(path, 'a cycle');
  above.add(value);
  const written = Array.isArray(value)
    ? `[${value.map((item, index) => write(item === undefined ? null : item, `${path}[${index}]`, above)).join(',')}]`
    : `{${members(value as Record<string, unknown>, path, above).join(',')}}`;
  above.delete(value);
  return written;
}

function members(object: Record<string, unknown>, path: string, above: Set<object>): string[] {
  // The default sort compares UTF-16 code units, which is what the RFC asks for.
  return Object.keys(object)
    .filter((key) => object[key] !== undefined)
    .sort()
    .map((key) => `${text(key, path)}:${write(object[key], `${path}.${key}`, above)}`);
}

function text(value: string, path: string): string {
  if (!value.isWellFormed() || value.includes('\0')) refuse(path, 'a text with a lone surrogate or U+0000');
  return JSON.stringify(value);
}

const hasToJson = (value: unknown): value is { toJSON(): unknown } =>
  typeof value === 'object' && value !== null && typeof (value as { toJSON?: unknown }).toJSON === 'function';

function refuse(path: string, found: string): never {
  throw new PlatformError('BAD_USER_INPUT', `${path}: found ${found}, which has no canonical JSON.`, {
    details: { path, found },
  });
}
