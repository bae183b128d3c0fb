// Whether a version of an npm package is one that a record is about: the evaluation of the OSV schema.
import { compare, valid } from 'semver';
import type { Affected } from './osv-record.js';

/** npm orders versions as Semantic Versioning does, hence both kinds of ranges are one. */
const ORDERED = new Set(['SEMVER', 'ECOSYSTEM']);

type Range = NonNullable<Affected['ranges']>[number];
type Event = Range['events'][number];

/** Undefined where it is not affected; `fixed`: the lowest later version that is not, where there is one. */
export function exposureOf(affected: Affected, version: string): { readonly fixed: string | undefined } | undefined {
  const ranges = (affected.ranges ?? []).filter(({ type }) => ORDERED.has(type));
  const inRange = valid(version)
    ? ranges.some((range) => includes(range, version))
    : // What cannot be compared is not excused.
      ranges.length > 0;
  if (!inRange && !affected.versions?.includes(version)) return undefined;
  return { fixed: firstFix(ranges, version) };
}

function includes({ events }: Range, version: string): boolean {
  const limits = events.flatMap(({ limit }) => limit ?? []);
  if (limits.length > 0 && !limits.some((limit) => limit === '*' || isBelow(version, limit))) return false;
  let inside = false;
  for (const event of [...events].sort(inOrder)) {
    const { introduced, fixed, last_affected: last } = event;
    if (introduced !== undefined) inside ||= !isBelow(version, introduced);
    else if (fixed !== undefined) inside &&= isBelow(version, fixed);
    else if (last !== undefined) inside &&= isBelow(version, last) || version === last || same(version, last);
  }
  return inside;
}

/** 0 stands before every version (OSV schema, `affected[].ranges[].events`). */
const START = '0';
const versionIn = ({ introduced, fixed, last_affected: last, limit }: Event): string =>
  introduced ?? fixed ?? last ?? limit ?? START;

/** What a record writes and nobody can compare ends nothing: below it stands everything but the start. */
function isBelow(version: string, bound: string): boolean {
  if (bound === START) return false;
  return !valid(bound) || compare(version, bound) < 0;
}

const same = (version: string, other: string): boolean => valid(other) !== null && compare(version, other) === 0;

function inOrder(one: Event, other: Event): number {
  const [left, right] = [versionIn(one), versionIn(other)];
  if (left === right) return 0;
  if (left === START) return -1;
  if (right === START) return 1;
  return valid(left) && valid(right) ? compare(left, right) : 0;
}

function firstFix(ranges: readonly Range[], version: string): string | undefined {
  const fixes = ranges.flatMap(({ events }) => events.flatMap(({ fixed }) => (fixed && valid(fixed) ? [fixed] : [])));
  return fixes.filter((fix) => !valid(version) || compare(fix, version) > 0).sort(compare)[0];
}
