import { createHmac, type KeyObject } from 'node:crypto';

/**
 * Ids by which the read log knows the data subjects of these keys, as records of type `DataSubject`: made with their
 * keys, so that an erased subject's entries lead to nobody.
 */
export const readPseudonyms = (keys: ReadonlyMap<string, KeyObject>): string[] =>
  [...keys.values()].map(
    (key) => `subject_${createHmac('sha256', key).update('falaj/read-log').digest('hex').slice(0, 32)}`,
  );
