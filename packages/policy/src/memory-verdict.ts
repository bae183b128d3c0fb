// Conditions judged in memory, with SQL's idea of null: nothing is less or greater than null, and absent is null.
import { PlatformError } from '@falaj/runtime';
import {
  allInterpreters,
  createJsInterpreter,
  type FieldCondition,
  type JsInterpreter,
  type Condition as UcastCondition,
} from '@ucast/mongo2js';
import type { Mentions } from './condition.js';
import type { AttributeType, Noun, NounCatalog } from './noun.js';

export type Row = Readonly<Record<string, unknown>>;

const compare = (left: unknown, right: unknown): number => {
  const [a, b] = [left ?? null, right ?? null];
  if (a === b) return 0;
  if (a === null || b === null) return Number.NaN;
  return (a as number) > (b as number) ? 1 : -1;
};

const some: JsInterpreter<FieldCondition<UcastCondition>, Readonly<Record<string, readonly Row[]>>> = (
  { field, value },
  object,
  { interpret: holds },
) => (object[field] ?? []).some((related) => holds(value, related as never));

const interpret = createJsInterpreter({ ...allInterpreters, some }, { compare: compare as never });

export const matchesCondition = (condition: UcastCondition, attributes: Row): boolean =>
  interpret(condition, attributes as never);

/**
 * What a condition mentions of a row, as conditions see it; related rows stand under the relation's name. Undefined where
 * the row, or a related one, lacks something mentioned: it was read without it.
 */
export function factsOf(mentions: Mentions, noun: Noun, catalog: NounCatalog, row: Row): Row | undefined {
  const facts: Record<string, unknown> = {};
  for (const name of mentions.attributes) {
    const type = noun.attributes[name];
    if (type === undefined || !Object.hasOwn(row, name) || row[name] === undefined) return undefined;
    const value = attributeValue(name, type, row[name]);
    if (value !== undefined) facts[name] = value;
  }
  for (const [name, inner] of mentions.relations) {
    const target = catalog.get(noun.relations?.[name] ?? '');
    const rows = Object.hasOwn(row, name) ? row[name] : undefined;
    if (!target || !Array.isArray(rows)) return undefined;
    const related = rows.map((each: Row) => factsOf(inner, target, catalog, each));
    if (related.includes(undefined)) return undefined;
    facts[name] = related;
  }
  return facts;
}

/** A column's value as conditions see it; undefined for null. Throws INTERNAL where it is not of the attribute's type. */
export function attributeValue(
  name: string,
  type: AttributeType,
  value: unknown,
): string | number | boolean | undefined {
  if (value === null || value === undefined) return undefined;
  const kind = typeof value;
  if (type === 'timestamp') {
    const at = value instanceof Date ? value.getTime() : kind === 'string' ? Date.parse(value as string) : Number.NaN;
    if (!Number.isNaN(at)) return at;
  } else if (type === 'number') {
    // numeric and large int8 arrive as text. PostgreSQL puts NaN above every number, and no condition mentions infinity.
    if (kind === 'number' || kind === 'bigint' || (kind === 'string' && value !== '')) {
      const number = Number(value);
      if (!Number.isNaN(number)) return number;
      if (kind === 'number' || value === 'NaN') return Number.POSITIVE_INFINITY;
    }
  } else if (kind === type) return value as string | boolean;
  throw new PlatformError('INTERNAL', `Attribute "${name}" should be a ${type}; the row holds a ${kind}.`);
}
