// Labels: what turned out to be true of an inference. They come late, may be corrected, and may come before their record.
import type { Tx } from '@falaj/database';
import { sql } from 'drizzle-orm';

export interface Label {
  readonly inferenceId: string;
  readonly row: number;
  readonly value: number;
  /** When it was known; of two labels of one row the later one stands. */
  readonly at: Date;
}

export interface LabelCounts {
  /** Written, or put in the place of an earlier one. */
  readonly recorded: number;
  /** The same or a later one was there. */
  readonly kept: number;
  /** Whose inference is not written down, or not yet: they join it when it comes. */
  readonly unmatched: number;
}

export async function recordLabels(
  tx: Tx,
  endpoint: { readonly id: string; readonly workspaceId: string; readonly zone: string },
  labels: readonly Label[],
): Promise<LabelCounts> {
  // In one order everywhere, so that no two writers wait for each other; of two in one request the later one counts.
  const last = new Map<string, Label>();
  for (const label of [...labels].sort((a, b) => a.at.getTime() - b.at.getTime()))
    last.set(`${label.inferenceId}\n${label.row}`, label);
  const rows = [...last].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, label]) => label);
  const given = sql`json_to_recordset(${JSON.stringify(
    rows.map(({ inferenceId, row, value, at }) => ({ inference_id: inferenceId, row_number: row, value, at })),
  )}::json) as given (inference_id text, row_number int, value double precision, at timestamptz)`;
  const written = await tx.execute<{ n: number }>(sql`
    with written as (
      insert into deployments.inference_label as own (endpoint_id, inference_id, row_number, workspace_id, zone, value, at)
      select ${endpoint.id}, given.inference_id, given.row_number, ${endpoint.workspaceId}, ${endpoint.zone}, given.value, given.at
      from ${given}
      on conflict (endpoint_id, inference_id, row_number) do update set value = excluded.value, at = excluded.at
        where excluded.at > own.at
      returning 1)
    select count(*)::int as n from written`);
  const unmatched = await tx.execute<{ n: number }>(sql`
    select count(*)::int as n from ${given}
    where not exists (select from deployments.inference_record record
      where record.id = given.inference_id and record.endpoint_id = ${endpoint.id})`);
  const recorded = written.rows[0]?.n ?? 0;
  return { recorded, kept: labels.length - recorded, unmatched: unmatched.rows[0]?.n ?? 0 };
}
