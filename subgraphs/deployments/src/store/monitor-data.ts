// Columns of logged inferences and of training sets, as drift tests take them.
import type { DriftColumn } from '@falaj/contracts';
import type { Tx } from '@falaj/database';
import { and, asc, eq, gt, gte, isNull, lt, lte, or, sql } from 'drizzle-orm';
import type { Cell } from '../domain/inference-log/record.js';
import { PREDICTION } from '../domain/monitor/monitor-spec.js';
import { inferenceRecord } from './inference-record-tables.js';

/** Records that a window or a reference is made of at most. */
export const MOST_RECORDS = 50_000;

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

interface Position {
  readonly at: Date;
  readonly id: string;
}

const { at, id } = inferenceRecord;
const answered = (endpointId: string) =>
  and(eq(inferenceRecord.endpointId, endpointId), isNull(inferenceRecord.errorCode));
const after = (position: Position, until: Date) =>
  // Bounds by time alone first: they choose the partitions.
  and(gte(at, position.at), or(gt(at, position.at), gt(id, position.id)), lte(at, until));

/** Answered inferences after a position, in the order in which windows take them. */
export async function recordsAfter(
  tx: Tx,
  endpointId: string,
  position: Position,
  until: Date,
  limit: number,
): Promise<WatchedRecord[]> {
  return tx
    .select(watched)
    .from(inferenceRecord)
    .where(and(answered(endpointId), after(position, until)))
    .orderBy(asc(at), asc(id))
    .limit(limit);
}

/** Rows of the first `limit` answered inferences after a position. */
export async function rowsAfter(
  tx: Tx,
  endpointId: string,
  position: Position,
  until: Date,
  limit: number,
): Promise<number> {
  const first = tx
    .select({ rows: inferenceRecord.rowCount })
    .from(inferenceRecord)
    .where(and(answered(endpointId), after(position, until)))
    .orderBy(asc(at), asc(id))
    .limit(limit)
    .as('first');
  const [found] = await tx.select({ rows: sql<number>`coalesce(sum(${first.rows}), 0)::int` }).from(first);
  return found?.rows ?? 0;
}

/** Answered inferences of a stretch of time, its end excluded; of more than `limit` a random share that fits about. */
export async function recordsBetween(
  tx: Tx,
  endpointId: string,
  from: Date,
  to: Date,
  limit: number,
): Promise<WatchedRecord[]> {
  const stretch = and(answered(endpointId), gte(at, from), lt(at, to));
  const count = await tx.$count(inferenceRecord, stretch);
  const share = Math.ceil(count / limit);
  // By a digest of the id: the same records at every look.
  const chosen = share > 1 ? sql`mod(hashtextextended(${id}, 0), ${share}::bigint) = 0` : undefined;
  return tx.select(watched).from(inferenceRecord).where(and(stretch, chosen)).orderBy(asc(at), asc(id));
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
