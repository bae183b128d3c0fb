// A filter as SQL, over the attributes that a resource type has columns for.
import { type SQL, sql } from 'drizzle-orm';
import type { Comparison, Filter, Literal } from './filter.js';
import { badRequest } from './scim-error.js';

/** `folded`: text whose case says nothing. */
export interface ScalarColumn {
  readonly type: 'text' | 'folded' | 'boolean' | 'time';
  readonly sql: SQL;
}

/** A list: `each` says that some element fits. `value` is compared where no sub-attribute is named. */
export interface ListColumn {
  readonly each: (test: SQL) => SQL;
  readonly elements: Readonly<Record<string, ScalarColumn>>;
}

/** By lower-case path. */
export type Columns = Readonly<Record<string, ScalarColumn | ListColumn>>;

/** Throws BAD_USER_INPUT `invalidFilter` for an attribute that cannot be searched, or a value of another type. */
export function filterSql(filter: Filter, columns: Columns): SQL {
  switch (filter.kind) {
    case 'and':
      return sql`(${filterSql(filter.left, columns)} and ${filterSql(filter.right, columns)})`;
    case 'or':
      return sql`(${filterSql(filter.left, columns)} or ${filterSql(filter.right, columns)})`;
    case 'not':
      return sql`((${filterSql(filter.of, columns)}) is not true)`;
    case 'some': {
      const list = columnOf(filter.path, columns);
      if (!('each' in list)) throw badRequest('invalidFilter', `invalidFilter: ${filter.path} is no list.`);
      return list.each(filterSql(filter.of, list.elements));
    }
    default:
      return tested(filter, columnOf(filter.path, columns), columns);
  }
}

function tested(
  filter: Extract<Filter, { kind: 'compare' | 'present' }>,
  column: ScalarColumn | ListColumn,
  columns: Columns,
): SQL {
  if ('each' in column) return column.each(tested(filter, columnOf('value', column.elements), columns));
  return filter.kind === 'present'
    ? sql`(${column.sql} is not null${isText(column) ? sql` and ${column.sql} <> ''` : sql``})`
    : compared(column, filter.op, filter.value, filter.path);
}

function columnOf(path: string, columns: Columns): ScalarColumn | ListColumn {
  const whole = Object.hasOwn(columns, path) ? columns[path] : undefined;
  if (whole) return whole;
  const [head = '', sub, ...more] = path.split('.');
  const list = Object.hasOwn(columns, head) ? columns[head] : undefined;
  if (list && 'each' in list && sub && more.length === 0)
    return { each: list.each, elements: { value: columnOf(sub, list.elements) as ScalarColumn } };
  throw badRequest(
    'invalidFilter',
    `invalidFilter: ${path} cannot be searched; known are ${Object.keys(columns).join(', ')}.`,
  );
}

const isText = ({ type }: ScalarColumn): boolean => type === 'text' || type === 'folded';

function compared(column: ScalarColumn, op: Comparison, value: Literal, path: string): SQL {
  const wrong = (): never => {
    throw badRequest('invalidFilter', `invalidFilter: ${path} ${op} ${JSON.stringify(value)} compares unlike things.`);
  };
  if (value === null) {
    if (op === 'eq') return sql`${column.sql} is null`;
    return op === 'ne' ? sql`${column.sql} is not null` : wrong();
  }
  if (column.type === 'boolean') {
    const wanted = typeof value === 'string' ? { true: true, false: false }[value.toLowerCase()] : value;
    if (typeof wanted !== 'boolean' || (op !== 'eq' && op !== 'ne')) return wrong();
    return op === 'eq' ? sql`${column.sql} = ${wanted}` : sql`${column.sql} is distinct from ${wanted}`;
  }
  if (typeof value !== 'string') return wrong();
  if (column.type === 'time') {
    if (Number.isNaN(Date.parse(value)) || ['co', 'sw', 'ew'].includes(op)) return wrong();
    return ordered(column.sql, op, sql`${new Date(value).toISOString()}::timestamptz`) ?? wrong();
  }
  const [left, right] =
    column.type === 'folded'
      ? [sql`lower(${column.sql})`, sql`lower(${value}::text)`]
      : [column.sql, sql`${value}::text`];
  if (op === 'co') return sql`strpos(${left}, ${right}) > 0`;
  if (op === 'sw') return sql`starts_with(${left}, ${right})`;
  if (op === 'ew') return sql`right(${left}, length(${right})) = ${right}`;
  return ordered(left, op, right) ?? wrong();
}

function ordered(left: SQL, op: Comparison, right: SQL): SQL | undefined {
  const signs: Partial<Record<Comparison, SQL>> = {
    eq: sql`=`,
    ne: sql`is distinct from`,
    gt: sql`>`,
    ge: sql`>=`,
    lt: sql`<`,
    le: sql`<=`,
  };
  const sign = signs[op];
  return sign && sql`${left} ${sign} ${right}`;
}
