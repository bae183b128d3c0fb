import type { Tx } from '@falaj/database';
import { PlatformError } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import type { AuditOutcome, AuditRecord } from './audit-record.js';
import { recordColumns } from './record-columns.js';

/** Absent members do not restrict. */
export interface AuditFilter {
  readonly subjectType?: string;
  readonly subjectId?: string;
  readonly action?: string;
  readonly actorId?: string;
  readonly outcome?: AuditOutcome;
  /** Inclusive. */
  readonly since?: Date;
  /** Exclusive. */
  readonly until?: Date;
}

export interface AuditPage {
  readonly records: readonly AuditRecord[];
  /** Where the next page begins; null when nothing more was there yet. Records that come later stand behind every cursor. */
  readonly next: string | null;
}

const LARGEST_PAGE = 5_000;
const POSITION = /^\d{1,20}\.\d{1,19}$/;

/**
 * The log in its own order: a reader who follows the cursor sees every record exactly once, however transactions
 * overlap. Records of transactions younger than the oldest one still running are held back, for one with a smaller
 * place could still be committed. A workspace transaction lists its workspace, a system transaction all of them.
 */
export async function listAudit(
  tx: Tx,
  options: { readonly filter?: AuditFilter; readonly after?: string; readonly limit: number },
): Promise<AuditPage> {
  const { filter = {}, after = '0.0', limit } = options;
  if (!Number.isInteger(limit) || limit < 1 || limit > LARGEST_PAGE)
    throw new PlatformError(
      'BAD_USER_INPUT',
      `limit: found ${limit}, expected a whole number from 1 to ${LARGEST_PAGE}.`,
    );
  if (!POSITION.test(after))
    throw new PlatformError('BAD_USER_INPUT', 'after: found a text that is no cursor of this list.');
  const [xid, id] = after.split('.');
  const equal = (column: string, value: string | undefined) =>
    value === undefined ? sql`` : sql` and r.${sql.identifier(column)} = ${value}`;
  const { rows } = await tx.execute<Record<string, unknown> & { position: string }>(sql`
    select ${recordColumns}
    from audit.record r
    where (r.xid, r.id) > (${xid}::xid8, ${id}::bigint) and r.xid < pg_snapshot_xmin(pg_current_snapshot())
      ${equal('subject_type', filter.subjectType)}${equal('subject_id', filter.subjectId)}
      ${equal('action', filter.action)}${equal('actor_id', filter.actorId)}${equal('outcome', filter.outcome)}
      ${filter.since === undefined ? sql`` : sql` and r.at >= ${filter.since.toISOString()}::timestamptz`}
      ${filter.until === undefined ? sql`` : sql` and r.at < ${filter.until.toISOString()}::timestamptz`}
    order by r.xid, r.id
    limit ${limit + 1}`);
  const records = rows.slice(0, limit) as unknown as AuditRecord[];
  return { records, next: rows.length > limit ? (records.at(-1)?.position ?? null) : null };
}
