// Retention: old records leave the database only after an export that holds them was written, read again and found intact.
// Their leaves stay, so the log verifies and proves as before.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database, Tx } from '@falaj/database';
import { PlatformError } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import pg from 'pg';
import { type AuditArchive, archivedUntil, listArchives, signArchive } from './archives.js';
import type { AuditEntry } from './audit-record.js';
import { exportAuditLog } from './bundle.js';
import { SEAL_READS } from './read-events.js';
import { recordAudit } from './record.js';
import { type BundleVerification, verifyBundle } from './verify-bundle.js';

/** Action of the record of an archival. */
export const ARCHIVE_AUDIT_LOG = 'archiveAuditLog';

/** Records whose absence would break other proofs: seals stand for the read log, archivals for this. */
const KEPT_ACTIONS = [SEAL_READS, ARCHIVE_AUDIT_LOG, 'archiveReadLog'];
const BATCH = 5_000;
const DAY_MS = 86_400_000;

export interface Dropping {
  readonly workspaceId: string;
  /** Records of which the youngest is older than this are archived; whole days, at least 1. */
  readonly olderThanDays: number;
  /** Where the export goes: new or empty. Keep it; it is then the only place of these records. */
  readonly folder: string;
  readonly privateKey: KeyObject;
  /** Connection as the owner of the tables: no role of the platform may delete records. */
  readonly ownerUrl: string;
  /** Who asked for it. */
  readonly actorId: string;
}

export interface AuditArchival {
  /** Null where no record of a whole checkpoint is old enough. */
  readonly archive: AuditArchive | null;
  /** Records deleted, those included that an earlier call archived and did not come to delete. */
  readonly dropped: number;
}

/**
 * Exports the log up to the last checkpoint under which everything is old, verifies the files, puts the archival on record and
 * then deletes. Killed at any point it leaves records too many, never too few: the next call deletes what is archived already.
 * Throws PRECONDITION_FAILED where the export does not verify: that is put on record, and nothing is deleted.
 */
export async function archiveAuditLog(
  database: Pick<Database, 'asSystem'>,
  dropping: Dropping,
): Promise<AuditArchival> {
  const { workspaceId, olderThanDays, folder, privateKey } = dropping;
  if (!Number.isInteger(olderThanDays) || olderThanDays < 1)
    throw new PlatformError('BAD_USER_INPUT', `olderThanDays: found ${olderThanDays}, expected a whole number from 1.`);
  const key = createPublicKey(privateKey);
  const before = new Date(Date.now() - olderThanDays * DAY_MS);
  const range = await database.asSystem((tx) => nextRange(tx, workspaceId, key, before));
  if (range.until > range.from) {
    await exportAuditLog(database, workspaceId, privateKey, folder, range.until);
    await makeDurable(folder);
    const found = await verifyBundle(folder, key);
    if (!found.intact) throw await refused(database, dropping, range, found);
    const archive = signArchive(workspaceId, { ...range, recordsDigest: found.recordsDigest }, privateKey);
    await database.asSystem((tx) => commit(tx, dropping, archive));
    return { archive, dropped: await drop(dropping, archive.until) };
  }
  return { archive: null, dropped: range.from > 0 ? await drop(dropping, range.from) : 0 };
}

interface Range {
  readonly from: number;
  readonly until: number;
}

async function nextRange(tx: Tx, workspaceId: string, key: KeyObject, before: Date): Promise<Range> {
  const archives = await listArchives(tx, workspaceId);
  const from = archivedUntil(archives, workspaceId, key);
  const last = archives.at(-1);
  if (last && last.until !== from)
    throw new PlatformError(
      'PRECONDITION_FAILED',
      `The archive from ${from} on is not signed by the key of this log: somebody else wrote it. Nothing was deleted.`,
    );
  const { rows } = await tx.execute<{ until: number }>(sql`
    select coalesce(max(c.size), 0)::int as until from audit.checkpoint c
    where c.workspace_id = ${workspaceId} and c.size <= coalesce(
      (select l.seq from audit.leaf l
         join audit.record r on r.workspace_id = l.workspace_id and r.record_id = l.record_id
       where l.workspace_id = ${workspaceId} and l.seq >= ${from} and r.at >= ${before.toISOString()}::timestamptz
       order by l.seq limit 1),
      ${Number.MAX_SAFE_INTEGER}::bigint)`);
  return { from, until: rows[0]?.until ?? 0 };
}

async function commit(tx: Tx, dropping: Dropping, archive: AuditArchive): Promise<void> {
  const { from, until, recordsDigest, note } = archive;
  const { rows } = await tx.execute<{ until_seq: string }>(sql`
    insert into audit.archive (workspace_id, from_seq, until_seq, records_digest, note)
    values (${dropping.workspaceId}, ${from}, ${until}, ${recordsDigest}, ${note}) on conflict do nothing returning until_seq`);
  if (rows.length !== 1)
    throw new PlatformError(
      'CONFLICT',
      `Records from ${from} on were archived meanwhile. Nothing was deleted by this.`,
    );
  await recordAudit(
    tx,
    entryOf(dropping, { outcome: 'SUCCEEDED', reason: null, details: { from, until, recordsDigest } }),
  );
}

async function refused(
  database: Pick<Database, 'asSystem'>,
  dropping: Dropping,
  range: Range,
  { faults }: BundleVerification,
): Promise<PlatformError> {
  const [first] = faults;
  const details = { ...range, faults: faults.slice(0, 10).map(({ kind, seq }) => ({ kind, seq })) };
  await database.asSystem((tx) =>
    recordAudit(tx, entryOf(dropping, { outcome: 'FAILED', reason: 'PRECONDITION_FAILED', details })),
  );
  return new PlatformError(
    'PRECONDITION_FAILED',
    `The export does not verify: ${first?.kind} at ${first?.seq}, ${first?.detail}. Nothing was deleted; find out who changed the log.`,
  );
}

const entryOf = (
  { workspaceId, olderThanDays, actorId }: Dropping,
  { details, ...end }: Pick<AuditEntry, 'outcome' | 'reason' | 'details'>,
): AuditEntry => ({
  workspaceId,
  actorId,
  actorKind: 'SERVICE',
  action: ARCHIVE_AUDIT_LOG,
  subjectType: 'AuditLog',
  subjectId: workspaceId,
  requestId: 'command line',
  traceId: null,
  policyVersion: null,
  details: { ...details, olderThanDays },
  ...end,
});

/** Files and folder reach the disk before the only other copy goes. */
async function makeDurable(folder: string): Promise<void> {
  for (const path of [...(await readdir(folder)).map((file) => join(folder, file)), folder]) {
    const handle = await open(path, 'r');
    await handle.sync();
    await handle.close();
  }
}

/** The right to delete is given and taken back in the same transaction: nobody else ever sees it. */
async function drop({ ownerUrl, workspaceId }: Dropping, until: number): Promise<number> {
  const client = new pg.Client({ connectionString: ownerUrl, application_name: 'falaj audit archive' });
  await client.connect();
  try {
    let dropped = 0;
    for (let from = 0; from < until; from += BATCH) {
      await client.query('begin');
      await client.query('grant delete on audit.record to falaj_system');
      await client.query('set local role falaj_system');
      const { rowCount } = await client.query(
        `delete from audit.record r using audit.leaf l
         where l.workspace_id = $1 and l.seq >= $2 and l.seq < $3 and r.workspace_id = l.workspace_id
           and r.record_id = l.record_id and r.action <> all ($4::text[])`,
        [workspaceId, from, Math.min(from + BATCH, until), KEPT_ACTIONS],
      );
      await client.query('reset role');
      await client.query('revoke delete on audit.record from falaj_system');
      await client.query('commit');
      dropped += rowCount ?? 0;
    }
    return dropped;
  } finally {
    // Ends what was not committed, and with it the right.
    await client.end();
  }
}
