// What was logged with runs, for resolvers that hold the runs themselves: their rows went through the policy already.
import type { SubgraphContext } from '@falaj/subgraph-kit';
import { and, asc, eq, gt, type SQL, sql } from 'drizzle-orm';
import { metricPoint } from './tables.js';

export interface MetricPoint {
  readonly key: string;
  readonly step: number;
  readonly value: number;
  readonly loggedAt: Date;
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

/** Points of one stretch of steps in one row; `min`, `max` and `mean` are of its finite values, null where it has none. */
export interface MetricBucket {
  readonly fromStep: number;
  readonly toStep: number;
  readonly count: number;
  readonly notFinite: number;
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
}

/**
 * The points of one key from `fromStep` to `toStep` in at most so many stretches of equal width. Empty stretches are left
 * out. The points are read once, in the order of their index.
 */
export async function metricBuckets(
  context: SubgraphContext,
  runId: string,
  key: string,
  { buckets, fromStep, toStep }: { buckets: number; fromStep: number; toStep: number },
): Promise<MetricBucket[]> {
  const of = sql`run_id = ${runId} and key = ${key} and step between ${fromStep} and ${toStep}`;
  return rowsOf<MetricBucket>(
    context,
    sql`with ends as materialized (select min(step)::bigint as low, max(step)::bigint as high from experiments.metric_point where ${of})
      select min(step) as "fromStep", max(step) as "toStep", count(*)::int as count,
        count(*) filter (where not finite)::int as "notFinite",
        min(value) filter (where finite) as min, max(value) filter (where finite) as max,
        avg(value) filter (where finite) as mean
      from (
        select step, value, value not in ('NaN', 'Infinity', '-Infinity') as finite,
          (step - low) * ${buckets}::bigint / (high - low + 1) as bucket
        from experiments.metric_point, ends where ${of}
      ) points group by bucket order by bucket`,
  );
}

/** An instant as milliseconds since 1970, for raw statements answer instants as text. */
interface Dated {
  readonly loggedAt: number;
}
const milliseconds = sql`(extract(epoch from logged_at) * 1000)::float8 as "loggedAt"`;

/** Rows of each run among the keys, or all keys, one statement for all runs. */
function ofRuns<T extends { readonly runId: string }>(columns: SQL, table: string) {
  return async (
    context: SubgraphContext,
    runIds: readonly string[],
    keys: readonly string[] | null,
  ): Promise<T[][]> => {
    const rows = await rowsOf<T>(
      context,
      sql`select run_id as "runId", ${columns} from ${sql.raw(table)}
        where run_id = any(${sql.param([...runIds])}::text[])
        ${keys === null ? sql`` : sql`and key = any(${sql.param([...keys])}::text[])`} order by run_id, key collate "C"`,
    );
    return grouped(rows, runIds);
  };
}

export type LoggedMetric = Omit<MetricPoint, 'loggedAt'> & Dated & { readonly runId: string };

/** The point of the highest step of each key of each run. */
export const latestMetrics = ofRuns<LoggedMetric>(sql`key, step, value, ${milliseconds}`, 'experiments.latest_metric');

export interface LoggedEntry {
  readonly runId: string;
  readonly key: string;
  readonly value: string;
}
export const parametersOf = ofRuns<LoggedEntry>(sql`key, value`, 'experiments.run_parameter');
export const tagsOf = ofRuns<LoggedEntry>(sql`key, value`, 'experiments.run_tag');

export interface LoggedInput {
  readonly runId: string;
  readonly trainingSetId: string;
  readonly digest: string;
}
export async function inputsOf(context: SubgraphContext, runIds: readonly string[]): Promise<LoggedInput[][]> {
  const rows = await rowsOf<LoggedInput>(
    context,
    sql`select run_id as "runId", training_set_id as "trainingSetId", digest from experiments.run_input
      where run_id = any(${sql.param([...runIds])}::text[]) order by run_id, training_set_id`,
  );
  return grouped(rows, runIds);
}

export interface LoggedArtifact {
  readonly runId: string;
  readonly path: string;
  readonly artifactKey: string;
  readonly digest: string;
  readonly bytes: number;
  readonly contentType: string;
  readonly loggedAt: number;
}
export async function artifactsOf(context: SubgraphContext, runIds: readonly string[]): Promise<LoggedArtifact[][]> {
  const rows = await rowsOf<LoggedArtifact>(
    context,
    sql`select run_id as "runId", path, artifact_key as "artifactKey", digest, bytes, content_type as "contentType",
        ${milliseconds}
      from experiments.run_artifact where run_id = any(${sql.param([...runIds])}::text[]) order by run_id, path`,
  );
  return grouped(rows, runIds);
}

function grouped<T extends { readonly runId: string }>(rows: readonly T[], runIds: readonly string[]): T[][] {
  const byRun = new Map<string, T[]>();
  for (const row of rows) {
    const own = byRun.get(row.runId);
    if (own) own.push(row);
    else byRun.set(row.runId, [row]);
  }
  return runIds.map((id) => byRun.get(id) ?? []);
}

async function rowsOf<T>(context: SubgraphContext, statement: SQL): Promise<T[]> {
  const result = await context.transaction((tx) => tx.execute(statement));
  return (result as unknown as { rows: T[] }).rows;
}
