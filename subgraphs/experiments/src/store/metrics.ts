import type { SubgraphContext } from '@falaj/subgraph-kit';
import { and, asc, eq, gt, sql } from 'drizzle-orm';
import { metricPoint } from './tables.js';

export interface MetricPoint {
  readonly key: string;
  readonly step: number;
  readonly value: number;
  readonly loggedAt: Date;
}

/** The last point of each key of each run, one statement for all runs. */
export async function latestMetrics(context: SubgraphContext, runIds: readonly string[]): Promise<MetricPoint[][]> {
  const rows = await context.transaction((tx) =>
    tx
      .selectDistinctOn([metricPoint.runId, metricPoint.key])
      .from(metricPoint)
      .where(sql`${metricPoint.runId} = any(${sql.param([...runIds])}::text[])`)
      .orderBy(metricPoint.runId, metricPoint.key, sql`${metricPoint.step} desc`),
  );
  return runIds.map((id) => rows.filter((row) => row.runId === id));
}

/** Points of one key after a step, in order. */
export async function metricHistory(
  context: SubgraphContext,
  runId: string,
  key: string,
  afterStep: number,
  limit: number,
): Promise<MetricPoint[]> {
  return context.transaction((tx) =>
    tx
      .select()
      .from(metricPoint)
      .where(and(eq(metricPoint.runId, runId), eq(metricPoint.key, key), gt(metricPoint.step, afterStep)))
      .orderBy(asc(metricPoint.step))
      .limit(limit),
  );
}
