// Conditions as SQL. Nulls must count exactly as they do in memory, and plain comparisons must stay usable by an index:
// a negation is "is not true", so that unknown never hides behind it, and its operand is in brackets, for IS binds tighter than AND.
import { PlatformError } from '@falaj/runtime';
import type { CompoundCondition, FieldCondition, Condition as UcastCondition } from '@ucast/mongo2js';
import { Column, is, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { type PgColumn, PgDialect, type PgTable } from 'drizzle-orm/pg-core';
import type { AttributeType } from './noun.js';

export type AttributeColumns = Readonly<Record<string, SQLWrapper>>;

/** Where the rows of a relation are found, and what conditions may mention of them. */
export interface RelationColumns {
  readonly table: PgTable;
  /** Pairs of equal columns: of the row, and of its related rows. The workspace belongs among them. */
  readonly on: readonly (readonly [PgColumn, PgColumn])[];
  readonly attributes: Readonly<Record<string, PgColumn>>;
  /** Relations of those rows; a function, for relations may lead back. */
  readonly relations?: () => RelationTables;
}
export type RelationTables = Readonly<Record<string, RelationColumns>>;

/** Columns of a noun's table, as conditions see them. */
export interface NounColumns {
  readonly attributes: AttributeColumns;
  readonly relations?: RelationTables;
}

export interface Attribute {
  readonly type: AttributeType;
  readonly column: SQLWrapper;
  /** Of the table in a subquery. */
  readonly alias?: string;
}

/** What the names in a condition stand for. */
export interface ConditionScope {
  attribute(name: string): Attribute;
  /** Whether some related row meets a condition, which is compiled in the scope of those rows. */
  some(relation: string, condition: (scope: ConditionScope) => SQL): SQL;
}

const joined = (parts: readonly SQL[], word: 'and' | 'or', empty: SQL): SQL => {
  const [only] = parts;
  if (only === undefined) return empty;
  return parts.length === 1 ? only : sql`(${sql.join([...parts], sql.raw(` ${word} `))})`;
};

export const allOf = (parts: readonly SQL[]): SQL => joined(parts, 'and', sql`true`);
export const anyOf = (parts: readonly SQL[]): SQL => joined(parts, 'or', sql`false`);
export const isNotTrue = (part: SQL): SQL => sql`((${part}) is not true)`;

const dialect = new PgDialect();

/** The same SQL in one piece: plans are kept, and walking a tree of conditions for each statement costs more than running it. */
export function flattened(part: SQL): SQL {
  const { sql: text, params } = dialect.sqlToQuery(part);
  // Values are parameters and names are quoted identifiers of tables: nothing else in the text begins with a dollar.
  const pieces = text.split(/\$\d+/);
  if (pieces.length !== params.length + 1) return part;
  return sql.join(
    pieces.flatMap((piece, place) =>
      place === 0 ? [sql.raw(piece)] : [sql`${sql.param(params[place - 1])}`, sql.raw(piece)],
    ),
  );
}

/** A column of an aliased table; drizzle's own aliases lose their qualifier inside a selection. */
export const columnOf = (alias: string, column: Column): SQL =>
  sql`${sql.identifier(alias)}.${sql.identifier(column.name)}`;

/** Throws INTERNAL for an operator without SQL form: it may never be left out silently. */
export function compileCondition(condition: UcastCondition, scope: ConditionScope): SQL {
  const go = (part: UcastCondition): SQL => {
    const parts = () => (part as CompoundCondition).value.map(go);
    switch (part.operator) {
      case 'and':
        return allOf(parts());
      case 'or':
        return anyOf(parts());
      case 'not':
        return isNotTrue(allOf(parts()));
      case 'nor':
        return isNotTrue(anyOf(parts()));
      case 'some': {
        const { field, value } = part as FieldCondition;
        return scope.some(field, (inner) => compileCondition(value as UcastCondition, inner));
      }
      default: {
        const { field, operator, value } = part as FieldCondition;
        return comparison(scope.attribute(field), operator, value);
      }
    }
  };
  return go(condition);
}

function comparison(attribute: Attribute, operator: string, value: unknown): SQL {
  const { type } = attribute;
  const left = operandOf(attribute);
  if (operator === 'exists') return value === true ? sql`${left} is not null` : sql`${left} is null`;
  if (operator === 'in' || operator === 'nin') {
    const found = membership(type, left, value as readonly unknown[]);
    return operator === 'in' ? found : isNotTrue(found);
  }
  if (operator === 'eq' && value === null) return sql`${left} is null`;
  if (operator === 'ne' && value === null) return sql`${left} is not null`;
  if (type === 'timestamp') return timestampComparison(left, operator, value as number);
  switch (operator) {
    case 'eq':
      return sql`${left} = ${constant(type, value)}`;
    case 'ne':
      return sql`${left} is distinct from ${constant(type, value)}`;
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
      return sql`${left} ${sql.raw(ORDER[operator])} ${constant(type, value)}`;
    default:
      throw new PlatformError('INTERNAL', `Policy operator "${operator}" has no SQL form.`);
  }
}

const ORDER = { lt: '<', lte: '<=', gt: '>', gte: '>=' } as const;

/** A row in memory knows milliseconds where the database knows microseconds: a condition's instant is its millisecond. */
function timestampComparison(left: SQL, operator: string, at: number): SQL {
  const from = constant('timestamp', at);
  const next = constant('timestamp', at + 1);
  switch (operator) {
    case 'eq':
      return sql`(${left} >= ${from} and ${left} < ${next})`;
    case 'ne':
      return isNotTrue(sql`${left} >= ${from} and ${left} < ${next}`);
    case 'lt':
      return sql`${left} < ${from}`;
    case 'lte':
      return sql`${left} < ${next}`;
    case 'gt':
      return sql`${left} >= ${next}`;
    case 'gte':
      return sql`${left} >= ${from}`;
    default:
      throw new PlatformError('INTERNAL', `Policy operator "${operator}" has no SQL form.`);
  }
}

function membership(type: AttributeType, left: SQL, values: readonly unknown[]): SQL {
  const known = values.filter((value) => value !== null);
  const found =
    known.length === 0
      ? sql`false`
      : type === 'timestamp'
        ? anyOf(known.map((value) => timestampComparison(left, 'eq', value as number)))
        : type === 'string'
          ? // One value to send and to parse, however long the list.
            sql`${left} = any(${sql.param(arrayLiteral(known.map(String)))}::text[])`
          : sql`${left} in (${sql.join(
              known.map((value) => constant(type, value)),
              sql`, `,
            )})`;
  return values.includes(null) ? sql`(${found} or ${left} is null)` : found;
}

/** As PostgreSQL reads an array of texts; written once for a plan, where the driver would write it for each statement. */
const arrayLiteral = (values: readonly string[]): string =>
  `{${values.map((value) => `"${value.replaceAll(/["\\]/g, '\\$&')}"`).join(',')}}`;

/** Whole numbers compare as int8, which every numeric index serves; others as float8. */
function constant(type: AttributeType, value: unknown): SQL {
  switch (type) {
    case 'string':
      return sql`${value}::text`;
    case 'boolean':
      return value === true ? sql`true` : sql`false`;
    case 'number':
      return Number.isSafeInteger(value) ? sql`${value}::int8` : sql`${value}::float8`;
    case 'timestamp':
      return sql`${new Date(value as number).toISOString()}::timestamptz`;
  }
}

/** Columns whose text is what JavaScript sees (uuid, enum, date) are compared as text. */
function operandOf({ type, column, alias }: Attribute): SQL {
  if (!is(column, Column)) return sql`${column}`;
  const named = alias === undefined ? sql`${column}` : columnOf(alias, column);
  const sqlType = column.getSQLType();
  if (/\[|json|bytea/.test(sqlType))
    throw new PlatformError('INTERNAL', `Column ${column.name} of type ${sqlType} cannot be an attribute of a policy.`);
  const isText = /^(text|varchar|character varying)/.test(sqlType);
  return type === 'string' && !isText ? sql`${named}::text` : named;
}
