// Outcomes of subjects, and their sums over the arms of a study.
import { randomUUID } from 'node:crypto';
import type { Tx } from '@falaj/database';
import { sql } from 'drizzle-orm';
import type { VariantData } from '../domain/ab-test/result.js';
import type { ArmSample } from '../domain/ab-test/samples.js';
import { subjectDigest } from './exposures.js';

export interface NewOutcome {
  readonly subject?: string | null | undefined;
  readonly inferenceId?: string | null | undefined;
  readonly metric: string;
  readonly value: number;
  readonly at?: Date | null | undefined;
  /** An outcome is recorded once under its key. */
  readonly key?: string | null | undefined;
}

interface Endpoint {
  readonly id: string;
  readonly workspaceId: string;
  readonly zone: string;
}

/** One statement; `unmatched` are those whose inference is no subject's first exposure. */
export async function saveOutcomes(
  tx: Tx,
  { id, workspaceId, zone }: Endpoint,
  outcomes: readonly NewOutcome[],
): Promise<{ recorded: number; repeated: number; unmatched: number }> {
  const subjects = await subjectsOf(tx, outcomes);
  const found = outcomes.flatMap((outcome) => {
    const subject = outcome.subject
      ? subjectDigest(workspaceId, outcome.subject)
      : subjects.get(outcome.inferenceId ?? '');
    return subject ? [{ ...outcome, subject }] : [];
  });
  const now = new Date();
  const texts = (values: readonly string[]) => sql`${sql.param([...values])}::text[]`;
  const { rows } = await tx.execute<{ one: number }>(sql`
    insert into deployments.outcome (workspace_id, zone, endpoint_id, key, subject, metric, value, at)
    select ${workspaceId}, ${zone}, ${id}, * from unnest(${texts(found.map(({ key }) => key ?? randomUUID()))},
      ${texts(found.map(({ subject }) => subject))}, ${texts(found.map(({ metric }) => metric))},
      ${`{${found.map(({ value }) => value).join()}}`}::float8[],
      ${texts(found.map(({ at }) => (at ?? now).toISOString()))}::timestamptz[])
    on conflict do nothing returning 1 as one`);
  return {
    recorded: rows.length,
    repeated: found.length - rows.length,
    unmatched: outcomes.length - found.length,
  };
}

async function subjectsOf(tx: Tx, outcomes: readonly NewOutcome[]): Promise<ReadonlyMap<string, string>> {
  const ids = outcomes.flatMap(({ subject, inferenceId }) => (subject || !inferenceId ? [] : [inferenceId]));
  if (ids.length === 0) return new Map();
  const { rows } = await tx.execute<{ inference_id: string; subject: string }>(
    sql`select inference_id, subject from deployments.exposure where inference_id = any(${sql.param(ids)}::text[])`,
  );
  return new Map(rows.map(({ inference_id, subject }) => [inference_id, subject]));
}

export interface StudyData {
  readonly variants: readonly VariantData[];
  /** Subjects exposed to more than one variant; they are in no arm. */
  readonly severalArms: number;
}

/** Subjects and outcomes of each arm. Only what came after a subject's exposure counts. */
export async function studyData(
  tx: Tx,
  endpointId: string,
  exposureKey: string,
  proportions: ReadonlySet<string>,
): Promise<StudyData> {
  const exposed = sql`
    with exposed as (
      select subject, min(variant) as variant, min(at) as at, count(*) as arms
      from deployments.exposure where study_id = ${exposureKey} group by subject)`;
  const counted = await tx.execute<{ variant: string; subjects: number; several: number }>(sql`${exposed}
    select case when arms = 1 then variant else '' end as variant, count(*)::int as subjects from exposed group by 1`);
  const summed = await tx.execute<{
    variant: string;
    metric: string;
    n: number;
    total: number;
    squares: number;
    any: number;
  }>(sql`${exposed},
    per_subject as (
      select e.variant, o.metric, sum(o.value) as total, bool_or(o.value > 0) as any
      from exposed e join deployments.outcome o
        on o.endpoint_id = ${endpointId} and o.subject = e.subject and o.at >= e.at
      where e.arms = 1 group by e.variant, e.subject, o.metric)
    select variant, metric, sum(total)::float8 as total, sum(total * total)::float8 as squares,
      count(*) filter (where "any")::int as any
    from per_subject group by variant, metric`);
  const subjects = new Map(counted.rows.map((row) => [row.variant, row.subjects]));
  return {
    severalArms: subjects.get('') ?? 0,
    variants: [...subjects]
      .filter(([variant]) => variant !== '')
      .map(([name, n]) => ({
        name,
        subjects: n,
        outcomes: Object.fromEntries(
          summed.rows
            .filter(({ variant }) => variant === name)
            .map(({ metric, total, squares, any }): [string, ArmSample] => [
              metric,
              proportions.has(metric) ? { n, sum: any, sumOfSquares: any } : { n, sum: total, sumOfSquares: squares },
            ]),
        ),
      })),
  };
}
