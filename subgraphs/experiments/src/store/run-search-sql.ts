// Filters as SQL: every value is a parameter, every comparison an index look-up. A comparison with what is not there is
// null or finds no row, which AND and OR treat as false; NOT is written `is not true`, so that it is true of those.
import { type SQL, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { AttributeName, Comparison, Expression, Literal, Order } from '../domain/run-search/expression.js';
import { latestMetric, runParameter, runTag } from './run-tables.js';
import { run } from './tables.js';

/** GraphQL fields of Run whose rules decide about each attribute. */
export const attributeFields: Readonly<Record<AttributeName, string>> = {
  id: 'id',
  name: 'name',
  kind: 'kind',
  state: 'state',
  trainer: 'trainer',
  experimentId: 'experiment',
  trainingSetId: 'trainingSetId',
  owner: 'owner',
  zone: 'zone',
  error: 'error',
  seed: 'seed',
  step: 'step',
  createdAt: 'createdAt',
  startedAt: 'startedAt',
  finishedAt: 'finishedAt',
  archivedAt: 'archivedAt',
};
const attributeColumn = (name: string): PgColumn => run[name as AttributeName];

export function conditionOf(expression: Expression): SQL {
  if (expression.kind === 'NOT') return sql`(${conditionOf(expression.part)}) is not true`;
  if (expression.kind === 'AND' || expression.kind === 'OR')
    return sql`(${sql.join(expression.parts.map(conditionOf), expression.kind === 'AND' ? sql` and ` : sql` or `)})`;
  const { scope, name } = expression.field;
  if (scope === 'attributes') return attributeCondition(attributeColumn(name), expression);
  const { table, condition } = logged[scope](expression);
  const present = sql`exists (select 1 from ${table} where ${table.runId} = ${run.id} and ${table.key} = ${name}${condition})`;
  return expression.kind === 'IS_NULL' && !expression.negated ? sql`not ${present}` : present;
}

/** The rest of a look-up by run and key; nothing where being there is all that is asked. */
const logged = {
  metrics: (comparison: Comparison) => ({ table: latestMetric, condition: metricCondition(comparison) }),
  params: (comparison: Comparison) => ({
    table: runParameter,
    condition: isNumeric(comparison)
      ? numberCondition(runParameter.number, comparison)
      : textCondition(runParameter, comparison),
  }),
  tags: (comparison: Comparison) => ({ table: runTag, condition: textCondition(runTag, comparison) }),
} as const;

const array = (values: readonly Literal[], type: 'float8' | 'text' | 'timestamptz') =>
  sql`${sql.param([...values])}::${sql.raw(type)}[]`;
const operatorOf = ({ operator }: Extract<Comparison, { kind: 'COMPARE' }>) =>
  sql.raw(operator === '!=' ? '<>' : operator);
const isNumeric = (comparison: Comparison): boolean =>
  comparison.kind === 'COMPARE'
    ? typeof comparison.value === 'number'
    : comparison.kind === 'IN' && typeof comparison.values[0] === 'number';

/** NaN equals itself alone and has no order: `sortable` is null there, so that every other comparison fails. */
function metricCondition(comparison: Comparison): SQL {
  const { value, sortable } = latestMetric;
  if (comparison.kind === 'COMPARE') {
    const exact = comparison.operator === '!=' || Number.isNaN(comparison.value as number);
    return sql` and ${exact ? value : sortable} ${operatorOf(comparison)} ${comparison.value}::float8`;
  }
  if (comparison.kind !== 'IN') return sql``;
  return sql` and ${comparison.negated ? sql`${value} <> all` : sql`${value} = any`}(${array(comparison.values, 'float8')})`;
}

/** A parameter whose text is no number differs from every number. */
function numberCondition(number: PgColumn, comparison: Comparison): SQL {
  if (comparison.kind === 'COMPARE') {
    const plain = sql`${number} ${operatorOf(comparison)} ${comparison.value}::float8`;
    return comparison.operator === '!=' ? sql` and (${plain} or ${number} is null)` : sql` and ${plain}`;
  }
  if (comparison.kind !== 'IN') return sql``;
  const values = array(comparison.values, 'float8');
  return comparison.negated
    ? sql` and (${number} <> all(${values}) or ${number} is null)`
    : sql` and ${number} = any(${values})`;
}

/** The index holds the beginning of the text, so equality asks for both. */
function textCondition(table: typeof runParameter | typeof runTag, comparison: Comparison): SQL {
  const { value, valueStart } = table;
  if (comparison.kind === 'COMPARE')
    return comparison.operator === '!='
      ? sql` and ${value} <> ${comparison.value}`
      : sql` and ${valueStart} = ${startOf(comparison.value)} and ${value} = ${comparison.value}`;
  if (comparison.kind === 'IN')
    return comparison.negated
      ? sql` and ${value} <> all(${array(comparison.values, 'text')})`
      : sql` and ${valueStart} = any(${array(comparison.values.map(startOf), 'text')}) and ${value} = any(${array(comparison.values, 'text')})`;
  if (comparison.kind === 'LIKE') return sql`${beginsLike(valueStart, comparison)} and ${likes(value, comparison)}`;
  return sql``;
}

/** As `left(value, 100)` counts: code points, not UTF-16 units. */
const startOf = (value: Literal): string => [...String(value)].slice(0, 100).join('');

type Like = Extract<Comparison, { kind: 'LIKE' }>;

/**
 * `LIKE` is no leakproof function, so under row-level security no index serves it. What stands before the first wildcard
 * is asked as a range as well, which one does serve.
 */
function beginsLike(valueStart: PgColumn, { pattern, ignoreCase, negated }: Like): SQL {
  const literal = /^(?:\\.|[^%_\\])*/su.exec(pattern)?.[0].replace(/\\(.)/gsu, '$1') ?? '';
  const from = startOf(literal);
  if (ignoreCase || negated || from === '') return sql``;
  const to = behind(from);
  return to === null
    ? sql` and ${valueStart} >= ${from}`
    : sql` and ${valueStart} >= ${from} and ${valueStart} < ${to}`;
}

/** The least text, in the order of code points, that is greater than every text with this beginning. */
function behind(beginning: string): string | null {
  const points = [...beginning];
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    const next = (last.codePointAt(0) as number) + 1;
    if (next <= 0x10ffff) return points.join('') + String.fromCodePoint(next === 0xd800 ? 0xe000 : next);
  }
  return null;
}

function likes(column: PgColumn, { pattern, ignoreCase, negated }: Like): SQL {
  return sql`${column}${sql.raw(negated ? ' not' : '')}${sql.raw(ignoreCase ? ' ilike ' : ' like ')}${pattern}`;
}

function attributeCondition(column: PgColumn, comparison: Comparison): SQL {
  const type = column.getSQLType().startsWith('timestamp') ? 'timestamptz' : column.getSQLType();
  const cast = type === 'integer' ? 'float8' : type === 'timestamptz' ? 'timestamptz' : 'text';
  const param = (value: Literal) => sql`${value instanceof Date ? value.toISOString() : value}::${sql.raw(cast)}`;
  if (comparison.kind === 'IS_NULL') return sql`${column} is ${sql.raw(comparison.negated ? 'not ' : '')}null`;
  if (comparison.kind === 'LIKE') return likes(column, comparison);
  if (comparison.kind === 'COMPARE') return sql`${column} ${operatorOf(comparison)} ${param(comparison.value)}`;
  const values = comparison.values.map((value) => (value instanceof Date ? value.toISOString() : value));
  return sql`${column} ${sql.raw(comparison.negated ? '<> all' : '= any')}(${array(values, cast)})`;
}

/** What a page is ordered by: an expression over the run and at most one joined row, and its type. */
export interface SortKey {
  readonly join: SQL;
  readonly key: SQL;
  readonly type: string;
}

/** NaN and what is not there come last in both directions; a parameter is ordered by its number, a tag by its bytes. */
export function sortKeyOf({ field }: Pick<Order, 'field'>, shown: SQL): SortKey {
  if (field.scope === 'attributes') {
    const column = attributeColumn(field.name);
    return { join: sql``, key: sql`case when ${shown} then ${column} end`, type: column.getSQLType() };
  }
  const { table, key, type } = sorted[field.scope];
  return {
    join: sql` left join ${table} on ${table.runId} = ${run.id} and ${table.key} = ${field.name} and ${shown}`,
    key: sql`${key}`,
    type,
  };
}

const sorted = {
  metrics: { table: latestMetric, key: latestMetric.sortable, type: 'float8' },
  params: { table: runParameter, key: runParameter.number, type: 'float8' },
  tags: { table: runTag, key: runTag.valueStart, type: 'text collate "C"' },
} as const;
