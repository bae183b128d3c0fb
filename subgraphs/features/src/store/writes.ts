// Statements that change this subgraph's tables; each runs in the caller's transaction.
import type { BuiltFeatureView } from '@falaj/contracts';
import type { Tx } from '@falaj/database';
import type { InferInsertModel } from 'drizzle-orm';
import { eq, sql } from 'drizzle-orm';
import {
  dataSource,
  entity,
  featureService,
  featureView,
  featureViewName,
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

/** The next version of a view's name; the row's lock makes concurrent creators take turns: no gap, no twin. */
export async function nextViewVersion(tx: Tx, workspaceId: string, name: string): Promise<number> {
  const [row] = await tx
    .insert(featureViewName)
    .values({ workspaceId, name, versions: 1 })
    .onConflictDoUpdate({
      target: [featureViewName.workspaceId, featureViewName.name],
      set: { versions: sql`${featureViewName.versions} + 1` },
    })
    .returning({ versions: featureViewName.versions });
  return row?.versions ?? 1;
}

export async function insertFeatureView(tx: Tx, row: InferInsertModel<typeof featureView>): Promise<void> {
  await tx.insert(featureView).values(row);
}

export async function saveBuild(tx: Tx, id: string, built: BuiltFeatureView): Promise<void> {
  const { rows, keys, digest, firstEventTime, lastEventTime, statistics } = built;
  await tx
    .update(featureView)
    .set({
      rows,
      keys,
      digest,
      firstEventTime: firstEventTime === null ? null : new Date(firstEventTime),
      lastEventTime: lastEventTime === null ? null : new Date(lastEventTime),
      statistics: [...statistics],
      state: 'BUILT',
    })
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
