// Subjects of studies are personal data: they go once nothing is to be computed from them any more.
import type { Database } from '@falaj/database';
import { and, eq, isNull, sql } from 'drizzle-orm';
import { abTestResult } from './ab-test-result.js';
import { abTest } from './rollout-tables.js';

/** After the end of a test or rollout. */
const KEPT_DAYS = 90;
/** Exposures of the last moments may still be on their way. */
const SETTLED_MS = 60_000;

/** Keeps the results of tests that ended without a decision, then forgets exposures and outcomes that no study needs. */
export async function sweepStudies(database: Database, now: Date): Promise<void> {
  const ended = await database.asSystem((tx) =>
    tx
      .select()
      .from(abTest)
      .where(and(eq(abTest.state, 'STOPPED'), isNull(abTest.result))),
  );
  for (const test of ended) {
    if (Number(test.stoppedAt) > Number(now) - SETTLED_MS) continue;
    await database.asSystem(async (tx) => {
      const result = await abTestResult(tx, test);
      await tx.update(abTest).set({ result }).where(eq(abTest.id, test.id));
    });
  }
  const limit = new Date(Number(now) - KEPT_DAYS * 86_400_000).toISOString();
  await database.asSystem((tx) =>
    tx.execute(sql`
      delete from deployments.exposure e where e.at < ${limit}::timestamptz
        and not exists (select from deployments.ab_test t where t.id = e.study_id
          and (t.result is null or t.stopped_at >= ${limit}::timestamptz))
        and not exists (select from deployments.rollout r where r.id = split_part(e.study_id, '/', 1)
          and (r.state = 'RUNNING' or r.decided_at >= ${limit}::timestamptz))`),
  );
  await database.asSystem((tx) =>
    tx.execute(sql`
      delete from deployments.outcome o where o.recorded_at < ${limit}::timestamptz
        and not exists (select from deployments.ab_test t where t.endpoint_id = o.endpoint_id
          and (t.result is null or t.stopped_at >= ${limit}::timestamptz))
        and not exists (select from deployments.rollout r where r.endpoint_id = o.endpoint_id
          and (r.state = 'RUNNING' or r.decided_at >= ${limit}::timestamptz))`),
  );
}
