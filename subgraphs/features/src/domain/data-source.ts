import type { SourceDescription } from '@falaj/contracts';
import { PlatformError } from '@falaj/runtime';
import { z } from 'zod';
import { name } from './names.js';

/** From the least guarded to the most. */
export const fieldClasses = ['open', 'internal', 'sensitive', 'pii', 'secret'] as const;
export type ColumnClass = (typeof fieldClasses)[number];

/** What is made of several columns is guarded as the most guarded of them; of no column it is `internal`. */
export function mostGuarded(classes: readonly ColumnClass[]): ColumnClass {
  const rank = Math.max(...classes.map((each) => fieldClasses.indexOf(each)));
  return fieldClasses[rank] ?? 'internal';
}

/** A column of a source with the class that rules decide by. */
export interface SourceColumn {
  readonly name: string;
  readonly type: string;
  readonly fieldClass: ColumnClass;
}

export const dataCategories = ['none', 'personal', 'sensitive', 'health', 'banking', 'government'] as const;

export const dataSourceInput = z.object({
  name,
  format: z.enum(['JSON', 'CSV', 'PARQUET']),
  path: z.string().min(1).max(1024),
  zone: z.string().min(2).max(16),
  categories: z.array(z.enum(dataCategories)).min(1).default(['none']),
  columnClasses: z.array(z.object({ column: z.string(), fieldClass: z.enum(fieldClasses) })).default([]),
});
export type DataSourceInput = z.output<typeof dataSourceInput>;

/** Columns as found in the file, each with its declared class; columns that were not declared are `internal`. */
export function classifyColumns(
  description: SourceDescription,
  declared: DataSourceInput['columnClasses'],
): SourceColumn[] {
  const found = new Set(description.columns.map((column) => column.name));
  const unknown = declared.filter((entry) => !found.has(entry.column)).map((entry) => entry.column);
  if (unknown.length > 0) {
    throw new PlatformError(
      'BAD_USER_INPUT',
      `input.columnClasses: the file has no column ${unknown.map((column) => `"${column}"`).join(', ')}; it has ${[...found].join(', ')}.`,
      { details: { field: 'columnClasses', found: unknown, allowed: [...found] } },
    );
  }
  const classes = new Map(declared.map((entry) => [entry.column, entry.fieldClass]));
  return description.columns.map((column) => ({
    name: column.name,
    type: column.type,
    fieldClass: classes.get(column.name) ?? 'internal',
  }));
}
