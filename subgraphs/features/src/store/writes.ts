// Statements that change this subgraph's tables; each runs in the caller's transaction.
import type { Tx } from '@falaj/database';
import type { InferInsertModel } from 'drizzle-orm';
import { and, eq, sql } from 'drizzle-orm';
import {
  dataSource,
  entity,
  featureService,
  featureView,
  materialization,
  trainingSet,
  trainingSetView,
} from './tables.js';

export async function insertDataSource(tx: Tx, row: InferInsertModel<typeof dataSource>): Promise<void> {
  await tx.insert(dataSource).values(row);
}

export async function insertEntity(tx: Tx, row: InferInsertModel<typeof entity>): Promise<void> {
  await tx.insert(entity).values(row);
}

/** The next version of a view's name; the lock makes concurrent creators take turns, so that versions have no gap and no twin. */
export async function nextViewVersion(tx: Tx, workspaceId: string, name: string): Promise<number> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`feature_view/${workspaceId}/${name}`}, 0))`);
  const [row] = await tx
    .select({ next: sql<number>`coalesce(max(${featureView.version}), 0) + 1` })
    .from(featureView)
    .where(and(eq(featureView.workspaceId, workspaceId), eq(featureView.name, name)));
  return Number(row?.next ?? 1);
}

export async function insertFeatureView(tx: Tx, row: InferInsertModel<typeof featureView>): Promise<void> {
  await tx.insert(featureView).values(row);
}

export async function saveBuild(
  tx: Tx,
  id: string,
  build: Pick<
    InferInsertModel<typeof featureView>,
    'rows' | 'keys' | 'digest' | 'firstEventTime' | 'lastEventTime' | 'statistics'
  >,
): Promise<void> {
  await tx
    .update(featureView)
    .set({ ...build, state: 'BUILT' })
    .where(eq(featureView.id, id));
}

export async function insertFeatureService(tx: Tx, row: InferInsertModel<typeof featureService>): Promise<void> {
  await tx.insert(featureService).values(row);
}

export async function insertTrainingSet(
  tx: Tx,
  row: InferInsertModel<typeof trainingSet>,
  featureViewIds: readonly string[],
): Promise<void> {
  await tx.insert(trainingSet).values(row);
  await tx
    .insert(trainingSetView)
    .values(
      featureViewIds.map((featureViewId) => ({ workspaceId: row.workspaceId, trainingSetId: row.id, featureViewId })),
    );
}

export async function insertMaterialization(tx: Tx, row: InferInsertModel<typeof materialization>): Promise<void> {
  await tx.insert(materialization).values(row);
}
