// How good the answers of an endpoint were, once it is known what was true.
import type { Tx } from '@falaj/database';
import { sql } from 'drizzle-orm';

export interface QualityRequest {
  readonly endpointId: string;
  readonly from: Date;
  readonly to: Date;
  readonly bucketSeconds: number;
  readonly by: 'VERSION' | 'VARIANT';
}

export interface InferenceQuality {
  readonly modelVersionId: string;
  readonly modelVersion: number;
  readonly variant: string | null;
  readonly from: Date;
  readonly rows: number;
  readonly labelled: number;
  readonly coverage: number;
  readonly baseRate: number | null;
  readonly auc: number | null;
  readonly brier: number | null;
  readonly logLoss: number | null;
  readonly accuracy: number | null;
  readonly meanAbsoluteError: number | null;
  readonly rootMeanSquaredError: number | null;
  readonly reason: string | null;
}

interface Row extends Record<string, unknown> {
  readonly model_version_id: string;
  readonly model_version: number;
  readonly variant: string | null;
  readonly bucket: string;
  readonly rows: number;
  readonly labelled: number;
  readonly binary: boolean | null;
  readonly positives: number;
  readonly positive_ranks: number | null;
  readonly brier: number | null;
  readonly log_loss: number | null;
  readonly accuracy: number | null;
  readonly mae: number | null;
}

/** Keeps the logarithm finite, as scikit-learn's `log_loss` does. */
const LEAST = Number.EPSILON;

/**
 * Rows, labelled rows and scores by version (and variant) and bucket of time of the request, oldest first. AUC is the
 * Mann-Whitney statistic with average ranks for ties, exact over all labelled rows (Hanley and McNeil, 1982). Figures of
 * fewer labels than `smallestGroup` are null.
 */
export async function inferenceQuality(
  tx: Tx,
  request: QualityRequest,
  smallestGroup: number,
): Promise<InferenceQuality[]> {
  const { endpointId, from, to, bucketSeconds, by } = request;
  const { rows } = await tx.execute<Row>(sql`
    with answer as (
      select record.model_version_id, record.model_version,
        ${by === 'VARIANT' ? sql`record.variant` : sql`null::text`} as variant,
        date_bin(make_interval(secs => ${bucketSeconds}), record.at, ${from.toISOString()}::timestamptz) as bucket,
        answered.score, label.value as label,
        answered.score is not null and label.value is not null as usable
      from deployments.inference_record record
      cross join lateral unnest(record.scores) with ordinality as answered (score, place)
      left join deployments.inference_label label on label.endpoint_id = record.endpoint_id
        and label.inference_id = record.id and label.row_number = answered.place - 1
      where record.endpoint_id = ${endpointId} and record.at >= ${from.toISOString()}::timestamptz
        and record.at < ${to.toISOString()}::timestamptz and record.error_code is null
    ), ranked as (
      select *, least(greatest(score, ${LEAST}::float8), 1 - ${LEAST}::float8) as chance,
        rank() over (partition by model_version_id, variant, bucket, usable order by score)
          + (count(*) over (partition by model_version_id, variant, bucket, usable, score) - 1) / 2.0 as place
      from answer
    )
    select model_version_id, model_version, variant, to_char(bucket at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as bucket,
      count(*)::int as rows, (count(*) filter (where usable))::int as labelled,
      bool_and(label in (0, 1)) filter (where usable) as binary,
      (count(*) filter (where usable and label = 1))::int as positives,
      (sum(place) filter (where usable and label = 1))::float8 as positive_ranks,
      avg((score - label) ^ 2) filter (where usable) as brier,
      avg(-(label * ln(chance) + (1 - label) * ln(1 - chance))) filter (where usable and label in (0, 1)) as log_loss,
      avg(case when (score >= 0.5) = (label = 1) then 1.0 else 0.0 end) filter (where usable)::float8 as accuracy,
      avg(abs(score - label)) filter (where usable) as mae
    from ranked
    group by model_version_id, model_version, variant, bucket
    order by ranked.bucket, model_version, variant`);
  return rows.map((row) => shown(row, smallestGroup));
}

function shown(row: Row, smallestGroup: number): InferenceQuality {
  const { labelled, positives } = row;
  if (labelled > 0 && labelled < smallestGroup) return withheld(row, smallestGroup);
  const negatives = labelled - positives;
  const binary = row.binary === true;
  const both = binary && positives > 0 && negatives > 0;
  const squared = row.brier;
  return {
    modelVersionId: row.model_version_id,
    modelVersion: row.model_version,
    variant: row.variant,
    from: new Date(row.bucket),
    rows: row.rows,
    labelled,
    coverage: labelled / row.rows,
    baseRate: binary ? positives / labelled : null,
    auc: both ? ((row.positive_ranks ?? 0) - (positives * (positives + 1)) / 2) / (positives * negatives) : null,
    brier: binary ? squared : null,
    logLoss: binary ? row.log_loss : null,
    accuracy: binary ? row.accuracy : null,
    meanAbsoluteError: labelled > 0 && !binary ? row.mae : null,
    rootMeanSquaredError: labelled > 0 && !binary && squared !== null ? Math.sqrt(squared) : null,
    reason: reasonOf(labelled, binary, both),
  };
}

/** A score over few labels gives the labels away. */
function withheld(row: Row, smallestGroup: number): InferenceQuality {
  return {
    ...shown({ ...row, labelled: 0, positives: 0, binary: null, mae: null }, 0),
    labelled: row.labelled,
    coverage: row.labelled / row.rows,
    reason: `Fewer than ${smallestGroup} rows have a label: figures of so few would tell of each.`,
  };
}

function reasonOf(labelled: number, binary: boolean, both: boolean): string | null {
  if (labelled === 0) return 'No row has a label yet.';
  if (!binary) return 'Labels are not only 0 and 1: errors are given, not scores of a classifier.';
  return both ? null : 'All labels are the same: there is no AUC.';
}
