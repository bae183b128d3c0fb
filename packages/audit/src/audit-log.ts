// Puts committed records into the tree of their workspace, signs what stands, and proves later that nothing was changed.
import type { KeyObject } from 'node:crypto';
import type { Database, Tx } from '@falaj/database';
import { sql } from 'drizzle-orm';
import { archivedUntil, listArchives } from './archives.js';
import type { AuditRecord } from './audit-record.js';
import { checkpointHolds, signCheckpoint } from './checkpoint.js';
import { leafHash } from './leaf.js';
import { listAudit } from './list-audit.js';
import { MerkleFrontier } from './merkle-tree.js';
import { recordColumns } from './record-columns.js';

const BATCH = 5_000;
/** Roots of complete subtrees are kept at every eighth level, for proofs. */
export const SUBTREE_LEVELS = 8;

/**
 * Appends what was committed since the last call, of all workspaces, and signs a checkpoint for each that grew. One process
 * at a time does it: another that calls meanwhile answers 0. Answers how many records were appended.
 */
export async function sequenceAudit(database: Pick<Database, 'asSystem'>, privateKey: KeyObject): Promise<number> {
  let appended = 0;
  for (;;) {
    const batch = await database.asSystem((tx) => sequenceBatch(tx, privateKey));
    appended += batch;
    if (batch < BATCH) return appended;
  }
}

async function sequenceBatch(tx: Tx, privateKey: KeyObject): Promise<number> {
  const { rows: cursor } = await tx.execute<{ position: string }>(
    sql`select xid::text || '.' || record::text as position from audit.log_cursor for update skip locked`,
  );
  const after = cursor[0]?.position;
  if (after === undefined) return 0;
  const { records } = await listAudit(tx, { after, limit: BATCH });
  const last = records.at(-1);
  if (!last) return 0;
  const byWorkspace = Map.groupBy(records, (record) => record.workspaceId);
  for (const [workspaceId, own] of byWorkspace) await append(tx, workspaceId, own, privateKey);
  const [xid, id] = last.position.split('.');
  await tx.execute(sql`update audit.log_cursor set xid = ${xid}::xid8, record = ${id}::bigint`);
  return records.length;
}

async function append(
  tx: Tx,
  workspaceId: string,
  records: readonly AuditRecord[],
  privateKey: KeyObject,
): Promise<void> {
  const { rows } = await tx.execute<{ size: string; nodes: Buffer }>(
    sql`select size::text, nodes from audit.log_head where workspace_id = ${workspaceId}`,
  );
  const frontier = rows[0] ? MerkleFrontier.parse(BigInt(rows[0].size), rows[0].nodes) : new MerkleFrontier();
  const first = frontier.size;
  const subtrees: { level: number; place: string; hash: string }[] = [];
  const hashes = records.map((record) => {
    const hash = leafHash(record);
    frontier.append(hash, (level, place, root) => {
      if (level % SUBTREE_LEVELS === 0) subtrees.push({ level, place: String(place), hash: root.toString('hex') });
    });
    return hash.toString('hex');
  });
  if (subtrees.length > 0)
    await tx.execute(sql`
      insert into audit.subtree (workspace_id, level, place, hash)
      select ${workspaceId}, level, place, decode(hash, 'hex')
      from jsonb_to_recordset(${JSON.stringify(subtrees)}::jsonb) as made (level smallint, place bigint, hash text)`);
  await tx.execute(sql`
    insert into audit.leaf (workspace_id, seq, record_id, hash)
    select ${workspaceId}, ${String(first)}::bigint + place - 1, id, decode(hash, 'hex')
    from unnest(${sql.param(records.map(({ id }) => id))}::text[], ${sql.param(hashes)}::text[])
      with ordinality as leaf (id, hash, place)`);
  const root = frontier.root();
  const note = signCheckpoint(workspaceId, frontier.size, root, privateKey);
  await tx.execute(sql`
    insert into audit.checkpoint (workspace_id, size, root, note)
    values (${workspaceId}, ${String(frontier.size)}::bigint, ${root}, ${note})`);
  const [xid, id] = (records.at(-1) as AuditRecord).position.split('.');
  await tx.execute(sql`
    insert into audit.log_head (workspace_id, size, nodes, xid, record)
    values (${workspaceId}, ${String(frontier.size)}::bigint, ${frontier.serialise()}, ${xid}::xid8, ${id}::bigint)
    on conflict (workspace_id) do update
    set size = excluded.size, nodes = excluded.nodes, xid = excluded.xid, record = excluded.record`);
}

export interface AuditFault {
  /** CHANGED: another record than was hashed. MISSING: its record is gone. INSERTED: it was put in behind the log's back. */
  readonly kind: 'CHANGED' | 'MISSING' | 'INSERTED';
  readonly recordId: string;
  /** Place in the log, from 0; null for a record that has none. */
  readonly seq: number | null;
}

export interface AuditVerification {
  /** No fault, and the root that follows from the records is the one that was signed. */
  readonly intact: boolean;
  /** Leaves under the newest checkpoint: of records that were hashed again, and of archived ones. */
  readonly verified: number;
  /** Those whose record was exported, verified and dropped; their leaf is all that is left here. */
  readonly archived: number;
  /** Records committed since the last checkpoint. */
  readonly pending: number;
  /** Hex; of the records as they are now. */
  readonly root: string;
  /** The newest checkpoint, as a signed note; null for an empty log. */
  readonly checkpoint: string | null;
  readonly checkpointHolds: boolean;
  /** The first hundred. */
  readonly faults: readonly AuditFault[];
}

const MAX_FAULTS = 100;

/**
 * Hashes every record of the workspace again, up to the newest checkpoint. A transaction of the workspace, or of the system,
 * may ask. The log may grow meanwhile: what is not under that checkpoint yet counts as pending.
 */
export async function verifyAuditLog(tx: Tx, workspaceId: string, key: KeyObject): Promise<AuditVerification> {
  const { rows: signed } = await tx.execute<{ size: string; note: string }>(sql`
    select c.size::text as size, c.note from audit.checkpoint c
    where c.workspace_id = ${workspaceId} order by c.size desc limit 1`);
  const newest = signed[0];
  const size = Number(newest?.size ?? 0);
  const frontier = new MerkleFrontier();
  const faults: AuditFault[] = [];
  const gone: { recordId: string; seq: number }[] = [];
  let ended = archivedUntil(await listArchives(tx, workspaceId), workspaceId, key);
  let archived = 0;
  for (let from = 0; from < size; from += BATCH) {
    const { rows } = await tx.execute<AuditRecord & { leaf_seq: number; leaf_id: string; leaf_hash: Buffer }>(sql`
      select l.seq::int as leaf_seq, l.record_id as leaf_id, l.hash as leaf_hash, ${recordColumns}
      from audit.leaf l left join audit.record r on r.workspace_id = l.workspace_id and r.record_id = l.record_id
      where l.workspace_id = ${workspaceId} and l.seq >= ${from} and l.seq < ${Math.min(from + BATCH, size)}
      order by l.seq`);
    for (const { leaf_seq: seq, leaf_id: recordId, leaf_hash: kept, ...record } of rows) {
      const hash = record.id === null ? kept : leafHash(record);
      if (record.id === null && seq < ended) archived += 1;
      else if (record.id === null) gone.push({ recordId, seq });
      else if (!hash.equals(kept)) faults.push({ kind: 'CHANGED', recordId, seq });
      frontier.append(hash);
    }
  }
  // What is archived while this reads is gone lawfully too.
  if (gone.length > 0) ended = archivedUntil(await listArchives(tx, workspaceId), workspaceId, key);
  const missing = gone.filter(({ seq }) => seq >= ended);
  archived += gone.length - missing.length;
  faults.push(...missing.map((each) => ({ kind: 'MISSING' as const, ...each })));
  faults.sort((a, b) => Number(a.seq) - Number(b.seq));
  const { rows: beyond } = await tx.execute<{ record_id: string; pending: boolean }>(sql`
    select r.record_id, l.seq is not null or (r.xid, r.id) > (coalesce(h.xid, '0'::xid8), coalesce(h.record, 0)) as pending
    from audit.record r
      left join audit.leaf l on l.workspace_id = r.workspace_id and l.record_id = r.record_id
      left join audit.log_head h on h.workspace_id = r.workspace_id
    where r.workspace_id = ${workspaceId} and (l.seq is null or l.seq >= ${size})`);
  for (const { record_id: recordId, pending } of beyond) {
    if (!pending) faults.push({ kind: 'INSERTED', recordId, seq: null });
  }
  const root = frontier.root();
  const holds = newest
    ? checkpointHolds(newest.note, { workspaceId, size: BigInt(size), root }, key)
    : beyond.every(({ pending }) => pending);
  return {
    intact: faults.length === 0 && holds,
    verified: Number(frontier.size),
    archived,
    pending: beyond.filter(({ pending }) => pending).length,
    root: root.toString('hex'),
    checkpoint: newest?.note ?? null,
    checkpointHolds: holds,
    faults: faults.slice(0, MAX_FAULTS),
  };
}
