import type { Tx } from '@falaj/database';
import { inArray, sql } from 'drizzle-orm';
import { inferenceLogCount } from './inference-record-tables.js';

export interface LogCounts {
  readonly written: number;
  readonly dropped: number;
  readonly sampledOut: number;
}

/** Over all processes, in the order of the endpoints. */
export async function logCounts(tx: Tx, endpointIds: readonly string[]): Promise<LogCounts[]> {
  const { endpointId, written, dropped, sampledOut } = inferenceLogCount;
  const rows = await tx
    .select({
      endpointId,
      written: sql<number>`sum(${written})::float8`,
      dropped: sql<number>`sum(${dropped})::float8`,
      sampledOut: sql<number>`sum(${sampledOut})::float8`,
    })
    .from(inferenceLogCount)
    .where(inArray(endpointId, [...endpointIds]))
    .groupBy(endpointId);
  return endpointIds.map(
    (id) => rows.find((row) => row.endpointId === id) ?? { written: 0, dropped: 0, sampledOut: 0 },
  );
}
