// Proofs that a record is in the log, and that one state of the log grew out of another: RFC 9162 section 2.1.3 and 2.1.4.
// Whoever keeps a checkpoint elsewhere can check them without the log and without trusting the platform.
import type { Tx } from '@falaj/database';
import { PlatformError } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import { SUBTREE_LEVELS } from './audit-log.js';
import { nodeHash } from './merkle-tree.js';

/** That the record is the `seq`-th leaf of the tree of `size` leaves. */
export interface InclusionProof {
  readonly seq: number;
  readonly size: number;
  /** Hex. */
  readonly leafHash: string;
  /** Sibling hashes from the leaf up, hex. */
  readonly path: readonly string[];
  /** The signed checkpoint of that size. */
  readonly checkpoint: string;
}

/** That the tree of `to` leaves begins with the tree of `from` leaves. */
export interface ConsistencyProof {
  readonly from: number;
  readonly to: number;
  /** Hex. */
  readonly path: readonly string[];
  readonly fromCheckpoint: string;
  readonly toCheckpoint: string;
}

/** Under the checkpoint of `size`, by default the newest. Throws NOT_FOUND, BAD_USER_INPUT where that one is older than the record. */
export async function inclusionProof(
  tx: Tx,
  workspaceId: string,
  recordId: string,
  size?: number,
): Promise<InclusionProof> {
  const { rows } = await tx.execute<{ seq: number; hash: Buffer }>(
    sql`select seq::int as seq, hash from audit.leaf where workspace_id = ${workspaceId} and record_id = ${recordId}`,
  );
  const [leaf] = rows;
  if (!leaf)
    throw new PlatformError('NOT_FOUND', 'The record is not in the signed log yet; ask again in a few seconds.', {
      details: { type: 'AuditRecord' },
    });
  const signed = await checkpointAt(tx, workspaceId, size);
  if (leaf.seq >= signed.size)
    throw new PlatformError(
      'BAD_USER_INPUT',
      `size: the record is at place ${leaf.seq}, the checkpoint holds ${signed.size} records; ask for a later one.`,
    );
  const tree = new StoredTree(tx, workspaceId);
  const path = await tree.path(leaf.seq, 0, signed.size);
  return {
    seq: leaf.seq,
    size: signed.size,
    leafHash: leaf.hash.toString('hex'),
    path: path.map((hash) => hash.toString('hex')),
    checkpoint: signed.note,
  };
}

/** Between two checkpoints; `to` is by default the newest. Throws NOT_FOUND where none of that size was signed. */
export async function consistencyProof(
  tx: Tx,
  workspaceId: string,
  from: number,
  to?: number,
): Promise<ConsistencyProof> {
  const [earlier, later] = [await checkpointAt(tx, workspaceId, from), await checkpointAt(tx, workspaceId, to)];
  if (earlier.size > later.size)
    throw new PlatformError('BAD_USER_INPUT', `from: found ${from}, expected at most ${later.size}.`);
  const tree = new StoredTree(tx, workspaceId);
  const path = earlier.size === later.size ? [] : await tree.consistency(earlier.size, 0, later.size, true);
  return {
    from: earlier.size,
    to: later.size,
    path: path.map((hash) => hash.toString('hex')),
    fromCheckpoint: earlier.note,
    toCheckpoint: later.note,
  };
}

export interface AuditCheckpoint {
  readonly size: number;
  /** Hex. */
  readonly root: string;
  readonly note: string;
  readonly signedAt: Date;
}

/** Newest first. Throws BAD_USER_INPUT for `first` outside 1 to 500. */
export async function listCheckpoints(
  tx: Tx,
  workspaceId: string,
  { first, below }: { readonly first: number; readonly below?: number | undefined },
): Promise<AuditCheckpoint[]> {
  if (!Number.isInteger(first) || first < 1 || first > 500)
    throw new PlatformError('BAD_USER_INPUT', `first: found ${first}, expected a whole number from 1 to 500.`);
  const { rows } = await tx.execute<{ size: number; root: string; note: string; at: string }>(sql`
    select size::int as size, encode(root, 'hex') as root, note, signed_at as at from audit.checkpoint
    where workspace_id = ${workspaceId} ${below === undefined ? sql`` : sql`and size < ${below}`}
    order by audit.checkpoint.size desc limit ${first}`);
  return rows.map(({ at, ...row }) => ({ ...row, signedAt: new Date(at) }));
}

async function checkpointAt(tx: Tx, workspaceId: string, size?: number): Promise<{ size: number; note: string }> {
  const { rows } = await tx.execute<{ size: number; note: string }>(sql`
    select size::int as size, note from audit.checkpoint where workspace_id = ${workspaceId}
      ${size === undefined ? sql`` : sql`and size = ${size}`} order by size desc limit 1`);
  if (rows[0]) return rows[0];
  throw new PlatformError(
    'NOT_FOUND',
    size === undefined ? 'Nothing of this log is signed yet.' : `No checkpoint of size ${size} was signed.`,
    { details: { type: 'AuditCheckpoint' } },
  );
}

/** The largest power of two below n. */
const split = (n: number): number => 2 ** Math.floor(Math.log2(n - 1));

/** A tree whose leaves and larger complete subtrees lie in the database. */
class StoredTree {
  readonly #tx: Tx;
  readonly #workspaceId: string;

  constructor(tx: Tx, workspaceId: string) {
    this.#tx = tx;
    this.#workspaceId = workspaceId;
  }

  /** PATH(m, D[from, from + size]). */
  async path(m: number, from: number, size: number): Promise<Buffer[]> {
    if (size === 1) return [];
    const k = split(size);
    return m < k
      ? [...(await this.path(m, from, k)), await this.root(from + k, size - k)]
      : [...(await this.path(m - k, from + k, size - k)), await this.root(from, k)];
  }

  /** SUBPROOF(m, D[from, from + size], whole). */
  async consistency(m: number, from: number, size: number, whole: boolean): Promise<Buffer[]> {
    if (m === size) return whole ? [] : [await this.root(from, size)];
    const k = split(size);
    return m <= k
      ? [...(await this.consistency(m, from, k, whole)), await this.root(from + k, size - k)]
      : [...(await this.consistency(m - k, from + k, size - k, false)), await this.root(from, k)];
  }

  /** Hash of `size` leaves from `from` on; ranges of a proof begin at a multiple of the largest power of two in them. */
  async root(from: number, size: number): Promise<Buffer> {
    const level = Math.floor(Math.log2(size));
    if (size !== 2 ** level) {
      const k = split(size);
      return nodeHash(await this.root(from, k), await this.root(from + k, size - k));
    }
    const kept = level - (level % SUBTREE_LEVELS);
    const count = 2 ** (level - kept);
    const found = kept > 0 ? await this.#subtrees(kept, from / 2 ** kept, count) : await this.#leaves(from, size);
    // Subtrees that were complete before they were kept are hashed from the leaves.
    return fold(found.length === count || kept === 0 ? found : await this.#leaves(from, size));
  }

  async #subtrees(level: number, place: number, count: number): Promise<Buffer[]> {
    const { rows } = await this.#tx.execute<{ hash: Buffer }>(sql`
      select hash from audit.subtree where workspace_id = ${this.#workspaceId} and level = ${level}
        and place >= ${place} and place < ${place + count} order by place`);
    return rows.map(({ hash }) => hash);
  }

  async #leaves(from: number, count: number): Promise<Buffer[]> {
    const { rows } = await this.#tx.execute<{ hash: Buffer }>(sql`
      select hash from audit.leaf where workspace_id = ${this.#workspaceId} and seq >= ${from} and seq < ${from + count}
      order by seq`);
    if (rows.length !== count)
      throw new PlatformError('INTERNAL', `The audit log lacks leaves between ${from} and ${from + count}.`);
    return rows.map(({ hash }) => hash);
  }
}

/** Root over a power of two of hashes. */
function fold(hashes: readonly Buffer[]): Buffer {
  let row = hashes;
  while (row.length > 1)
    row = row.flatMap((hash, place) => (place % 2 === 0 ? [nodeHash(hash, row[place + 1] as Buffer)] : []));
  return row[0] as Buffer;
}
