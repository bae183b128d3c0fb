// The log of a workspace as files, for whoever must verify it without the platform: an export holds every record with its
// leaf hash, every signed checkpoint and the public key. Nothing is held in memory but a batch.
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Database, Tx } from '@falaj/database';
import { canonicalJson, PlatformError } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import { listArchives } from './archives.js';
import type { AuditRecord } from './audit-record.js';
import { recordColumns } from './record-columns.js';

const BATCH = 1_000;
export const RECORDS_FILE = 'records.jsonl';
export const CHECKPOINTS_FILE = 'checkpoints.jsonl';
export const ARCHIVES_FILE = 'archives.jsonl';
export const MANIFEST_FILE = 'manifest.json';

export interface BundleManifest {
  readonly format: 'falaj-audit/1';
  readonly workspaceId: string;
  /** Leaves in the bundle: the log from its beginning to a checkpoint. */
  readonly size: number;
  /** SHA-256 of records.jsonl, `sha256:` and hex. */
  readonly recordsDigest: string;
  readonly exportedAt: string;
}

/**
 * Writes the log up to a checkpoint, by default the newest, into `folder`, which must be new or empty. Throws NOT_FOUND
 * where no such checkpoint was signed, CONFLICT for a folder with content.
 */
export async function exportAuditLog(
  database: Pick<Database, 'asSystem'>,
  workspaceId: string,
  key: KeyObject,
  folder: string,
  upTo?: number,
): Promise<BundleManifest> {
  const { rows } = await database.asSystem((tx) =>
    tx.execute<{ size: number }>(sql`
      select size::int as size from audit.checkpoint where workspace_id = ${workspaceId}
        ${upTo === undefined ? sql`` : sql`and size = ${upTo}`} order by audit.checkpoint.size desc limit 1`),
  );
  const size = rows[0]?.size;
  if (size === undefined)
    throw new PlatformError(
      'NOT_FOUND',
      upTo === undefined
        ? `Nothing of the audit log of workspace ${workspaceId} is signed yet.`
        : `No checkpoint of size ${upTo} of the audit log of workspace ${workspaceId} was signed.`,
      { details: { workspaceId } },
    );
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await readdir(folder)).length > 0)
    throw new PlatformError('CONFLICT', `${folder} is not empty: an export goes into a folder of its own.`);
  const digest = createHash('sha256');
  await pipeline(
    lines(
      size,
      (from, until) => database.asSystem((tx) => recordLines(tx, workspaceId, from, until)),
      (text) => digest.update(text),
    ),
    createWriteStream(join(folder, RECORDS_FILE), { flags: 'wx', mode: 0o600 }),
  );
  const checkpoints = await database.asSystem((tx) =>
    tx.execute<{ size: number; note: string }>(sql`
      select size::int as size, note from audit.checkpoint
      where workspace_id = ${workspaceId} and size <= ${size} order by size`),
  );
  // Read after the records: what was archived meanwhile is among them.
  const archives = await database.asSystem((tx) => listArchives(tx, workspaceId));
  for (const [file, rows] of [
    [CHECKPOINTS_FILE, checkpoints.rows],
    [ARCHIVES_FILE, archives],
  ] as const)
    await writeFile(join(folder, file), rows.map((row) => `${JSON.stringify(row)}\n`).join(''), {
      flag: 'wx',
      mode: 0o600,
    });
  const publicKey = key.type === 'public' ? key : createPublicKey(key);
  await writeFile(join(folder, 'public-key.pem'), publicKey.export({ type: 'spki', format: 'pem' }), { flag: 'wx' });
  const manifest: BundleManifest = {
    format: 'falaj-audit/1',
    workspaceId,
    size,
    recordsDigest: `sha256:${digest.digest('hex')}`,
    exportedAt: new Date().toISOString(),
  };
  // Written last: a bundle without it was not finished.
  await writeFile(join(folder, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`, { flag: 'wx' });
  return manifest;
}

async function* lines(
  size: number,
  read: (from: number, until: number) => Promise<string>,
  each: (text: string) => void,
): AsyncGenerator<string> {
  for (let from = 0; from < size; from += BATCH) {
    const text = await read(from, Math.min(from + BATCH, size));
    each(text);
    yield text;
  }
}

/** A record that is gone stands as its leaf hash alone; whether lawfully, the archives say. */
async function recordLines(tx: Tx, workspaceId: string, from: number, until: number): Promise<string> {
  const { rows } = await tx.execute<AuditRecord & { leaf_seq: number; leaf_hash: Buffer }>(sql`
    select l.seq::int as leaf_seq, l.hash as leaf_hash, ${recordColumns}
    from audit.leaf l left join audit.record r on r.workspace_id = l.workspace_id and r.record_id = l.record_id
    where l.workspace_id = ${workspaceId} and l.seq >= ${from} and l.seq < ${until} order by l.seq`);
  return rows
    .map(({ leaf_seq: seq, leaf_hash: hash, ...record }) =>
      canonicalJson({ seq, hash: hash.toString('hex'), record: record.id === null ? null : record }),
    )
    .map((line) => `${line}\n`)
    .join('');
}
