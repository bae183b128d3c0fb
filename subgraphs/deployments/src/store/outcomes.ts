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

/** One statement; `unmatched` are those whose inference id leads to no exposed subject of the endpoint. */
export async function saveOutcomes(
  tx: Tx,
  { id, workspaceId, zone }: Endpoint,
  outcomes: readonly NewOutcome[],
): Promise<{ recorded: number; repeated: number; unmatched: number }> {
  const subjects = await subjectsOf(tx, id, outcomes);
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

/**
 * Subjects by inference id: the exposure itself, or any later inference of its subject that the inference log holds.
 * A subject has one digest in all studies, so it does not matter which of them is found.
 */
async function subjectsOf(
  tx: Tx,
  endpointId: string,
  outcomes: readonly NewOutcome[],
): Promise<ReadonlyMap<string, string>> {
  const ids = outcomes.flatMap(({ subject, inferenceId }) => (subject || !inferenceId ? [] : [inferenceId]));
  if (ids.length === 0) return new Map();
  const { rows } = await tx.execute<{ inference_id: string; subject: string }>(sql`
    with wanted as (select distinct id from unnest(${sql.param(ids)}::text[]) as id),
    first as (
      select e.inference_id, e.subject from wanted w join deployments.exposure e on e.inference_id = w.id
      where e.endpoint_id = ${endpointId})
    select inference_id, subject from first
    union
    select r.id, e.subject from wanted w join deployments.inference_record r on r.id = w.id
      join deployments.exposure e on e.endpoint_id = r.endpoint_id and e.logged_subject = r.subject
      where r.endpoint_id = ${endpointId} and w.id not in (select inference_id from first)`);
  return new Map(rows.map(({ inference_id, subject }) => [inference_id, subject]));
}

export interface StudyData {
  readonly variants: readonly VariantData[];
  /** Subjects exposed to more than one variant; they are in no arm. */
  readonly severalArms: number;
}

export interface StudyLimits {
  /** What was exposed or recorded later is left out. */
  readonly until?: Date | null;
  /** Only so many subjects, those that were exposed first. */
  readonly first?: number | null;
}

interface StudyRow extends Record<string, unknown> {
  readonly variant: string;
  /** Null in the rows that count subjects. */
  readonly metric: string | null;
  readonly subjects: number;
  readonly total: number;
  readonly squares: number;
  readonly any: number;
}

/**
 * Subjects and outcomes of each arm, at one instant. Only what came after a subject's exposure counts; many callers know the
 * time of an event to the second only, so its second counts whole.
 */
export async function studyData(
  tx: Tx,
  endpointId: string,
  exposureKey: string,
  proportions: ReadonlySet<string>,
  { until = null, first = null }: StudyLimits = {},
): Promise<StudyData> {
  const end = sql`coalesce(${until?.toISOString() ?? null}::timestamptz, 'infinity')`;
  const alone = sql`select subject, variant, at from exposed where arms = 1`;
  // Sorting a million subjects to keep them all would take as long as all the rest.
  const sample =
    first === null ? sql`not materialized (${alone})` : sql`(${alone} order by at, subject limit ${first}::bigint)`;
  const { rows } = await tx.execute<StudyRow>(sql`
    with exposed as (
      select subject, min(variant) as variant, min(at) as at, count(*) as arms
      from deployments.exposure where study_id = ${exposureKey} and at <= ${end} group by subject),
    sample as ${sample},
    per_subject as (
      select s.variant, o.metric, sum(o.value) as total, bool_or(o.value > 0) as any
      from sample s join deployments.outcome o
        on o.endpoint_id = ${endpointId} and o.subject = s.subject
          and o.at >= date_trunc('second', s.at) and o.recorded_at <= ${end}
      group by s.variant, s.subject, o.metric)
    select variant, null as metric, count(*)::int as subjects, 0::float8 as total, 0::float8 as squares, 0 as any
      from sample group by variant
    union all select '', null, count(*)::int, 0, 0, 0 from exposed where arms > 1
    union all select variant, metric, 0, sum(total)::float8, sum(total * total)::float8,
        (count(*) filter (where "any"))::int
      from per_subject group by variant, metric`);
  const subjects = new Map(rows.filter(({ metric }) => metric === null).map((row) => [row.variant, row.subjects]));
  return {
    severalArms: subjects.get('') ?? 0,
    variants: [...subjects]
      .filter(([variant]) => variant !== '')
      .map(([name, n]) => ({
        name,
        subjects: n,
        outcomes: Object.fromEntries(
          rows
            .filter(({ variant, metric }) => variant === name && metric !== null)
            .map(({ metric, total, squares, any }): [string, ArmSample] => [
              metric as string,
              proportions.has(metric as string)
                ? { n, sum: any, sumOfSquares: any }
                : { n, sum: total, sumOfSquares: squares },
            ]),
        ),
      })),
  };
}
