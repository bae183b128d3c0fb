// Which part of a read log was exported and verified before its events were dropped, signed by the key of the audit log.
import type { KeyObject } from 'node:crypto';
import type { Tx } from '@falaj/database';
import { sql } from 'drizzle-orm';
import { noteHolds, signNote } from './checkpoint.js';

/** Before the first event. */
export const START = '0.0';

export interface ReadArchive {
  /** Position of the last event of the archive before, `START` for the first. */
  readonly after: string;
  /** Position of its last event. */
  readonly until: string;
  readonly events: number;
  /** SHA-256 of the exported reads.jsonl, `sha256:` and hex. */
  readonly digest: string;
  /** C2SP signed note over all of this. */
  readonly note: string;
}

const textOf = (workspaceId: string, { after, until, events, digest }: Omit<ReadArchive, 'note'>): string =>
  `falaj/read-archive/${workspaceId}\n${after}\n${until}\n${events}\n${digest}\n`;

export const signReadArchive = (
  workspaceId: string,
  archive: Omit<ReadArchive, 'note'>,
  privateKey: KeyObject,
): ReadArchive => ({ ...archive, note: signNote(textOf(workspaceId, archive), privateKey) });

/** The position up to which events may be gone: as far as signed archives follow each other from the start. */
export async function readsArchivedUntil(tx: Tx, workspaceId: string, key: KeyObject): Promise<string> {
  const { rows } = await tx.execute<Record<string, unknown> & ReadArchive>(sql`
    select after_position as "after", until_xid::text || '.' || until_id::text as "until", events::int as "events", digest, note
    from audit.read_archive where workspace_id = ${workspaceId} order by until_xid, until_id`);
  let until = START;
  for (const archive of rows) {
    if (archive.after !== until || !noteHolds(archive.note, textOf(workspaceId, archive), key)) break;
    until = archive.until;
  }
  return until;
}
