// Query parameters of RFC 7644, section 3.4.2, and what of a resource is shown.
import { type SQL, sql } from 'drizzle-orm';
import { parseFilter } from './filter.js';
import { type Columns, filterSql } from './filter-sql.js';
import { badRequest } from './scim-error.js';

export const LIST_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';
export const MOST_RESULTS = 200;
const RESULTS = 100;

export type Query = Readonly<Record<string, string | undefined>>;

export interface ListRequest {
  /** True for all. */
  readonly where: SQL;
  readonly order: SQL;
  /** From 1. */
  readonly startIndex: number;
  readonly count: number;
}

/** Throws BAD_USER_INPUT `invalidFilter`, `invalidPath` or `invalidValue`. */
export function listRequest(query: Query, columns: Columns, id: SQL): ListRequest {
  return {
    where: query.filter ? filterSql(parseFilter(query.filter), columns) : sql`true`,
    order: sql`${orderOf(query, columns)}${id}`,
    startIndex: Math.max(1, whole(query, 'startIndex') ?? 1),
    count: Math.min(MOST_RESULTS, Math.max(0, whole(query, 'count') ?? RESULTS)),
  };
}

export const listAnswer = (total: number, { startIndex }: ListRequest, resources: readonly object[]): object => ({
  schemas: [LIST_SCHEMA],
  totalResults: total,
  startIndex,
  itemsPerPage: resources.length,
  Resources: resources,
});

/** Whether a caller wants an attribute of the resource at all. */
export function wants(query: Query, attribute: string): boolean {
  const [only, without] = [names(query.attributes), names(query.excludedAttributes)];
  if (without.includes(attribute.toLowerCase())) return false;
  return only.length === 0 || only.some((name) => name.split('.')[0] === attribute.toLowerCase());
}

/** `schemas`, `id` and `meta` are always shown. */
export const shown = (resource: Readonly<Record<string, unknown>>, query: Query): object =>
  Object.fromEntries(
    Object.entries(resource).filter(
      ([name, value]) => value !== undefined && (['schemas', 'id', 'meta'].includes(name) || wants(query, name)),
    ),
  );

const names = (list = ''): readonly string[] =>
  list
    .split(',')
    .map((name) =>
      name
        .trim()
        .toLowerCase()
        .replace(/^urn:.*:/, ''),
    )
    .filter((name) => name !== '');

function orderOf({ sortBy, sortOrder }: Query, columns: Columns): SQL {
  if (!sortBy) return sql``;
  const path = sortBy.toLowerCase();
  const column = Object.hasOwn(columns, path) ? columns[path] : undefined;
  if (!column || 'each' in column)
    throw badRequest('invalidPath', `invalidPath: nothing is sorted by ${sortBy.slice(0, 60)}.`);
  return sql`${column.sql} ${sortOrder?.toLowerCase() === 'descending' ? sql`desc` : sql`asc`} nulls last, `;
}

function whole(query: Query, name: 'startIndex' | 'count'): number | undefined {
  const text = query[name];
  if (text === undefined || text === '') return undefined;
  if (!/^-?\d{1,9}$/.test(text))
    throw badRequest('invalidValue', `invalidValue: ${name}: found "${text.slice(0, 40)}", expected a whole number.`);
  return Number(text);
}
