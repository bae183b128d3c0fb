// Whole rows for the platform's own work, after the caller's right to it was checked; row-level security still applies.
import type { FeatureViewSpec, SourceRef } from '@falaj/contracts';
import type { Tx } from '@falaj/database';
import { PlatformError } from '@falaj/runtime';
import { and, eq, type InferSelectModel, inArray, isNotNull } from 'drizzle-orm';
import { viewSpec } from '../domain/feature-view.js';
import type { PlannedView } from '../domain/training-set.js';
import { dataSource, entity, featureService, featureView, trainingSetRedaction, trainingSetView } from './tables.js';

export type SourceRecord = InferSelectModel<typeof dataSource>;
export type ViewRecord = InferSelectModel<typeof featureView>;
export type ServiceRecord = InferSelectModel<typeof featureService>;

export const sourceRef = (source: SourceRecord): SourceRef => ({ format: source.format, path: source.path });

export async function requiredSource(tx: Tx, id: string): Promise<SourceRecord> {
  const [row] = await tx.select().from(dataSource).where(eq(dataSource.id, id));
  if (!row) throw new PlatformError('NOT_FOUND', 'DataSource not found.', { details: { type: 'DataSource' } });
  return row;
}

export interface SourcedView {
  readonly view: ViewRecord;
  readonly source: SourceRecord;
  /** The key that names a person. */
  readonly subjectKey: string | null;
}

export async function requiredView(tx: Tx, id: string): Promise<SourcedView> {
  const [found] = await viewsWithSources(tx, [id]);
  if (!found) throw new PlatformError('NOT_FOUND', 'FeatureView not found.', { details: { type: 'FeatureView' } });
  return found;
}

export const specOf = ({ view, source, subjectKey }: SourcedView): FeatureViewSpec =>
  viewSpec(view, sourceRef(source), subjectKey);

/** The view as the online store holds it, and as a plan names it. */
export function plannedView({ view, subjectKey }: SourcedView): PlannedView {
  const part = view.definition.keys.findIndex((key) => key.name === subjectKey);
  return {
    columns: view.features.map(({ name, type }) => ({ name, type })),
    ttlSeconds: view.ttlSeconds,
    ...(part < 0 ? {} : { subject: { part, zone: view.zone } }),
  };
}

/** Views with their sources, in the order asked; what is missing is left out. */
export async function viewsWithSources(tx: Tx, ids: readonly string[]): Promise<SourcedView[]> {
  const rows = await tx
    .select({ view: featureView, source: dataSource, subjectKey: entity.subjectKey })
    .from(featureView)
    .innerJoin(dataSource, eq(dataSource.id, featureView.sourceId))
    .innerJoin(entity, eq(entity.id, featureView.entityId))
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

/** What erasures took out of each training set, oldest first; one statement for all sets. */
export async function redactionsOfSets(tx: Tx, setIds: readonly string[]) {
  const rows = await tx
    .select()
    .from(trainingSetRedaction)
    .where(inArray(trainingSetRedaction.trainingSetId, [...setIds]))
    .orderBy(trainingSetRedaction.redactedAt, trainingSetRedaction.erasureId);
  return setIds.map((id) => rows.filter((row) => row.trainingSetId === id));
}

/** Columns of each source that name persons, as views of it say. */
export async function personColumns(tx: Tx, sourceIds: readonly string[]): Promise<string[][]> {
  const rows = await tx
    .select({ sourceId: featureView.sourceId, definition: featureView.definition, subjectKey: entity.subjectKey })
    .from(featureView)
    .innerJoin(entity, eq(entity.id, featureView.entityId))
    .where(and(inArray(featureView.sourceId, [...sourceIds]), isNotNull(entity.subjectKey)));
  return sourceIds.map((id) => {
    const keys = rows
      .filter(({ sourceId }) => sourceId === id)
      .flatMap(({ definition, subjectKey }) => definition.keys.filter(({ name }) => name === subjectKey));
    return [...new Set(keys.flatMap((key) => ('column' in key ? [key.column] : [])))];
  });
}
