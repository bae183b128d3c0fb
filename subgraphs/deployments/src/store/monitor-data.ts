// Columns of logged inferences and of training sets, as drift tests take them.
import type { DriftColumn } from '@falaj/contracts';
import type { Tx } from '@falaj/database';
import { and, asc, eq, gt, gte, isNull, lt, lte, or } from 'drizzle-orm';
import type { Cell } from '../domain/inference-log/record.js';
import { PREDICTION } from '../domain/monitor/monitor-spec.js';
import { inferenceRecord } from './inference-record-tables.js';

/** What a monitor reads of a record. */
export interface WatchedRecord {
  readonly id: string;
  readonly at: Date;
  readonly modelVersionId: string;
  readonly rowCount: number;
  readonly features: readonly Readonly<Record<string, Cell>>[];
  readonly scores: readonly (number | null)[];
}

const watched = {
  id: inferenceRecord.id,
  at: inferenceRecord.at,
  modelVersionId: inferenceRecord.modelVersionId,
  rowCount: inferenceRecord.rowCount,
  features: inferenceRecord.features,
  scores: inferenceRecord.scores,
};

/** Answered inferences after a position, in the order in which windows take them. */
export async function recordsAfter(
  tx: Tx,
  endpointId: string,
  position: { readonly at: Date; readonly id: string },
  until: Date,
  limit: number,
): Promise<WatchedRecord[]> {
  const { at, id } = inferenceRecord;
  return tx
    .select(watched)
    .from(inferenceRecord)
    .where(
      and(
        eq(inferenceRecord.endpointId, endpointId),
        isNull(inferenceRecord.errorCode),
        // Bounds by time alone first: they choose the partitions.
        gte(at, position.at),
        or(gt(at, position.at), gt(id, position.id)),
        lte(at, until),
      ),
    )
    .orderBy(asc(at), asc(id))
    .limit(limit);
}

/** Answered inferences of a stretch of time, its end excluded. */
export async function recordsBetween(
  tx: Tx,
  endpointId: string,
  from: Date,
  to: Date,
  limit: number,
): Promise<WatchedRecord[]> {
  return tx
    .select(watched)
    .from(inferenceRecord)
    .where(
      and(
        eq(inferenceRecord.endpointId, endpointId),
        isNull(inferenceRecord.errorCode),
        gte(inferenceRecord.at, from),
        lt(inferenceRecord.at, to),
      ),
    )
    .orderBy(asc(inferenceRecord.at), asc(inferenceRecord.id))
    .limit(limit);
}

/** The values of a feature, or of the predictions, in the order of the rows. */
export function columnOf(records: readonly WatchedRecord[], feature: string, kind: DriftColumn['kind']): DriftColumn {
  const cells: Cell[] =
    feature === PREDICTION
      ? records.flatMap(({ scores }) => [...scores])
      : records.flatMap(({ features }) => features.map((row) => row[feature] ?? null));
  return kind === 'NUMERIC'
    ? { kind, values: Float64Array.from(cells, (cell) => (typeof cell === 'number' ? cell : Number.NaN)) }
    : { kind, values: cells.map((cell) => (cell === null ? null : String(cell))) };
}

export const presentIn = ({ kind, values }: DriftColumn): number =>
  kind === 'NUMERIC'
    ? values.reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : 1), 0)
    : values.filter((value) => value !== null).length;
