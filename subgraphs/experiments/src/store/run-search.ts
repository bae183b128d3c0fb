// A search in two statements, whatever its size: the page's ids in order, then the rows as policy shows them. Fields that
// the caller may not see can neither be filtered nor sorted by; where that depends on the row, such rows do not match.
import { PlatformError } from '@falaj/runtime';
import { type Connection, relationsOf, type SubgraphContext } from '@falaj/subgraph-kit';
import { type SQL, sql } from 'drizzle-orm';
import { type Expression, type FieldName, fieldsIn, type Order } from '../domain/run-search/expression.js';
import { type RunRow, runs } from './governed.js';
import { attributeFields, conditionOf, sortKeyOf } from './run-search-sql.js';
import { run } from './tables.js';

export interface RunSearch {
  readonly filter: Expression | null;
  readonly order: Order | null;
  readonly experimentIds: readonly string[];
  readonly includeArchived: boolean;
  readonly first: number;
  readonly after?: string | null | undefined;
}

const MAX_PAGE = 500;
const valueTypes = { metrics: 'Metric', params: 'RunParameter', tags: 'RunTag' } as const;
const fieldOf = ({ scope, name }: FieldName): string =>
  scope === 'attributes' ? attributeFields[name as keyof typeof attributeFields] : scope;

/** Every field that a search may mention; the policy keeps its plans by this object. */
const searched: Record<string, SQL> = Object.fromEntries(
  ['metrics', 'params', 'tags', ...Object.values(attributeFields)].map((field) => [field, sql`null::text`]),
);

interface Statement {
  readonly where: SQL;
  readonly join: SQL;
  readonly order: SQL;
  readonly key: SQL;
  readonly type: string;
  readonly descending: boolean;
}

/** The parts of a search's statement under the caller's policy. Throws FORBIDDEN_FILTER. */
function statementOf(context: SubgraphContext, search: RunSearch): Statement {
  const plan = context.ability.readPlan('Run', {
    attributes: runs.attributes,
    relations: relationsOf(runs),
    fields: searched,
  });
  const ruleOf = (field: FieldName): SQL => {
    if (field.scope !== 'attributes') assertShown(context, valueTypes[field.scope]);
    return plan.filter(fieldOf(field));
  };
  const mentioned = search.filter ? fieldsIn(search.filter) : [];
  const rules = [...new Map(mentioned.map((field) => [fieldOf(field), field])).values()].map(ruleOf);
  if (search.experimentIds.length > 0)
    rules.push(
      plan.filter('experiment'),
      sql`${run.experimentId} = any(${sql.param([...search.experimentIds])}::text[])`,
    );
  if (!search.includeArchived) rules.push(sql`${run.archivedAt} is null`);
  if (search.filter) rules.push(conditionOf(search.filter));
  const where = sql.join([plan.where, ...rules], sql` and `);
  if (!search.order)
    return {
      where,
      join: sql``,
      key: sql`${run.createdAt}`,
      type: 'timestamptz',
      order: sql`${run.createdAt} desc, ${run.id}`,
      descending: true,
    };
  const { join, key, type } = sortKeyOf(search.order, ruleOf(search.order.field));
  const descending = search.order.direction === 'DESC';
  const order = sql`${key} ${sql.raw(descending ? 'desc' : 'asc')} nulls last, ${run.id}`;
  return { where, join, key, type, order, descending };
}

/** The statement that finds a page's ids, in order, one more than asked. For `EXPLAIN` as well. */
export function pageStatement(context: SubgraphContext, search: RunSearch): SQL {
  const { where, join, key, type, order, descending } = statementOf(context, search);
  const position =
    search.after == null ? null : context.platform.cursors.open(bindingOf(context, search), search.after);
  const beyond = position ? sql` and ${after(key, type, descending, position)}` : sql``;
  return sql`select ${run.id} as id, (${key})::text as sort from ${run}${join}
    where ${where}${beyond} order by ${order} limit ${search.first + 1}`;
}

/** Fields that a search chose or ordered runs by, for the read log. */
function noteUsed(context: SubgraphContext, { filter, order }: RunSearch, ids: readonly string[]): void {
  const note = (how: 'where' | 'orderBy', field: FieldName): void => {
    if (field.scope === 'attributes') context.shown.used(how, 'Run', ids, fieldOf(field));
    else context.shown.used(how, valueTypes[field.scope], ids, 'value', 'Run');
  };
  for (const field of filter ? fieldsIn(filter) : []) note('where', field);
  if (order) note('orderBy', order.field);
}

/** The statement that counts what matches. */
function countStatement(context: SubgraphContext, search: RunSearch): SQL {
  return sql`select count(*)::int as count from ${run} where ${statementOf(context, { ...search, order: null }).where}`;
}

export async function searchRuns(context: SubgraphContext, search: RunSearch): Promise<Connection<unknown>> {
  const { first } = search;
  if (!Number.isInteger(first) || first < 1 || first > MAX_PAGE)
    throw new PlatformError('BAD_USER_INPUT', `first: found ${first}, expected a whole number from 1 to ${MAX_PAGE}.`, {
      details: { field: 'first', found: first, limit: MAX_PAGE },
    });
  const found = await rowsOf<{ id: string; sort: string | null }>(context, pageStatement(context, search));
  const page = found.slice(0, first);
  const rows = await context.reads.byIds<RunRow>(
    runs,
    page.map(({ id }) => id),
  );
  noteUsed(
    context,
    search,
    page.map(({ id }) => id),
  );
  const binding = bindingOf(context, search);
  // A run that went between the two statements leaves the page.
  const edges = rows.flatMap((node, index) => {
    const { sort = null, id = '' } = page[index] ?? {};
    return node ? [{ node, cursor: context.platform.cursors.seal(binding, [sort, id]) }] : [];
  });
  return {
    edges,
    pageInfo: {
      hasNextPage: found.length > first,
      hasPreviousPage: search.after != null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    totalCount: async () => {
      const [counted] = await rowsOf<{ count: number }>(context, countStatement(context, search));
      return counted?.count ?? 0;
    },
  };
}

async function rowsOf<T>(context: SubgraphContext, statement: SQL): Promise<T[]> {
  const result = await context.transaction((tx) => tx.execute(statement));
  return (result as unknown as { rows: T[] }).rows;
}

/** Values of runs are judged by their type too: a rule may deny `Metric.value` alone. */
function assertShown(context: SubgraphContext, noun: string): void {
  for (const field of ['key', 'value']) {
    const { allowed, reason } = context.ability.readsField(noun, field);
    if (!allowed)
      throw new PlatformError(
        'FORBIDDEN_FILTER',
        `${noun}.${field} may not be used to filter, sort or group: ${reason}.`,
        { details: { noun, field, reason } },
      );
  }
}

/** What a cursor belongs to: this search by this principal. */
function bindingOf({ principal }: SubgraphContext, { first: _first, after: _after, ...search }: RunSearch): string {
  return JSON.stringify(['searchRuns', principal.id, principal.workspaceId, search], (_, value) =>
    typeof value === 'number' ? String(value) : (value as unknown),
  );
}

/** Rows after a position in an order with nulls last and ties by id ascending. */
function after(key: SQL, type: string, descending: boolean, [value, id]: readonly (string | null)[]): SQL {
  if (value === null || value === undefined) return sql`(${key} is null and ${run.id} > ${id})`;
  const typed = sql`${value}::${sql.raw(type)}`;
  const beyond = descending ? sql`${key} < ${typed}` : sql`${key} > ${typed}`;
  return sql`(${beyond} or (${key} = ${typed} and ${run.id} > ${id}) or ${key} is null)`;
}
