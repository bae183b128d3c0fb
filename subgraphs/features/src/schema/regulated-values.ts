// Values of regulated data and where their reader works. What is asked is what the rows hold, not what of it the reader may
// see: a withheld category opens nothing.
import type { Tx } from '@falaj/database';
import type { ReadData } from '@falaj/subgraph-kit';
import { inArray } from 'drizzle-orm';
import { dataSource, featureView } from '../store/tables.js';
import type { FeaturesContext } from './context.js';

interface Held {
  readonly zone: string;
  readonly categories: readonly string[];
}

/** What values of one row are of: data of its own zone. */
export const heldData = ({ zone, categories }: Held): ReadData => ({
  categories,
  origins: () => [{ zone, categories }],
});

const tables = { DataSource: dataSource, FeatureView: featureView } as const;

/** Whether values of the row may not go where the reader works. */
export async function isReaderAbroad(
  context: FeaturesContext,
  noun: keyof typeof tables,
  id: string,
): Promise<boolean> {
  const found = await context.load(`Held by ${noun}`, id, (ids) =>
    context.transaction((tx) => heldBy(tx, tables[noun], ids)),
  );
  return (await context.services.readers.refusal(context.principal, heldData(found))) !== null;
}

async function heldBy(tx: Tx, table: (typeof tables)[keyof typeof tables], ids: readonly string[]): Promise<Held[]> {
  const { id, zone, categories } = table;
  const rows = await tx
    .select({ id, zone, categories })
    .from(table)
    .where(inArray(id, [...ids]));
  // Of a row that is gone nothing is known: any category could have been meant.
  return ids.map((one) => rows.find((row) => row.id === one) ?? { zone: '', categories: ['unknown'] });
}
