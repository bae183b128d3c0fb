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
}

export function governedTable<Row>(definition: GovernedTable<Row>): GovernedTable<Row> {
  return definition;
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
