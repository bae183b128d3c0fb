import type { RelationTables } from '@falaj/policy';
import { getColumns } from 'drizzle-orm';
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';

export type AttributeType = 'string' | 'number' | 'boolean' | 'timestamp';

/**
 * A table whose rows are a GraphQL type: every read of it goes through the policy, which decides rows by `attributes`
 * and masks `fields`. Field names are GraphQL field names.
 */
export interface GovernedTable<Row> {
  /** Name of the GraphQL type and of the noun in rules. */
  readonly noun: string;
  readonly table: PgTable;
  readonly id: PgColumn;
  /** Default order, newest first; a not-null column. */
  readonly createdAt: PgColumn;
  readonly fields: Readonly<Record<Extract<keyof Row, string>, PgColumn>>;
  /** Columns that conditions of rules may mention; not null where residency or ownership hangs on them. */
  readonly attributes: Readonly<Record<string, PgColumn>>;
  /** Rows of other tables of this subgraph that conditions of rules may ask about. */
  readonly relations?: Readonly<Record<string, Related>>;
}

export interface Related {
  /** A function, for tables may lead to each other. */
  // biome-ignore lint/suspicious/noExplicitAny: rows of any table.
  readonly to: () => GovernedTable<any>;
  /** Pairs of equal columns: of the row, and of its related rows; the workspace among them. */
  readonly on: readonly (readonly [PgColumn, PgColumn])[];
}

const relationTables = new WeakMap<object, RelationTables>();

/** Relations of a table as the policy compiles them. */
export function relationsOf(table: Pick<GovernedTable<unknown>, 'relations'>): RelationTables {
  const known = relationTables.get(table);
  if (known) return known;
  const made = Object.fromEntries(
    Object.entries(table.relations ?? {}).map(([name, { to, on }]) => {
      const target = to();
      return [name, { table: target.table, on, attributes: target.attributes, relations: () => relationsOf(target) }];
    }),
  );
  relationTables.set(table, made);
  return made;
}

export function governedTable<Row>(definition: GovernedTable<Row>): GovernedTable<Row> {
  return definition;
}

/** The columns of a table under their own names, without those that nobody is shown. */
export function shownColumns<T extends PgTable, H extends keyof T['_']['columns']>(
  table: T,
  hidden: readonly H[],
): Omit<T['_']['columns'], H> {
  const columns = { ...getColumns(table) } as Record<string, unknown>;
  for (const name of hidden) delete columns[name as string];
  return columns as Omit<T['_']['columns'], H>;
}

/** A row as read under the policy: masked fields are null and listed. */
export type Governed<Row> = { [K in keyof Row]: Row[K] | null } & { readonly maskedFields: readonly string[] };

/** The type of a column as rules see it. */
export function attributeType(column: PgColumn): AttributeType {
  const sqlType = column.getSQLType();
  if (sqlType === 'boolean') return 'boolean';
  if (sqlType.startsWith('timestamp')) return 'timestamp';
  if (/^(smallint|integer|bigint|double|real|numeric)/.test(sqlType)) return 'number';
  return 'string';
}
