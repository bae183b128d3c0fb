// An exported log against itself, the signatures of its checkpoints and, where given, a checkpoint kept elsewhere. Needs
// neither database nor platform: only the files and the public key, which must come by another way than the files.
import { createHash, type KeyObject } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { canonicalJson, PlatformError } from '@falaj/runtime';
import { z } from 'zod';
import { archivedUntil } from './archives.js';
import { ARCHIVES_FILE, CHECKPOINTS_FILE, MANIFEST_FILE, RECORDS_FILE } from './bundle.js';
import { checkpointHolds, originOf } from './checkpoint.js';
import { leafHash } from './leaf.js';
import { MerkleFrontier } from './merkle-tree.js';

export interface BundleFault {
  /**
   * CHANGED: the record is another than its leaf. MISSING: it is not there. INSERTED: a line that belongs to no place.
   * CHECKPOINT: the tree at this size is not the one that was signed; something at or before it was changed with its leaf.
   * SIGNATURE: not signed by this key. WITNESS: the checkpoint kept elsewhere says another tree. MANIFEST: unlike the files.
   */
  readonly kind: 'CHANGED' | 'MISSING' | 'INSERTED' | 'CHECKPOINT' | 'SIGNATURE' | 'WITNESS' | 'MANIFEST';
  /** Place in the log from 0, or the size of a checkpoint. */
  readonly seq: number;
  readonly detail: string;
}

export interface BundleVerification {
  readonly intact: boolean;
  readonly workspaceId: string;
  /** Leaves: of records that were hashed again, and of archived ones. */
  readonly verified: number;
  /** Those whose record lies in an earlier export. */
  readonly archived: number;
  /** Hex. */
  readonly root: string;
  /** SHA-256 of the records file as it was read, `sha256:` and hex; empty where reading ended at a gap. */
  readonly recordsDigest: string;
  readonly faults: readonly BundleFault[];
}

const manifestShape = z.object({
  format: z.literal('falaj-audit/1'),
  workspaceId: z.string(),
  size: z.int().min(0),
  recordsDigest: z.string(),
});
const lineShape = z.object({
  seq: z.int().min(0),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  record: z.record(z.string(), z.unknown()).nullable(),
});
const checkpointShape = z.object({ size: z.int().min(0), note: z.string() });
const archiveShape = z.object({ from: z.int(), until: z.int(), recordsDigest: z.string(), note: z.string() });
const MAX_FAULTS = 100;

/** Throws BAD_USER_INPUT for files that are no bundle; everything that is wrong with a bundle is a fault. */
export async function verifyBundle(
  folder: string,
  publicKey: KeyObject,
  /** A signed note that was kept elsewhere. */
  witness?: string,
): Promise<BundleVerification> {
  const { workspaceId, size, recordsDigest } = parsed(manifestShape, await text(folder, MANIFEST_FILE), MANIFEST_FILE);
  const checkpoints = await shapedLines(folder, CHECKPOINTS_FILE, checkpointShape);
  const ended = archivedUntil(await shapedLines(folder, ARCHIVES_FILE, archiveShape), workspaceId, publicKey);
  let archived = 0;
  const notes = new Map(checkpoints.map((each) => [each.size, each.note]));
  const kept = witness === undefined ? undefined : noteOf(witness, workspaceId);
  const faults: BundleFault[] = [];
  const fault = (kind: BundleFault['kind'], seq: number, detail: string) => {
    if (faults.length < MAX_FAULTS) faults.push({ kind, seq, detail });
  };
  const frontier = new MerkleFrontier();
  const holds = () => {
    const at = Number(frontier.size);
    const said = { workspaceId, size: frontier.size, root: frontier.root() };
    const note = notes.get(at);
    if (note !== undefined && !checkpointHolds(note, said, publicKey)) {
      const says = note.split('\n')[2];
      if (says === said.root.toString('base64')) fault('SIGNATURE', at, 'the checkpoint is not signed by this key');
      else fault('CHECKPOINT', at, `signed is ${says}, the records give ${said.root.toString('base64')}`);
    }
    if (kept?.size === at && !checkpointHolds(kept.note, said, publicKey))
      fault('WITNESS', at, 'the checkpoint kept elsewhere says another tree, or is signed by another key');
  };
  const file = createReadStream(join(folder, RECORDS_FILE));
  const digest = createHash('sha256');
  const input = createInterface({ input: file, crlfDelay: Number.POSITIVE_INFINITY });
  file.on('data', (chunk) => digest.update(chunk));
  const ending = (verified: number, found: string): BundleVerification => {
    const root = frontier.root().toString('hex');
    return { intact: faults.length === 0, workspaceId, verified, archived, root, recordsDigest: found, faults };
  };
  for await (const line of input) {
    if (line === '') continue;
    const { seq, hash, record } = parsed(lineShape, line, RECORDS_FILE);
    const next = Number(frontier.size);
    if (seq < next) {
      fault('INSERTED', seq, 'this place is taken');
      continue;
    }
    if (seq > next) {
      fault('MISSING', next, `${seq - next} lines are not there`);
      return ending(next, '');
    }
    const claimed = Buffer.from(hash, 'hex');
    if (record === null && seq < ended) archived += 1;
    else if (record === null) fault('MISSING', seq, 'the record is gone; its leaf remains');
    else if (!leafHash(record).equals(claimed))
      fault('CHANGED', seq, `record ${String(record.id)} is another than its leaf`);
    // Readers differ in what they take of a name that stands twice: only one text of a record is the record.
    else if (line !== canonicalJson({ hash, record, seq }))
      fault('CHANGED', seq, `record ${String(record.id)} is not written as an export writes it`);
    // The leaf as it is claimed: checkpoints judge the leaves, leaves judge the records, and each fault is named once.
    frontier.append(claimed);
    holds();
  }
  const verified = Number(frontier.size);
  if (verified < size) fault('MISSING', verified, `the manifest says ${size} records`);
  if (verified > size) fault('INSERTED', size, `the manifest says ${size} records, there are ${verified}`);
  if (!notes.has(verified)) fault('CHECKPOINT', verified, 'no checkpoint was signed of all that is here');
  if (kept && kept.size > verified)
    fault('WITNESS', kept.size, `the checkpoint kept elsewhere says ${kept.size} records, here are ${verified}`);
  const found = `sha256:${digest.digest('hex')}`;
  if (found !== recordsDigest)
    fault('MANIFEST', verified, `${RECORDS_FILE} has ${found}, the manifest ${recordsDigest}`);
  return ending(verified, found);
}

/** Size of a note; who signed what is checked when the tree has that size. */
function noteOf(note: string, workspaceId: string): { readonly size: number; readonly note: string } {
  const [origin, size] = note.split('\n');
  if (origin !== originOf(workspaceId) || !/^\d+$/.test(size ?? ''))
    throw new PlatformError(
      'BAD_USER_INPUT',
      `The checkpoint is of "${origin}"; the bundle is of "${originOf(workspaceId)}".`,
    );
  return { size: Number(size), note };
}

async function text(folder: string, file: string): Promise<string> {
  try {
    return await readFile(join(folder, file), 'utf8');
  } catch (cause) {
    throw new PlatformError('BAD_USER_INPUT', `${join(folder, file)} cannot be read: this is no finished export.`, {
      cause,
    });
  }
}

async function shapedLines<T>(folder: string, file: string, shape: z.ZodType<T>): Promise<T[]> {
  const lines = (await text(folder, file)).split('\n').filter((line) => line !== '');
  return lines.map((line) => parsed(shape, line, file));
}

function parsed<T>(shape: z.ZodType<T>, line: string, file: string): T {
  try {
    return shape.parse(JSON.parse(line));
  } catch (cause) {
    throw new PlatformError('BAD_USER_INPUT', `${file} holds what no export writes: ${line.slice(0, 120)}`, { cause });
  }
}
