// How long each workspace keeps its records, and the task that lets the older ones go.
import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import type { Database, Tx } from '@falaj/database';
import { createLogger, isPlatformError, periodically } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import pg from 'pg';
import { archiveAuditLog } from './archive-log.js';
import { archiveReadLog } from './archive-reads.js';

const log = createLogger('audit');
/** Whoever holds it archives; the others find nothing to do. */
const LOCK = 7_270_071;
const LOOK_MS = 3_600_000;

export interface RetentionPolicy {
  /** Days that audit records are kept in the database. */
  readonly recordDays: number;
  /** Days that read events are. */
  readonly readDays: number;
  readonly setBy: string;
  readonly setAt: Date;
}

/** Null where the workspace keeps everything. */
export async function retentionPolicy(tx: Tx, workspaceId: string): Promise<RetentionPolicy | null> {
  const { rows } = await tx.execute<Record<string, unknown> & Omit<RetentionPolicy, 'setAt'> & { setAt: string }>(sql`
    select record_days as "recordDays", read_days as "readDays", set_by as "setBy", set_at::text as "setAt"
    from audit.retention_policy where workspace_id = ${workspaceId}`);
  const [row] = rows;
  return row ? { ...row, setAt: new Date(row.setAt) } : null;
}

export async function setRetentionPolicy(
  tx: Tx,
  workspaceId: string,
  { recordDays, readDays, setBy }: Omit<RetentionPolicy, 'setAt'>,
): Promise<void> {
  await tx.execute(sql`
    insert into audit.retention_policy (workspace_id, record_days, read_days, set_by)
    values (${workspaceId}, ${recordDays}, ${readDays}, ${setBy})
    on conflict (workspace_id) do update set record_days = excluded.record_days, read_days = excluded.read_days,
      set_by = excluded.set_by, set_at = clock_timestamp()`);
}

export interface Retention {
  /** Exports go into folders of their own below it. */
  readonly folder: string;
  readonly privateKey: KeyObject;
  /** Connection as the owner of the tables. */
  readonly ownerUrl: string;
}

/**
 * Archives what the policies of the workspaces let go. One process at a time; a workspace whose export does not verify
 * hinders no other, and its refusal is on record. Answers how many records and events left the database.
 */
export async function applyRetention(
  database: Pick<Database, 'asSystem'>,
  { folder, privateKey, ownerUrl }: Retention,
  now = new Date(),
): Promise<number> {
  const policies = await database.asSystem(async (tx) => {
    const { rows } = await tx.execute<{ workspaceId: string; recordDays: number; readDays: number }>(sql`
      select workspace_id as "workspaceId", record_days as "recordDays", read_days as "readDays"
      from audit.retention_policy order by workspace_id`);
    return rows;
  });
  const stamp = now.toISOString().replaceAll(/[:.]/g, '-');
  let gone = 0;
  for (const { workspaceId, recordDays, readDays } of policies) {
    const dropping = { workspaceId, privateKey, ownerUrl, actorId: 'retention' };
    const parts = [
      ['reads', archiveReadLog, readDays],
      ['records', archiveAuditLog, recordDays],
    ] as const;
    for (const [part, archive, olderThanDays] of parts) {
      const to = join(folder, workspaceId, `${part}-${stamp}`);
      try {
        const { dropped } = await archive(database, { ...dropping, olderThanDays, folder: to });
        gone += dropped;
      } catch (error) {
        log.error('records that are old enough could not be archived', {
          workspace: workspaceId,
          part,
          error: isPlatformError(error) ? error.message : String(error),
        });
      }
    }
  }
  return gone;
}

/** Looks every hour; every process may run one, for only one at a time does the work. `stop` waits for it. */
export function startRetention(database: Pick<Database, 'asSystem'>, retention: Retention): { stop(): Promise<void> } {
  const look = async () => {
    // Of its own, for the lock must outlast every statement of the work.
    const client = new pg.Client({ connectionString: retention.ownerUrl, application_name: 'falaj retention' });
    await client.connect();
    try {
      const { rows } = await client.query<{ mine: boolean }>('select pg_try_advisory_lock($1) as mine', [LOCK]);
      if (rows[0]?.mine) await applyRetention(database, retention);
    } finally {
      await client.end();
    }
  };
  return periodically('letting old records go', LOOK_MS, look, log, { lastTime: false });
}
