// Which variant answers a subject. Nothing is stored per subject: every process computes the same answer, before and
// after a restart.
import { hash } from 'node:crypto';
import { PlatformError } from '@falaj/runtime';

/** Weights are basis points: 10,000 are all traffic. */
export const WHOLE = 10_000;

const NAME = /^[a-z][a-z0-9-]{0,62}$/;
/** How the variant of a caller begins who named a model version and so is in no split. */
const NAMED = 'version-';

/** A revision of an endpoint under a name, with its share of the traffic; 0 answers nobody. */
export interface Variant {
  readonly name: string;
  readonly revision: number;
  readonly weight: number;
}

/**
 * Bucket 0 to 9,999 of a subject: the first 12 hexadecimal digits of SHA-256 over `salt`, a line feed and the subject
 * (UTF-8), as a whole number, modulo 10,000. Public and stable: any client may compute it in advance.
 */
export function bucketOf(salt: string, subject: string): number {
  return Number.parseInt(hash('sha256', `${salt}\n${subject}`).slice(0, 12), 16) % WHOLE;
}

/**
 * The variant whose stretch of buckets holds the bucket; stretches follow each other in the order given. A candidate that
 * stands first and grows keeps every subject that it already had.
 */
export function variantOf<V extends Variant>(variants: readonly V[], bucket: number): V {
  let end = 0;
  for (const variant of variants) {
    end += variant.weight;
    if (bucket < end) return variant;
  }
  return variants[variants.length - 1] as V;
}

/** Throws BAD_USER_INPUT where names repeat, a revision repeats, a weight is no basis points, they do not sum to 10,000, or a name is reserved. */
export function checkVariants(variants: readonly Variant[]): void {
  const sum = variants.reduce((total, { weight }) => total + weight, 0);
  const wrong = variants.find(({ weight }) => !Number.isInteger(weight) || weight < 0 || weight > WHOLE);
  if (wrong) refuse(`variant ${wrong.name} has weight ${wrong.weight}; a weight is a whole number from 0 to 10000`);
  const odd = variants.find(({ name }) => !NAME.test(name));
  if (odd)
    refuse(
      `the variant name "${odd.name}" begins with no lower-case letter, or has more than 62 of a-z, 0-9 and - after it`,
    );
  const taken = variants.find(({ name }) => name.startsWith(NAMED));
  if (taken)
    refuse(
      `the variant name ${taken.name} is taken; names that begin with "${NAMED}" are for callers who name a version`,
    );
  if (sum !== WHOLE) refuse(`the weights sum to ${sum}; they must sum to 10000 basis points`);
  for (const [field, values] of [
    ['name', variants.map(({ name }) => name)],
    ['revision', variants.map(({ revision }) => revision)],
  ] as const) {
    const twice = values.find((value, place) => values.indexOf(value as never) !== place);
    if (twice !== undefined) refuse(`two variants have the ${field} ${twice}; each needs its own`);
  }
}

function refuse(reason: string): never {
  throw new PlatformError('BAD_USER_INPUT', `The traffic cannot be split: ${reason}.`);
}
