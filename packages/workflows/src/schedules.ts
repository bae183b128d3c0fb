// Cron. A schedule keeps its next firing; whoever finds it due starts the run and moves it on in one transaction.
import { clientOf, type Tx } from '@falaj/database';
import { PlatformError, type WorkflowSchedule } from '@falaj/runtime';
import { CronExpressionParser } from 'cron-parser';
import { toJson } from './run-record.js';
import { insertRun } from './runs.js';

/** The first firing after a time. Throws BAD_USER_INPUT for what is no cron expression or time zone. */
export function nextFiring(cron: string, timeZone: string, after: Date): Date {
  const fields = cron.trim().split(/\s+/).length;
  try {
    if (fields < 5 || fields > 6) throw new Error(`it has ${fields} fields`);
    return CronExpressionParser.parse(cron, { tz: timeZone, currentDate: after }).next().toDate();
  } catch (error) {
    throw new PlatformError(
      'BAD_USER_INPUT',
      `"${cron}" in time zone "${timeZone}" is no schedule: ${(error as Error).message}. Write five fields (minute hour day month weekday) or six (second first), and an IANA zone such as Asia/Dubai.`,
    );
  }
}

export async function saveSchedule(tx: Tx, schedule: WorkflowSchedule<unknown>): Promise<void> {
  const timeZone = schedule.timeZone ?? 'UTC';
  const { rows } = await clientOf(tx).query<{ now: Date }>('select now()');
  await clientOf(tx).query(
    `insert into workflows.schedule (workspace_id, zone, name, cron, time_zone, workflow, version, principal_id, input,
       priority, concurrency_key, concurrency_limit, next_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10, $11, $12, $13)
     on conflict (workspace_id, name) do update set zone = excluded.zone, cron = excluded.cron, time_zone = excluded.time_zone,
       workflow = excluded.workflow, version = excluded.version, principal_id = excluded.principal_id, input = excluded.input,
       priority = excluded.priority, concurrency_key = excluded.concurrency_key,
       concurrency_limit = excluded.concurrency_limit, next_at = excluded.next_at`,
    [
      schedule.workspaceId,
      schedule.zone,
      schedule.name,
      schedule.cron,
      timeZone,
      schedule.workflow.name,
      schedule.workflow.version,
      schedule.principalId,
      toJson(schedule.input, 'The input of a schedule'),
      schedule.priority ?? 0,
      schedule.concurrencyKey ?? null,
      schedule.concurrencyLimit ?? 1,
      nextFiring(schedule.cron, timeZone, rows[0]?.now ?? new Date()),
    ],
  );
}

export async function removeSchedule(
  tx: Tx,
  { workspaceId, name }: { workspaceId: string; name: string },
): Promise<void> {
  await clientOf(tx).query('delete from workflows.schedule where workspace_id = $1 and name = $2', [workspaceId, name]);
}

interface ScheduleRecord {
  workspace_id: string;
  zone: string;
  name: string;
  cron: string;
  time_zone: string;
  workflow: string;
  version: number;
  principal_id: string;
  input: unknown;
  priority: number;
  concurrency_key: string | null;
  concurrency_limit: number;
  next_at: Date;
  now: Date;
}

/** Starts what is due; of several missed firings one. */
export async function fireDue(tx: Tx): Promise<void> {
  const { rows } = await clientOf(tx).query<ScheduleRecord>(
    `select *, now() from workflows.schedule where next_at <= now() order by next_at limit 100 for update skip locked`,
  );
  for (const row of rows) {
    await insertRun(tx, {
      workspaceId: row.workspace_id,
      id: `${row.name}@${row.next_at.toISOString()}`,
      workflow: { name: row.workflow, version: row.version },
      input: row.input,
      zone: row.zone,
      principalId: row.principal_id,
      priority: row.priority,
      concurrencyLimit: row.concurrency_limit,
      ...(row.concurrency_key === null ? {} : { concurrencyKey: row.concurrency_key }),
    });
    await clientOf(tx).query('update workflows.schedule set next_at = $3 where workspace_id = $1 and name = $2', [
      row.workspace_id,
      row.name,
      nextFiring(row.cron, row.time_zone, row.now),
    ]);
  }
}
