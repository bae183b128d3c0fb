// Every read of a governed table: row predicate and masks in SQL, so that what the principal may not see never leaves
// the database; row-level security stands under it.
import type { Database, Tx } from '@falaj/database';
import type { Ability, ReadPlan } from '@falaj/policy';
import { PlatformError, type Principal } from '@falaj/runtime';
import { and, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import type { Connection, PageInfo } from './connection.js';
import type { CursorSeal } from './cursor.js';
import { type Governed, type GovernedTable, relationsOf } from './governed-table.js';
import type { MaskCollector } from './masking.js';

/** A restriction asked for by the caller; it never reveals a field that the caller may not read. */
export interface Filter<Row> {
  readonly field: Extract<keyof Row, string>;
  readonly condition: SQL;
}

export interface PageRequest<Row> {
  readonly first: number;
  readonly after?: string | null | undefined;
  readonly filters?: readonly Filter<Row>[];
  /** Restriction by the platform itself (a parent id), not subject to field rules. */
  readonly where?: SQL;
  readonly orderBy?: { readonly field: Extract<keyof Row, string>; readonly direction: 'ASC' | 'DESC' };
}

/** How children are found from their parents: by a link table, and with a further restriction. */
export interface ParentOptions {
  readonly link?: { readonly table: PgTable; readonly on: SQL };
  readonly where?: SQL;
}

/** Told of fields that rows were chosen or ordered by, with the ids of the rows. */
export type UsedFields = (how: 'where' | 'orderBy', type: string, ids: readonly string[], field: string) => void;

/** Fields of a GraphQL type, as this subgraph's schema has them. */
export type FieldsOf = (type: string) => readonly string[];

const MAX_PAGE = 500;
const plannedFields = new WeakMap<object, Record<string, SQLWrapper>>();

/** One object per table, for the policy keeps its plans by it. */
function planFields<Row>(table: GovernedTable<Row>, shown: readonly string[]): Record<string, SQLWrapper> {
  let fields = plannedFields.get(table);
  if (!fields) {
    const columns: Readonly<Record<string, PgColumn>> = table.fields;
    fields = Object.fromEntries(shown.map((field) => [field, columns[field] ?? sql`null::text`]));
    plannedFields.set(table, fields);
  }
  return fields;
}

/** What a plan selects of its table; plans are kept, so it is put together once. */
const selections = new WeakMap<ReadPlan, Record<string, SQL>>();

function selection<Row>(plan: ReadPlan, table: GovernedTable<Row>, shown: readonly string[]): Record<string, SQL> {
  const columns: Record<string, SQL> = { maskedFields: plan.masked.as('maskedFields') as unknown as SQL };
  for (const [field, column] of Object.entries<PgColumn>(table.fields)) {
    const selected = shown.includes(field) ? (plan.select[field] ?? sql`null`) : sql`${column}`;
    columns[field] = selected.mapWith(column).as(field) as unknown as SQL;
  }
  return columns;
}

/** Makes a base class whose constructor gives back the object that it is given. */
const Itself = class {
  constructor(row: object) {
    // biome-ignore lint/correctness/noConstructorReturn: fields of the subclass are then defined on this very object.
    return row;
  }
};

/** Marks an object in a way that nobody can forge and no copy carries; a WeakSet would cost the collector dearly. */
class Mark extends Itself {
  readonly #mark = true;
  static on(row: object): boolean {
    return #mark in row;
  }
}

/** True for rows that came through the policy; the guard lets no other object of a governed type out. */
export function isGoverned(row: unknown): boolean {
  return typeof row === 'object' && row !== null && Mark.on(row);
}

/** The table beside the verdicts on each of its rows, which what is selected names. */
function besideVerdicts<Q extends { crossJoinLateral(verdicts: SQL): unknown }>(verdicts: SQL | null, query: Q): Q {
  return verdicts ? (query.crossJoinLateral(verdicts) as Q) : query;
}

const namesIn = (list: string): readonly string[] => (list === '' ? [] : list.split(','));

export class Reads {
  readonly #database: Database;
  readonly #principal: Principal;
  readonly #ability: Ability;
  readonly #masked: MaskCollector;
  readonly #cursors: CursorSeal;
  readonly #fieldsOf: FieldsOf;
  readonly #used: UsedFields;

  constructor(
    database: Database,
    principal: Principal,
    ability: Ability,
    masked: MaskCollector,
    cursors: CursorSeal,
    fieldsOf: FieldsOf,
    used: UsedFields = () => undefined,
  ) {
    this.#fieldsOf = fieldsOf;
    this.#used = used;
    this.#database = database;
    this.#principal = principal;
    this.#ability = ability;
    this.#masked = masked;
    this.#cursors = cursors;
  }

  /** One page of rows that the principal may see. */
  async page<Row>(table: GovernedTable<Row>, request: PageRequest<Row>): Promise<Connection<Governed<Row>>> {
    const first = pageSize(request.first);
    const plan = this.#plan(table);
    const binding = this.#binding(table, request);
    const where = and(
      plan.where,
      request.where,
      ...(request.filters ?? []).flatMap((f) => [plan.filter(f.field), f.condition]),
    );
    const descending = request.orderBy ? request.orderBy.direction === 'DESC' : true;
    const sortColumn: PgColumn = request.orderBy ? table.fields[request.orderBy.field] : table.createdAt;
    const sort = request.orderBy ? plan.orderBy(request.orderBy.field) : sql`${table.createdAt}`;
    const position = request.after == null ? undefined : this.#cursors.open(binding, request.after);
    // Only without `nulls last` does the order of an index serve, which a mask makes impossible anyway.
    const total = sortColumn.notNull && request.orderBy === undefined;
    const after = position && keyset(sort, sortColumn, table.id, descending, total, position);
    const rows = await this.#rows(table, (tx) =>
      besideVerdicts(
        plan.verdicts,
        tx
          .select({ ...plan.columns, __sort: sql<string | null>`(${sort})::text`, __id: sql<string>`${table.id}` })
          .from(table.table)
          .$dynamic(),
      )
        .where(and(where, after))
        .orderBy(sql`${sort} ${sql.raw(`${descending ? 'desc' : 'asc'}${total ? '' : ' nulls last'}`)}`, table.id)
        .limit(first + 1),
    );
    const edges = this.#edges(table, binding, rows.slice(0, first));
    const ids = rows.slice(0, first).map((row) => row.__id as string);
    for (const { field } of request.filters ?? []) this.#used('where', table.noun, ids, field);
    if (request.orderBy) this.#used('orderBy', table.noun, ids, request.orderBy.field);
    return {
      edges,
      pageInfo: pageInfo(edges, { hasNextPage: rows.length > first, hasPreviousPage: request.after != null }),
      totalCount: async () => {
        const [counted] = await this.#rows(table, (tx) =>
          tx.select({ count: sql<number>`count(*)::int` }).from(table.table).where(where),
        );
        return Number(counted?.count ?? 0);
      },
    };
  }

  /** Rows by id, one statement, in the order asked; null where absent or not visible. */
  async byIds<Row>(table: GovernedTable<Row>, ids: readonly string[]): Promise<(Governed<Row> | null)[]> {
    return this.byColumn(table, table.id, ids);
  }

  async byId<Row>(table: GovernedTable<Row>, id: string): Promise<Governed<Row> | null> {
    return (await this.byIds(table, [id]))[0] ?? null;
  }

  /** Like `byIds`, for a row that must be there. */
  async required<Row>(table: GovernedTable<Row>, id: string): Promise<Governed<Row>> {
    const row = await this.byId(table, id);
    if (!row) throw new PlatformError('NOT_FOUND', `${table.noun} not found.`, { details: { type: table.noun } });
    return row;
  }

  /** Rows by a unique column, one statement, in the order asked. */
  async byColumn<Row>(
    table: GovernedTable<Row>,
    column: PgColumn,
    values: readonly string[],
  ): Promise<(Governed<Row> | null)[]> {
    const plan = this.#plan(table);
    const unique = [...new Set(values)];
    const rows = await this.#rows(table, (tx) =>
      besideVerdicts(
        plan.verdicts,
        tx
          .select({ ...plan.columns, __key: sql<string>`${column}` })
          .from(table.table)
          .$dynamic(),
      ).where(and(plan.where, sql`${column} = any(${sql.param(unique)}::text[])`)),
    );
    const keys = rows.map((row) => row.__key as string);
    const byKey = new Map(this.#finish(table, rows).map((row, index) => [keys[index] as string, row]));
    return values.map((value) => byKey.get(value) ?? null);
  }

  /** A page of one parent's children beyond the first. */
  async childPage<Row>(
    table: GovernedTable<Row>,
    parent: PgColumn | SQL,
    parentId: string,
    page: { first: number; after: string },
    options: ParentOptions = {},
  ): Promise<Connection<Governed<Row>>> {
    return this.page(table, { ...page, where: childrenOf(parent, parentId, options) });
  }

  /** The newest `first` rows of each parent, one statement for all parents. */
  async pagesByParent<Row>(
    table: GovernedTable<Row>,
    parent: PgColumn | SQL,
    parentIds: readonly string[],
    first: number,
    options: ParentOptions = {},
  ): Promise<Connection<Governed<Row>>[]> {
    const limit = pageSize(first);
    const plan = this.#plan(table);
    const unique = [...new Set(parentIds)];
    const rows = await this.#rows(table, (tx) => {
      const selection = tx
        .select({
          ...plan.columns,
          __parent: sql<string>`${parent}`.as('__parent'),
          __sort: sql<string>`${table.createdAt}::text`.as('__sort'),
          __id: sql<string>`${table.id}`.as('__id'),
          __rank:
            sql<number>`row_number() over (partition by ${parent} order by ${table.createdAt} desc, ${table.id})`.as(
              '__rank',
            ),
          __total: sql<number>`count(*) over (partition by ${parent})`.as('__total'),
        })
        .from(table.table)
        .$dynamic();
      const judged = besideVerdicts(plan.verdicts, selection);
      const joined = options.link ? judged.innerJoin(options.link.table, options.link.on) : judged;
      const ranked = joined
        .where(and(plan.where, options.where, sql`${parent} = any(${sql.param(unique)}::text[])`))
        .as('ranked');
      return tx.select().from(ranked).where(sql`"__rank" <= ${limit}`).orderBy(sql`"__parent"`, sql`"__rank"`);
    });
    return parentIds.map((parentId) => {
      const binding = this.#binding(table, { first, where: childrenOf(parent, parentId, options) });
      const own = rows.filter((row) => row.__parent === parentId);
      const total = Number(own[0]?.__total ?? 0);
      const edges = this.#edges(table, binding, own);
      return {
        edges,
        pageInfo: pageInfo(edges, { hasNextPage: total > own.length, hasPreviousPage: false }),
        totalCount: async () => total,
      };
    });
  }

  /**
   * What to select. Every field of the GraphQL type is judged, computed ones too, so that the row's mask is complete;
   * columns that are no field (foreign keys, internal state) are read as they are, for resolvers only.
   */
  #plan<Row>(table: GovernedTable<Row>) {
    const shown = this.#fieldsOf(table.noun);
    const plan = this.#ability.readPlan(table.noun, {
      attributes: table.attributes,
      relations: relationsOf(table),
      fields: planFields(table, shown),
    });
    let columns = selections.get(plan);
    if (!columns) {
      columns = selection(plan, table, shown);
      selections.set(plan, columns);
    }
    return {
      where: plan.where,
      verdicts: plan.verdicts,
      columns,
      filter: this.#judged(shown, plan.filter, () => sql`true`),
      orderBy: this.#judged(shown, plan.orderBy, (field) => sql`${table.fields[field as keyof typeof table.fields]}`),
    };
  }

  /** Field rules for fields; a column that is no field follows the row alone. */
  #judged(
    shown: readonly string[],
    judge: (field: string) => SQL,
    plain: (field: string) => SQL,
  ): (field: string) => SQL {
    return (field) => (shown.includes(field) ? judge(field) : plain(field));
  }

  #binding<Row>(table: GovernedTable<Row>, request: PageRequest<Row>): string {
    const filters = (request.filters ?? []).map((f) => [f.field, sqlText(f.condition)]);
    return JSON.stringify([
      table.noun,
      this.#principal.id,
      this.#principal.workspaceId,
      request.orderBy ?? null,
      filters,
      request.where ? sqlText(request.where) : null,
    ]);
  }

  async #rows(
    table: GovernedTable<never> | GovernedTable<unknown>,
    query: (tx: Tx) => PromiseLike<unknown>,
  ): Promise<Record<string, unknown>[]> {
    void table;
    return (await this.#database.inWorkspace(
      { workspaceId: this.#principal.workspaceId, zones: this.#principal.zones, principalId: this.#principal.id },
      async (tx) => query(tx),
      { readOnly: true },
    )) as Record<string, unknown>[];
  }

  /** Sealing costs more than all the rest of a row: a cursor is made when it is asked for. */
  #edges<Row>(table: GovernedTable<Row>, binding: string, rows: Record<string, unknown>[]): Edges<Row> {
    const cursors = this.#cursors;
    return this.#finish(table, rows).map((node, index) => {
      const { __sort: sort, __id: id } = rows[index] as { __sort: string | null; __id: string };
      return {
        node,
        get cursor() {
          return cursors.seal(binding, [sort, id]);
        },
      };
    });
  }

  #finish<Row>(table: GovernedTable<Row>, rows: Record<string, unknown>[]): Governed<Row>[] {
    // Few masks serve many rows.
    const masks = new Map<string, { names: readonly string[]; rows: number }>();
    for (const row of rows) {
      const text = row.maskedFields as string;
      let mask = masks.get(text);
      if (!mask) {
        mask = { names: namesIn(text), rows: 0 };
        masks.set(text, mask);
      }
      mask.rows += 1;
      row.maskedFields = mask.names;
      new Mark(row);
    }
    for (const mask of masks.values()) {
      for (const field of mask.names) {
        this.#masked.record(table.noun, field, this.#ability.reasonOf(table.noun, field), mask.rows);
      }
    }
    return rows as unknown as Governed<Row>[];
  }
}

type Edges<Row> = Connection<Governed<Row>>['edges'];

function pageInfo(edges: Edges<unknown>, stands: Pick<PageInfo, 'hasNextPage' | 'hasPreviousPage'>): PageInfo {
  return {
    ...stands,
    get startCursor() {
      return edges[0]?.cursor ?? null;
    },
    get endCursor() {
      return edges.at(-1)?.cursor ?? null;
    },
  };
}

function childrenOf(parent: PgColumn | SQL, parentId: string, { link, where }: ParentOptions): SQL {
  const own = sql`${parent} = ${parentId}`;
  return and(link ? sql`exists (select 1 from ${link.table} where ${link.on} and ${own})` : own, where) as SQL;
}

function pageSize(first: number): number {
  if (!Number.isInteger(first) || first < 1 || first > MAX_PAGE) {
    throw new PlatformError('BAD_USER_INPUT', `first: found ${first}, expected a whole number from 1 to ${MAX_PAGE}.`, {
      details: { field: 'first', found: first, limit: MAX_PAGE },
    });
  }
  return first;
}

/** Rows after a position in an order with ties by id ascending; nulls stand last, and in a `total` order there are none. */
function keyset(
  sort: SQL,
  column: PgColumn,
  id: PgColumn,
  descending: boolean,
  total: boolean,
  position: readonly (string | null)[],
): SQL {
  const [value, lastId] = position;
  if (value === null || value === undefined) return sql`(${sort} is null and ${id} > ${lastId})`;
  const typed = sql`${value}::${sql.raw(column.getSQLType())}`;
  const beyond = descending ? sql`${sort} < ${typed}` : sql`${sort} > ${typed}`;
  // The first bound is implied; an index needs it to start there.
  if (total) {
    const from = descending ? sql`${sort} <= ${typed}` : sql`${sort} >= ${typed}`;
    return sql`(${from} and (${beyond} or ${id} > ${lastId}))`;
  }
  return sql`(${beyond} or (${sort} = ${typed} and ${id} > ${lastId}) or ${sort} is null)`;
}

/** A stable text of a condition with its values, for binding a cursor or a loader to it. */
export function sqlText(condition: SQL): string {
  const seen: unknown[] = [];
  const walk = (chunk: unknown): void => {
    if (chunk === null || typeof chunk !== 'object') {
      seen.push(chunk);
    } else if (chunk instanceof Date) {
      seen.push(chunk.getTime());
    } else if (Array.isArray(chunk)) {
      chunk.forEach(walk);
    } else if ('queryChunks' in chunk) {
      (chunk.queryChunks as unknown[]).forEach(walk);
    } else if ('value' in chunk) {
      walk(chunk.value);
    } else if ('name' in chunk) {
      seen.push(chunk.name);
    }
  };
  walk(condition);
  return JSON.stringify(seen);
}
