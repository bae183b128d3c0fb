// What is logged with runs: one statement per kind, whatever the size of the batch.
import type { Tx } from '@falaj/database';
import { PlatformError, refused } from '@falaj/runtime';
import { assertPermitInForce } from '@falaj/subgraph-kit';
import { sql } from 'drizzle-orm';
import { numberOf, type PointColumns } from '../domain/run-log.js';

/** A run as its logs need it. */
export interface LoggedRun {
  readonly id: string;
  readonly workspaceId: string;
  readonly zone: string;
}

export interface Entry {
  readonly key: string;
  readonly value: string;
}

const rowsOf = async <T>(tx: Tx, statement: ReturnType<typeof sql>): Promise<T[]> =>
  ((await tx.execute(statement)) as unknown as { rows: T[] }).rows;
const texts = (values: readonly string[]) => sql`${sql.param([...values])}::text[]`;
/** Array literals of numbers, for the driver quotes each element; NaN and infinities are written as PostgreSQL reads them. */
const literal = (values: readonly number[]) => `{${values.join()}}`;

/**
 * Takes the lock under which a run's logs are written. Throws PRECONDITION_FAILED unless the run is RUNNING, not archived
 * and its user's own, or the caller is the run's own program (`byRun`); with `tagsOnly` any run that is not archived will do.
 */
export async function openForLogging(
  tx: Tx,
  runId: string,
  { tagsOnly = false, byRun = false, lastStep = null as number | null } = {},
): Promise<void> {
  const [row] = await rowsOf<{
    kind: string;
    state: string;
    archived: boolean;
    instruments: string[];
    permittedUntil: string | null;
  }>(
    tx,
    sql`update experiments.run set revision = revision + 1,
      step = case when kind = 'LOGGED' then greatest(step, ${lastStep}::int) else step end
      where id = ${runId} returning kind, state, archived_at is not null as archived,
        transfer_instruments as instruments, permitted_until as "permittedUntil"`,
  );
  if (!row) throw new PlatformError('NOT_FOUND', 'Run not found.', { details: { type: 'Run' } });
  const { kind, state, archived } = row;
  const refuse = (limit: string, whatToDo: string): never => {
    const found = `a ${kind} run that is ${archived ? 'archived' : state}`;
    throw refused({ rule: 'LOG_WHAT_RUNS', found, limit, whatToDo }, 'PRECONDITION_FAILED', { runId, kind, state });
  };
  assertPermitInForce(`run ${runId}`, {
    transferInstruments: row.instruments,
    permittedUntil: row.permittedUntil ? new Date(row.permittedUntil) : null,
  });
  if (archived) refuse('a run that is not archived', 'restore it first by restoreRun');
  if (tagsOnly) return;
  if (kind !== 'LOGGED' && !byRun)
    refuse('a LOGGED run', 'add tags only: a training run is logged by the platform and its own program');
  if (state !== 'RUNNING') refuse('RUNNING', 'add tags only, or log another run');
}

/**
 * Points of a run whose row is locked, and with them the latest value of each key. A key has one value per step: sent
 * again it changes nothing, another value replaces it. Answers how many points are new or changed.
 */
export async function savePoints(tx: Tx, run: LoggedRun, points: PointColumns): Promise<number> {
  if (points.key.length === 0) return 0;
  const [saved] = await rowsOf<{ count: number }>(
    tx,
    sql`with names as (select ${texts(points.keys)} as list), points as (
      select names.list[place + 1] as key, step, value, to_timestamp(time / 1000.0) as logged_at
      from names, unnest(${literal(points.key)}::int[], ${literal(points.step)}::int[],
        ${literal(points.value)}::float8[], ${literal(points.time)}::float8[]) as given (place, step, value, time)
    ), saved as (
      insert into experiments.metric_point (workspace_id, run_id, key, step, value, logged_at)
      select ${run.workspaceId}, ${run.id}, key, step, value, logged_at from points
      on conflict (run_id, key, step) do update set value = excluded.value, logged_at = excluded.logged_at
        where metric_point.value is distinct from excluded.value
      returning 1
    ), latest as (
      insert into experiments.latest_metric as known (workspace_id, zone, run_id, key, step, value, logged_at)
      select distinct on (key) ${run.workspaceId}, ${run.zone}, ${run.id}, key, step, value, logged_at
      from points order by key, step desc
      on conflict (run_id, key) do update
        set step = excluded.step, value = excluded.value, logged_at = excluded.logged_at
        where known.step < excluded.step or (known.step = excluded.step and known.value is distinct from excluded.value)
    ) select count(*)::int as count from saved`,
  );
  return saved?.count ?? 0;
}

/** A parameter is set once: the same value again changes nothing, another is a CONFLICT. Answers how many are new. */
export async function saveParameters(tx: Tx, run: LoggedRun, entries: readonly Entry[]): Promise<number> {
  if (entries.length === 0) return 0;
  const keys = entries.map(({ key }) => key);
  const values = entries.map(({ value }) => value);
  const saved = await rowsOf(
    tx,
    sql`insert into experiments.run_parameter (workspace_id, zone, run_id, key, value, number)
      select ${run.workspaceId}, ${run.zone}, ${run.id}, key, value, number
      from unnest(${texts(keys)}, ${texts(values)}, ${sql.param(values.map(numberOf))}::float8[]) as given (key, value, number)
      on conflict (run_id, key) do nothing returning key`,
  );
  const clashes = await rowsOf<{ key: string; value: string; given: string }>(
    tx,
    sql`select known.key, known.value, given.value as given
      from unnest(${texts(keys)}, ${texts(values)}) as given (key, value)
      join experiments.run_parameter known on known.run_id = ${run.id} and known.key = given.key
      where known.value <> given.value limit 1`,
  );
  const [clash] = clashes;
  if (clash)
    throw new PlatformError(
      'CONFLICT',
      `Parameter "${clash.key}" of the run is ${JSON.stringify(clash.value)} and was sent as ${JSON.stringify(clash.given)}; a parameter is set once. Use a tag for what changes, or another run.`,
      { details: clash },
    );
  return saved.length;
}

/** The last value of each tag counts. Answers how many are new or changed. */
export async function saveTags(tx: Tx, run: LoggedRun, entries: readonly Entry[]): Promise<number> {
  if (entries.length === 0) return 0;
  const last = new Map(entries.map(({ key, value }) => [key, value]));
  const saved = await rowsOf(
    tx,
    sql`insert into experiments.run_tag as known (workspace_id, zone, run_id, key, value)
      select ${run.workspaceId}, ${run.zone}, ${run.id}, key, value
      from unnest(${texts([...last.keys()])}, ${texts([...last.values()])}) as given (key, value)
      on conflict (run_id, key) do update set value = excluded.value where known.value <> excluded.value
      returning key`,
  );
  return saved.length;
}

export async function removeTags(tx: Tx, runId: string, keys: readonly string[]): Promise<void> {
  await tx.execute(sql`delete from experiments.run_tag where run_id = ${runId} and key = any(${texts(keys)})`);
}

/** Training sets that a run reads, with their digests. */
export async function saveInputs(
  tx: Tx,
  run: LoggedRun,
  sets: readonly { readonly id: string; readonly digest: string }[],
): Promise<void> {
  if (sets.length === 0) return;
  await tx.execute(sql`insert into experiments.run_input (workspace_id, zone, run_id, training_set_id, digest)
    select ${run.workspaceId}, ${run.zone}, ${run.id}, id, digest
    from unnest(${texts(sets.map(({ id }) => id))}, ${texts(sets.map(({ digest }) => digest))}) as given (id, digest)`);
}
