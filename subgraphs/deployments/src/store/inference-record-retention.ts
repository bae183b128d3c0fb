import type { Database } from '@falaj/database';
import { sql } from 'drizzle-orm';

const LOCK = 7_270_032;
const DAY_MS = 86_400_000;
/** Days kept of an endpoint whose log was never set up. */
const DEFAULT_DAYS = 30;

/**
 * Makes the partitions of the days to come and forgets what is older than its endpoint's retention: whole days that no
 * endpoint keeps are dropped, of the others single rows are deleted. One process at a time: the lock goes with the transaction.
 */
export async function sweepInferenceRecords(database: Pick<Database, 'asSystem'>, now: Date): Promise<void> {
  await database.asSystem(async (tx) => {
    const { rows } = await tx.execute<{ ours: boolean }>(sql`select pg_try_advisory_xact_lock(${LOCK}) as ours`);
    if (!rows[0]?.ours) return;
    for (const ahead of [0, 1, 2]) {
      const day = new Date(now.getTime() + ahead * DAY_MS).toISOString().slice(0, 10);
      await tx.execute(sql`select deployments.ensure_inference_partition(${day}::date)`);
    }
    const today = sql`(${now.toISOString()}::timestamptz at time zone 'UTC')::date`;
    await tx.execute(sql`select deployments.drop_inference_partitions((
      select ${today} - greatest(coalesce(max(retention_days), 0), ${DEFAULT_DAYS}) from deployments.inference_log))`);
    await tx.execute(sql`
      delete from deployments.inference_record record using deployments.inference_log log
      where log.endpoint_id = record.endpoint_id
        and record.at < ${now.toISOString()}::timestamptz - make_interval(days => log.retention_days)`);
    await tx.execute(sql`
      delete from deployments.inference_label label using deployments.inference_log log
      where log.endpoint_id = label.endpoint_id
        and label.at < ${now.toISOString()}::timestamptz - make_interval(days => 2 * log.retention_days)`);
  });
}
