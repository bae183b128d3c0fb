import { createHash } from 'node:crypto';
import { canonicalJson } from '@falaj/runtime';

/** `sha256:<hex>` of a JSON value, whatever the order of its members. */
export const digestOf = (value: unknown): string =>
  `sha256:${createHash('sha256').update(canonicalJson(value)).digest('hex')}`;
