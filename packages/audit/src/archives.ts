// Which part of a log was exported and verified before its records were dropped. The key of the log signs it, so that who
// owns the database alone cannot declare a record archived.
import type { KeyObject } from 'node:crypto';
import type { Tx } from '@falaj/database';
import { sql } from 'drizzle-orm';
import { noteHolds, signNote } from './checkpoint.js';

export interface AuditArchive {
  /** First place, from 0. */
  readonly from: number;
  /** First place that is not in it any more: the size of a checkpoint. */
  readonly until: number;
  /** SHA-256 of the exported records.jsonl, `sha256:` and hex. */
  readonly recordsDigest: string;
  /** C2SP signed note over all of this. */
  readonly note: string;
}

const textOf = (workspaceId: string, { from, until, recordsDigest }: Omit<AuditArchive, 'note'>): string =>
  `falaj/audit-archive/${workspaceId}\n${from}\n${until}\n${recordsDigest}\n`;

export const signArchive = (
  workspaceId: string,
  archive: Omit<AuditArchive, 'note'>,
  privateKey: KeyObject,
): AuditArchive => ({ ...archive, note: signNote(textOf(workspaceId, archive), privateKey) });

/** The place before which records may be gone: as far as signed archives follow each other from 0 on. */
export function archivedUntil(archives: readonly AuditArchive[], workspaceId: string, key: KeyObject): number {
  let until = 0;
  for (const archive of archives) {
    if (archive.from !== until || archive.until <= until) break;
    if (!noteHolds(archive.note, textOf(workspaceId, archive), key)) break;
    until = archive.until;
  }
  return until;
}

export async function listArchives(tx: Tx, workspaceId: string): Promise<AuditArchive[]> {
  const { rows } = await tx.execute<Record<string, unknown> & AuditArchive>(sql`
    select from_seq::int as "from", until_seq::int as "until", records_digest as "recordsDigest", note
    from audit.archive where workspace_id = ${workspaceId} order by audit.archive.from_seq`);
  return rows;
}
