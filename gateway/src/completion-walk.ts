// What the compiled completion calls where a value is missing: rare, so written for reading.
import { GraphQLError } from 'graphql';
import type { MaskedField, MaskedPath } from './contract.js';

export interface Field {
  readonly nonNull: boolean;
  /** Response keys from the enclosing list item, or from the root. */
  readonly steps: readonly string[];
  /** `Type.field`, as a subgraph names what it withheld. */
  readonly coordinate: string;
  /** Response keys from the root, `*` for an index. */
  readonly pattern: string;
}

/** Place of an item in its list: `steps` lead from the enclosing item, or from the root, to the list. */
export interface Item {
  readonly up: Item | undefined;
  readonly steps: readonly string[];
  readonly index: number;
}

export interface Walk {
  readonly errors: GraphQLError[];
  readonly masked: ReadonlySet<string> | undefined;
  /** How many nulls stand where a withheld field was asked for. */
  readonly nulls: Map<Field, number>;
}

/** Says: this null may not stand here, the parent must give way. */
export const GIVE_WAY = Symbol('give way');

export function missingField(walk: Walk, place: Item | undefined, field: Field): null | typeof GIVE_WAY {
  if (walk.masked?.has(field.coordinate)) walk.nulls.set(field, (walk.nulls.get(field) ?? 0) + 1);
  if (!field.nonNull) return null;
  explain(walk, [...pathTo(place), ...field.steps]);
  return GIVE_WAY;
}

/** For an item that must not be null. */
export function missingItem(walk: Walk, item: Item): typeof GIVE_WAY {
  explain(walk, pathTo(item));
  return GIVE_WAY;
}

function pathTo(item: Item | undefined): (string | number)[] {
  return item ? [...pathTo(item.up), ...item.steps, item.index] : [];
}

/** A null that gives way brings an error, unless one at or under its path explains it. */
function explain(walk: Walk, path: readonly (string | number)[]): void {
  const explained = walk.errors.some(
    (error) => error.path && path.every((step, index) => error.path?.[index] === step),
  );
  if (!explained) {
    walk.errors.push(
      new GraphQLError('A value that must not be null is missing.', {
        path,
        extensions: { code: 'DOWNSTREAM_SERVICE_ERROR' },
      }),
    );
  }
}

/** Where withheld fields stand as null, with the reasons that the subgraphs gave. */
export function maskedPaths(nulls: ReadonlyMap<Field, number>, withheld: readonly MaskedField[]): MaskedPath[] {
  const reasons = new Map<string, Map<string, number>>();
  for (const { type, field, reason, count } of withheld) {
    const of = reasons.get(`${type}.${field}`) ?? new Map<string, number>();
    reasons.set(`${type}.${field}`, of.set(reason, (of.get(reason) ?? 0) + count));
  }
  return [...nulls].flatMap(([{ coordinate, pattern }, count]) => {
    const [type = '', field = ''] = coordinate.split('.');
    const of = reasons.get(coordinate) ?? new Map<string, number>();
    // Several reasons share the nulls of one path; which null has which reason is not known here.
    return [...of].map(([reason, told]) => ({
      path: pattern,
      type,
      field,
      reason,
      count: of.size > 1 ? Math.min(count, told) : count,
    }));
  });
}
