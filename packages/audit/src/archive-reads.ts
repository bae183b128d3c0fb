// Retention of the read log: old events leave the database only after an export that holds them was written, read again and
// found to be what was sealed. Their seals stay in the audit log, so whoever has the files can prove them.
import { createHash, createPublicKey } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Database, Tx } from '@falaj/database';
import { PlatformError } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import pg from 'pg';
import type { Dropping } from './archive-log.js';
import type { AuditEntry } from './audit-record.js';
import { leafHash } from './leaf.js';
import { MerkleFrontier } from './merkle-tree.js';
import { type ReadArchive, readsArchivedUntil, signReadArchive } from './read-archives.js';
import { comparedTo, isAfter, leafColumns, SEAL_READS, type Seal } from './read-events.js';
import { recordAudit } from './record.js';

/** Action of the record of an archival of read events. */
export const ARCHIVE_READ_LOG = 'archiveReadLog';
const READS = 'reads.jsonl';
const SEALS = 'seals.json';
const DROP = 5_000;
const DAY_MS = 86_400_000;

export interface ReadArchival {
  /** Null where no whole seal is old enough. */
  readonly archive: ReadArchive | null;
  /** Events deleted, those included that an earlier call archived and did not come to delete. */
  readonly dropped: number;
}

interface KnownSeal extends Seal {
  readonly recordId: string;
}

/**
 * Exports the events of every seal that is older, verifies the files against the seals, puts the archival on record and then
 * deletes. Killed at any point it leaves events too many, never too few. Throws PRECONDITION_FAILED where the export is not
 * what was sealed: that is put on record, and nothing is deleted.
 */
export async function archiveReadLog(database: Pick<Database, 'asSystem'>, dropping: Dropping): Promise<ReadArchival> {
  const { workspaceId, olderThanDays, folder, privateKey } = dropping;
  if (!Number.isInteger(olderThanDays) || olderThanDays < 1)
    throw new PlatformError('BAD_USER_INPUT', `olderThanDays: found ${olderThanDays}, expected a whole number from 1.`);
  const key = createPublicKey(privateKey);
  const before = new Date(Date.now() - olderThanDays * DAY_MS);
  const { after, seals } = await database.asSystem(async (tx) => {
    const from = await readsArchivedUntil(tx, workspaceId, key);
    return { after: from, seals: await oldSeals(tx, workspaceId, from, before) };
  });
  const last = seals.at(-1);
  if (!last) return { archive: null, dropped: await drop(dropping, after) };
  await exportReads(database, workspaceId, seals, folder);
  const found = await checkExport(folder, seals);
  if (found.fault !== null) throw await refusedExport(database, dropping, found.fault);
  const events = seals.reduce((sum, seal) => sum + seal.events, 0);
  const archive = signReadArchive(workspaceId, { after, until: last.last, events, digest: found.digest }, privateKey);
  await database.asSystem((tx) => commit(tx, dropping, archive));
  return { archive, dropped: await drop(dropping, archive.until) };
}

/** Seals after a position whose events, and those of every seal before them, are older. */
async function oldSeals(tx: Tx, workspaceId: string, after: string, before: Date): Promise<KnownSeal[]> {
  const { rows } = await tx.execute<Record<string, unknown> & { recordId: string; details: Seal }>(sql`
    select r.record_id as "recordId", r.details from audit.record r
    where r.workspace_id = ${workspaceId} and r.action = ${SEAL_READS} and r.at < ${before.toISOString()}::timestamptz
    order by r.xid, r.id`);
  return rows.map(({ recordId, details }) => ({ recordId, ...details })).filter(({ first }) => isAfter(first, after));
}

async function exportReads(
  database: Pick<Database, 'asSystem'>,
  workspaceId: string,
  seals: readonly KnownSeal[],
  folder: string,
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await readdir(folder)).length > 0)
    throw new PlatformError('BAD_USER_INPUT', `${folder} is not empty: an archive has a folder of its own.`);
  const file = await open(join(folder, READS), 'wx', 0o600);
  try {
    for (const { first, last } of seals) {
      const rows = await database.asSystem(async (tx) => {
        const found = await tx.execute<Record<string, unknown>>(sql`
          select ${leafColumns} from audit.read_event e join audit.field_set s on s.id = e.field_set
          where e.workspace_id = ${workspaceId} and ${comparedTo('>=', first)} and not ${comparedTo('>', last)}
          order by e.xid, e.id`);
        return found.rows;
      });
      await file.write(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    }
    await file.sync();
  } finally {
    await file.close();
  }
  const manifest = { format: 'falaj-read-archive/1', workspaceId, seals };
  await writeFile(join(folder, SEALS), `${JSON.stringify(manifest, null, 2)}\n`, {
    flag: 'wx',
    mode: 0o600,
    flush: true,
  });
  const entry = await open(folder, 'r');
  await entry.sync();
  await entry.close();
}

/** Reads the files again: the events of each seal, in order, must make its root. */
async function checkExport(
  folder: string,
  seals: readonly KnownSeal[],
): Promise<{ readonly fault: string | null; readonly digest: string }> {
  const digest = createHash('sha256');
  const lines = createInterface({ input: createReadStream(join(folder, READS)), crlfDelay: Number.POSITIVE_INFINITY });
  const waiting = seals.values();
  let seal = waiting.next().value;
  let frontier = new MerkleFrontier();
  let events = 0;
  let fault: string | null = null;
  for await (const line of lines) {
    digest.update(`${line}\n`);
    if (fault !== null) continue;
    if (!seal) {
      fault = 'an event stands after the last seal';
      continue;
    }
    frontier.append(leafHash(JSON.parse(line) as object));
    events += 1;
    if (events < seal.events) continue;
    if (frontier.root().toString('hex') !== seal.root)
      fault = `the events of seal ${seal.recordId} are not what was sealed`;
    frontier = new MerkleFrontier();
    events = 0;
    seal = waiting.next().value;
  }
  if (fault === null && seal) fault = `events of seal ${seal.recordId} are missing`;
  return { fault, digest: `sha256:${digest.digest('hex')}` };
}

async function commit(tx: Tx, dropping: Dropping, archive: ReadArchive): Promise<void> {
  const { after, until, events, digest, note } = archive;
  const [xid, id] = until.split('.');
  const { rows } = await tx.execute<{ one: number }>(sql`
    insert into audit.read_archive (workspace_id, after_position, until_xid, until_id, events, digest, note)
    values (${dropping.workspaceId}, ${after}, ${xid}::xid8, ${id}::bigint, ${events}, ${digest}, ${note})
    on conflict do nothing returning 1 as one`);
  if (rows.length !== 1)
    throw new PlatformError('CONFLICT', 'These read events were archived meanwhile. Nothing was deleted by this.');
  await recordAudit(tx, entryOf(dropping, { outcome: 'SUCCEEDED', reason: null, details: { until, events, digest } }));
}

async function refusedExport(
  database: Pick<Database, 'asSystem'>,
  dropping: Dropping,
  fault: string,
): Promise<PlatformError> {
  await database.asSystem((tx) =>
    recordAudit(tx, entryOf(dropping, { outcome: 'FAILED', reason: 'PRECONDITION_FAILED', details: { fault } })),
  );
  return new PlatformError(
    'PRECONDITION_FAILED',
    `The export of the read log does not verify: ${fault}. Nothing was deleted; find out who changed the log.`,
  );
}

const entryOf = (
  { workspaceId, olderThanDays, actorId }: Dropping,
  { details, ...end }: Pick<AuditEntry, 'outcome' | 'reason' | 'details'>,
): AuditEntry => ({
  workspaceId,
  actorId,
  actorKind: 'SERVICE',
  action: ARCHIVE_READ_LOG,
  subjectType: 'DataAccess',
  subjectId: workspaceId,
  requestId: 'retention',
  traceId: null,
  policyVersion: null,
  details: { ...details, olderThanDays },
  ...end,
});

/** The right to delete is given and taken back in the same transaction: nobody else ever sees it. */
async function drop({ ownerUrl, workspaceId }: Dropping, until: string): Promise<number> {
  const [xid, id] = until.split('.');
  const client = new pg.Client({ connectionString: ownerUrl, application_name: 'falaj audit archive' });
  await client.connect();
  try {
    for (let dropped = 0; ; ) {
      await client.query('begin');
      await client.query('grant delete on audit.read_event to falaj_system');
      await client.query('set local role falaj_system');
      const { rowCount } = await client.query(
        `delete from audit.read_event e using (
           select o.xid, o.id from audit.read_event o
           where o.workspace_id = $1 and (o.xid, o.id) <= ($2::xid8, $3::bigint) limit ${DROP}) as old
         where e.xid = old.xid and e.id = old.id`,
        [workspaceId, xid, id],
      );
      await client.query('reset role');
      await client.query('revoke delete on audit.read_event from falaj_system');
      await client.query('commit');
      dropped += rowCount ?? 0;
      if ((rowCount ?? 0) < DROP) return dropped;
    }
  } finally {
    // Ends what was not committed, and with it the right.
    await client.end();
  }
}
