import { createHmac, type KeyObject } from 'node:crypto';
import type { Digest } from './record.js';

/**
 * Digests of what belongs to a subject: of the endpoint's digest, under the subject's own key. With that key gone, neither
 * the subject nor a guessed value leads to its records, whatever other keys are at hand.
 */
export const digestUnder = (digest: Digest, key: KeyObject): Digest =>
  digest === null
    ? null
    : (column, value) => `hmac:${createHmac('sha256', key).update(digest(column, value)).digest('hex').slice(0, 32)}`;
