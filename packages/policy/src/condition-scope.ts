// Names of a condition as columns: those of the noun's own table, and those of related tables, each in a subquery.
import { PlatformError } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { NounCatalog } from './noun.js';
import { allOf, type ConditionScope, columnOf, type NounColumns, type RelationTables } from './sql-predicate.js';

/** Throws CONFIG_INVALID where a rule mentions what the table does not offer. */
export function conditionScope(catalog: NounCatalog, noun: string, columns: NounColumns): ConditionScope {
  return scopeAt(catalog, noun, columns, 0);
}

function scopeAt(catalog: NounCatalog, noun: string, columns: NounColumns, hops: number): ConditionScope {
  const known = catalog.get(noun);
  const alias = hops === 0 ? undefined : aliasAt(hops);
  const refuse = (what: string): never => {
    throw new PlatformError(
      'CONFIG_INVALID',
      `A rule on ${noun} mentions the ${what}, which the table does not offer.`,
    );
  };
  return {
    attribute(name) {
      const type = known?.attributes[name];
      const column = Object.hasOwn(columns.attributes, name) ? columns.attributes[name] : undefined;
      if (type === undefined || column === undefined) return refuse(`attribute "${name}"`);
      return alias === undefined ? { type, column } : { type, column, alias };
    },
    some(name, condition) {
      const target = known?.relations?.[name];
      const relations: RelationTables = columns.relations ?? {};
      const relation = Object.hasOwn(relations, name) ? relations[name] : undefined;
      if (target === undefined || relation === undefined) return refuse(`relation "${name}"`);
      const inner = aliasAt(hops + 1);
      const own = (column: PgColumn) => (alias === undefined ? sql`${column}` : columnOf(alias, column));
      const joined = relation.on.map(([mine, theirs]) => sql`${columnOf(inner, theirs)} = ${own(mine)}`);
      const { attributes, relations: further } = relation;
      const scope = scopeAt(catalog, target, { attributes, ...(further ? { relations: further() } : {}) }, hops + 1);
      return sql`exists (select 1 from ${relation.table} as ${sql.identifier(inner)} where ${allOf([...joined, condition(scope)])})`;
    },
  };
}

/** Subqueries stand inside one another, so that one name for each depth is enough. */
const aliasAt = (hops: number): string => `related_${hops}`;
