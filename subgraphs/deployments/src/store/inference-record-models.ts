import type { Tx } from '@falaj/database';
import { and, inArray, sql } from 'drizzle-orm';
import type { DeployableModel } from '../domain/deployable-model.js';
import { inferenceRecord } from './inference-record-tables.js';
import { endpointRevision } from './tables.js';

type ModelFacts = Pick<DeployableModel, 'categories' | 'allowedZones' | 'origins'>;

/** Of a record whose revision is gone anything could have been the origin. */
const UNKNOWN: ModelFacts = { categories: ['unknown'], allowedZones: [] };

/** The model that answered in each record, the same object for the same revision. */
export async function modelsOfRecords(tx: Tx, ids: readonly string[]): Promise<ModelFacts[]> {
  const { id, endpointId, revision } = inferenceRecord;
  const records = await tx
    .select({ id, endpointId, revision })
    .from(inferenceRecord)
    .where(inArray(id, [...ids]));
  const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)];
  const revisions = await tx
    .select({
      endpointId: endpointRevision.endpointId,
      revision: endpointRevision.revision,
      // Without the serving plan, which is most of it.
      facts: sql<ModelFacts>`jsonb_build_object('categories', ${endpointRevision.model} -> 'categories',
        'allowedZones', ${endpointRevision.model} -> 'allowedZones',
        'origins', coalesce(${endpointRevision.model} -> 'origins', '[null]'))`,
    })
    .from(endpointRevision)
    .where(
      and(
        inArray(endpointRevision.endpointId, distinct(records.map((record) => record.endpointId))),
        inArray(endpointRevision.revision, distinct(records.map((record) => record.revision))),
      ),
    );
  const keyOf = (row: { readonly endpointId: string; readonly revision: number }) =>
    `${row.endpointId}/${row.revision}`;
  const facts = new Map(revisions.map((row) => [keyOf(row), row.facts]));
  const ofRecord = new Map(records.map((record) => [record.id, facts.get(keyOf(record)) ?? UNKNOWN]));
  return ids.map((one) => ofRecord.get(one) ?? UNKNOWN);
}
