// Whole rows for the platform's own work, after the caller's right to it was checked; row-level security still applies.
import type { SourceRef } from '@falaj/contracts';
import type { Tx } from '@falaj/database';
import { PlatformError } from '@falaj/runtime';
import { eq, type InferSelectModel, inArray } from 'drizzle-orm';
import { dataSource, featureService, featureView, trainingSetView } from './tables.js';

export type SourceRecord = InferSelectModel<typeof dataSource>;
export type ViewRecord = InferSelectModel<typeof featureView>;
export type ServiceRecord = InferSelectModel<typeof featureService>;

export const sourceRef = (source: SourceRecord): SourceRef => ({ format: source.format, path: source.path });

export async function requiredSource(tx: Tx, id: string): Promise<SourceRecord> {
  const [row] = await tx.select().from(dataSource).where(eq(dataSource.id, id));
  if (!row) throw new PlatformError('NOT_FOUND', 'DataSource not found.', { details: { type: 'DataSource' } });
  return row;
}

export async function requiredView(tx: Tx, id: string): Promise<{ view: ViewRecord; source: SourceRef }> {
  const [found] = await viewsWithSources(tx, [id]);
  if (!found) throw new PlatformError('NOT_FOUND', 'FeatureView not found.', { details: { type: 'FeatureView' } });
  return { view: found.view, source: sourceRef(found.source) };
}

/** Views with their sources, in the order asked; what is missing is left out. */
export async function viewsWithSources(
  tx: Tx,
  ids: readonly string[],
): Promise<{ view: ViewRecord; source: SourceRecord }[]> {
  const rows = await tx
    .select({ view: featureView, source: dataSource })
    .from(featureView)
    .innerJoin(dataSource, eq(dataSource.id, featureView.sourceId))
    .where(inArray(featureView.id, [...ids]));
  return ids.flatMap((id) => rows.filter((row) => row.view.id === id).slice(0, 1));
}

export async function requiredService(tx: Tx, id: string): Promise<ServiceRecord> {
  const [row] = await tx.select().from(featureService).where(eq(featureService.id, id));
  if (!row) throw new PlatformError('NOT_FOUND', 'FeatureService not found.', { details: { type: 'FeatureService' } });
  return row;
}

/** View versions of each training set, one statement for all sets. */
export async function viewIdsOfSets(tx: Tx, setIds: readonly string[]): Promise<string[][]> {
  const rows = await tx
    .select()
    .from(trainingSetView)
    .where(inArray(trainingSetView.trainingSetId, [...setIds]))
    .orderBy(trainingSetView.featureViewId);
  return setIds.map((id) => rows.filter((row) => row.trainingSetId === id).map((row) => row.featureViewId));
}
