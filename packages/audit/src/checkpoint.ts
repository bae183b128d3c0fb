// A checkpoint as a C2SP signed note (https://c2sp.org/tlog-checkpoint): any witness of transparency logs can read it.
import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

/** Signature type of Ed25519 in signed notes. */
const ED25519 = Buffer.of(0x01);
const SIGNER = 'falaj';

/** Which log a checkpoint is of. */
export const originOf = (workspaceId: string): string => `falaj/audit/${workspaceId}`;

const publicOf = (key: KeyObject): KeyObject => (key.type === 'public' ? key : createPublicKey(key));

/** First four bytes of SHA-256 over the signer's name, a line feed, the type and the public key. */
function keyHash(key: KeyObject): Buffer {
  const spki = publicOf(key).export({ type: 'spki', format: 'der' });
  const raw = spki.subarray(spki.length - 32);
  return createHash('sha256').update(`${SIGNER}\n`).update(ED25519).update(raw).digest().subarray(0, 4);
}

/** A C2SP signed note: the text, which ends with a line feed, and one signature. */
export function signNote(text: string, privateKey: KeyObject): string {
  const signature = Buffer.concat([keyHash(privateKey), sign(null, Buffer.from(text), privateKey)]);
  return `${text}\n— ${SIGNER} ${signature.toString('base64')}\n`;
}

/** Whether the note says this text and nothing else, signed by the key. */
export function noteHolds(note: string, text: string, key: KeyObject): boolean {
  const [, encoded = ''] = /^— falaj (\S+)\n$/.exec(note.slice(text.length + 1)) ?? [];
  if (note.slice(0, text.length + 1) !== `${text}\n`) return false;
  const bytes = Buffer.from(encoded, 'base64');
  return (
    bytes.length === 68 &&
    bytes.subarray(0, 4).equals(keyHash(key)) &&
    verify(null, Buffer.from(text), publicOf(key), bytes.subarray(4))
  );
}

interface TreeState {
  readonly workspaceId: string;
  readonly size: bigint;
  readonly root: Buffer;
}

const textOf = ({ workspaceId, size, root }: TreeState): string =>
  `${originOf(workspaceId)}\n${size}\n${root.toString('base64')}\n`;

export const signCheckpoint = (workspaceId: string, size: bigint, root: Buffer, privateKey: KeyObject): string =>
  signNote(textOf({ workspaceId, size, root }), privateKey);

/** Whether the note is signed by the key and says this size and root of this log. */
export const checkpointHolds = (note: string, said: TreeState, key: KeyObject): boolean =>
  noteHolds(note, textOf(said), key);
