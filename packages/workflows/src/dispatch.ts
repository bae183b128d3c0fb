// Gives ready runs a job, as many as their concurrency keys have places for. One process at a time, in one transaction.
import { clientOf, type Tx } from '@falaj/database';
import type { JobQueue } from './job-queue.js';

const LOCK = 7_270_014;
const BATCH = 500;

export const queueOf = ({ name, version }: { name: string; version: number }): string => `${name}.v${version}`;

interface Admitted {
  workspace_id: string;
  id: string;
  workflow: string;
  version: number;
  priority: number;
  job_id: string;
}

/** True where there may be more at once. */
export async function dispatch(
  tx: Tx,
  queue: JobQueue,
  workflows: readonly { name: string; version: number }[],
): Promise<boolean> {
  await clientOf(tx).query('select pg_advisory_xact_lock($1)', [LOCK]);
  // A row that its caller holds is passed over: the caller's commit tells of it.
  const { rows } = await clientOf(tx).query<Admitted>(
    `with known as (select * from unnest($1::text[], $2::integer[]) as k (workflow, version)),
     taken as (
       select workspace_id, concurrency_key, count(*) as places from workflows.run
       where job_id is not null and concurrency_key is not null group by workspace_id, concurrency_key),
     ready as (
       select r.workspace_id, r.id, r.concurrency_key, r.concurrency_limit, r.priority, r.position, row_number() over (
         partition by r.workspace_id, r.concurrency_key order by r.priority desc, r.position) as place
       from workflows.run r join known using (workflow, version)
       where r.job_id is null and r.state in ('QUEUED', 'WAITING') and r.wake_at <= now()),
     admitted as (
       select ready.workspace_id, ready.id from ready left join taken using (workspace_id, concurrency_key)
       where concurrency_key is null or coalesce(places, 0) + place <= concurrency_limit
       order by priority desc, position limit $3),
     free as (
       select r.workspace_id, r.id from workflows.run r join admitted using (workspace_id, id)
       where r.job_id is null and r.state in ('QUEUED', 'WAITING') for no key update of r skip locked)
     update workflows.run r set state = 'QUEUED', waiting_for = '{}', job_id = gen_random_uuid()
     from free where r.workspace_id = free.workspace_id and r.id = free.id
     returning r.workspace_id, r.id, r.workflow, r.version, r.priority, r.job_id`,
    [workflows.map(({ name }) => name), workflows.map(({ version }) => version), BATCH],
  );
  const byQueue = Map.groupBy(rows, ({ workflow, version }) => queueOf({ name: workflow, version }));
  for (const [name, admitted] of byQueue)
    await queue.send(
      tx,
      name,
      admitted.map((run) => ({
        id: run.job_id,
        ref: { workspaceId: run.workspace_id, id: run.id },
        priority: run.priority,
      })),
    );
  return rows.length === BATCH;
}
