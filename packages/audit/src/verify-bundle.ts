// An exported log against itself, the signatures of its checkpoints and, where given, a checkpoint kept elsewhere. Needs
// neither database nor platform: only the files and the public key, which must come by another way than the files.
import type { KeyObject } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PlatformError } from '@falaj/runtime';
import { z } from 'zod';
import { CHECKPOINTS_FILE, MANIFEST_FILE, RECORDS_FILE } from './bundle.js';
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
  readonly verified: number;
  /** Hex. */
  readonly root: string;
  readonly faults: readonly BundleFault[];
}

const manifestShape = z.object({ format: z.literal('falaj-audit/1'), workspaceId: z.string(), size: z.int().min(0) });
const lineShape = z.object({
  seq: z.int().min(0),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  record: z.record(z.string(), z.unknown()).nullable(),
});
const checkpointShape = z.object({ size: z.int().min(0), note: z.string() });
const MAX_FAULTS = 100;

/** Throws BAD_USER_INPUT for files that are no bundle; everything that is wrong with a bundle is a fault. */
export async function verifyBundle(
  folder: string,
  publicKey: KeyObject,
  /** A signed note that was kept elsewhere. */
  witness?: string,
): Promise<BundleVerification> {
  const { workspaceId, size } = parsed(manifestShape, await text(folder, MANIFEST_FILE), MANIFEST_FILE);
  const checkpoints = (await text(folder, CHECKPOINTS_FILE))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => parsed(checkpointShape, line, CHECKPOINTS_FILE));
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
  const input = createInterface({
    input: createReadStream(join(folder, RECORDS_FILE)),
    crlfDelay: Number.POSITIVE_INFINITY,
  });
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
      return { intact: false, workspaceId, verified: next, root: frontier.root().toString('hex'), faults };
    }
    const claimed = Buffer.from(hash, 'hex');
    const own = record === null ? claimed : leafHash(record);
    if (record === null) fault('MISSING', seq, 'the record is gone; its leaf remains');
    else if (!own.equals(claimed)) fault('CHANGED', seq, `record ${String(record.id)} is another than its leaf`);
    frontier.append(own);
    holds();
  }
  const verified = Number(frontier.size);
  if (verified < size) fault('MISSING', verified, `the manifest says ${size} records`);
  if (verified > size) fault('INSERTED', size, `the manifest says ${size} records, there are ${verified}`);
  if (!notes.has(verified)) fault('CHECKPOINT', verified, 'no checkpoint was signed of all that is here');
  if (kept && kept.size > verified)
    fault('WITNESS', kept.size, `the checkpoint kept elsewhere says ${kept.size} records, here are ${verified}`);
  return { intact: faults.length === 0, workspaceId, verified, root: frontier.root().toString('hex'), faults };
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

function parsed<T>(shape: z.ZodType<T>, line: string, file: string): T {
  try {
    return shape.parse(JSON.parse(line));
  } catch (cause) {
    throw new PlatformError('BAD_USER_INPUT', `${file} holds what no export writes: ${line.slice(0, 120)}`, { cause });
  }
}
