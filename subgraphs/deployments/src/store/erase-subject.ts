// What becomes of a data subject in the records of this subgraph: their key is destroyed, and what was filed under a plain
// digest of them gets a name that leads nowhere.
import { randomBytes } from 'node:crypto';
import type { Tx } from '@falaj/database';
import type { SubjectPlace } from '@falaj/subgraph-kit';
import { sql } from 'drizzle-orm';
import { subjectDigest } from './exposures.js';
import type { InferenceLogSettings } from './inference-record-settings.js';

export interface ErasedSubject {
  /** Whether there was a key, which is now destroyed. */
  readonly keyDestroyed: boolean;
  /** Inference records that nobody can tell to be the subject's any more. */
  readonly records: number;
  /** Exposures and outcomes of A/B tests: they count on, under a random name. */
  readonly studyRows: number;
}

/** In the caller's transaction. A second time finds nothing, which is no error. */
export async function eraseSubject(
  tx: Tx,
  settings: InferenceLogSettings,
  place: SubjectPlace,
  subject: string,
): Promise<ErasedSubject> {
  const { workspaceId, zone } = place;
  const key = await settings.subjects.find(tx, place, subject);
  let records = 0;
  if (key) {
    const logs = await tx.execute<{ id: string }>(sql`
      select endpoint_id as id from deployments.inference_log where workspace_id = ${workspaceId} and zone = ${zone}`);
    for (const { id } of logs.rows) {
      const pseudonym = settings.pseudonymOf(id, subject, key);
      if (pseudonym === null) continue;
      const { rows } = await tx.execute<{ n: number }>(sql`
        select count(*)::int as n from deployments.inference_record where endpoint_id = ${id} and subject = ${pseudonym}`);
      records += rows[0]?.n ?? 0;
    }
  }
  const keyDestroyed = await settings.subjects.destroy(tx, place, subject);
  const plain = subjectDigest(workspaceId, subject);
  const nobody = `erased:${randomBytes(16).toString('hex')}`;
  const { rows } = await tx.execute<{ n: number }>(sql`
    with exposures as (
      update deployments.exposure set subject = ${nobody}, logged_subject = null
      where workspace_id = ${workspaceId} and zone = ${zone} and subject = ${plain} returning 1),
    outcomes as (
      update deployments.outcome set subject = ${nobody}
      where workspace_id = ${workspaceId} and zone = ${zone} and subject = ${plain} returning 1)
    select (select count(*) from exposures)::int + (select count(*) from outcomes)::int as n`);
  return { keyDestroyed, records, studyRows: rows[0]?.n ?? 0 };
}
