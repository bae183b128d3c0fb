// The roots that subject keys are sealed under: one per workspace, zone and epoch, wrapped by the zone's key. A new epoch
// is begun before versions of that key are retired; then what stands sealed in a backup opens nowhere any more.
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import type { Call, KeysV1 } from '@falaj/contracts';
import { clientOf, type Database, type Tx } from '@falaj/database';
import { sql } from 'drizzle-orm';

/** Empty payloads and workspaces alike mean: forget every key. */
export const CHANNEL = 'falaj_subject_keys';
export const KEY = 32;
const NONCE = 12;
const TAG = 16;
/** Keys that one transaction moves to a new epoch. */
const MOVE = 2_000;

export interface SubjectPlace {
  readonly workspaceId: string;
  readonly zone: string;
}

/** The plugins, as far as keys are concerned. */
export interface KeyAccess {
  get(kind: 'keys'): KeysV1;
  call(principal: { readonly id: string }, place: SubjectPlace): Call;
}

const PROGRAM = { id: 'subject-keys' } as const;

export interface SubjectRoot {
  readonly epoch: number;
  /** Finds subjects; the same in every epoch. */
  readonly find: KeyObject;
  readonly seal: KeyObject;
}

interface Stored {
  readonly epoch: number;
  readonly key: { readonly keyId: string; readonly ciphertext: string };
}

const contextOf = ({ workspaceId, zone }: SubjectPlace): string => `subject-root/${workspaceId}/${zone}`;
const asStored = (wrapped: { readonly keyId: string; readonly ciphertext: Uint8Array }): string =>
  JSON.stringify({ keyId: wrapped.keyId, ciphertext: Buffer.from(wrapped.ciphertext).toString('base64') });
const asWrapped = ({ keyId, ciphertext }: Stored['key']) => ({ keyId, ciphertext: Buffer.from(ciphertext, 'base64') });

export function sealKey(root: SubjectRoot, lookup: string, key: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', root.seal, nonce);
  cipher.setAAD(Buffer.from(lookup));
  return Buffer.concat([nonce, cipher.update(key), cipher.final(), cipher.getAuthTag()]);
}

function openBytes(root: SubjectRoot, lookup: string, sealed: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', root.seal, sealed.subarray(0, NONCE), { authTagLength: TAG });
  decipher.setAAD(Buffer.from(lookup));
  decipher.setAuthTag(sealed.subarray(-TAG));
  return Buffer.concat([decipher.update(sealed.subarray(NONCE, -TAG)), decipher.final()]);
}

/** Throws where a byte, the subject or the root differs. */
export const openKey = (root: SubjectRoot, lookup: string, sealed: Buffer): KeyObject =>
  createSecretKey(openBytes(root, lookup, sealed));

/** Every epoch of the place, the newest first. */
export async function storedRoots(tx: Tx, { workspaceId, zone }: SubjectPlace): Promise<Stored[]> {
  const { rows } = await tx.execute<{ epoch: number; key: Stored['key'] }>(sql`
    select epoch, wrapped_key as key from subjects.subject_root
    where workspace_id = ${workspaceId} and zone = ${zone} order by epoch desc`);
  return rows;
}

async function openRoot(access: KeyAccess, place: SubjectPlace, { epoch, key }: Stored): Promise<SubjectRoot> {
  const both = await access
    .get('keys')
    .unwrap({ wrapped: asWrapped(key), context: contextOf(place) }, access.call(PROGRAM, place));
  const root = { epoch, find: createSecretKey(both.slice(0, KEY)), seal: createSecretKey(both.slice(KEY)) };
  both.fill(0);
  return root;
}

/** The roots of the place by epoch, the newest first; the first is made where there is none. */
export async function openRoots(
  database: Database,
  access: KeyAccess,
  place: SubjectPlace,
): Promise<readonly SubjectRoot[]> {
  let stored = await database.asSystem((tx) => storedRoots(tx, place));
  if (stored.length === 0) {
    const { workspaceId, zone } = place;
    const keyRef = `${workspaceId}/${zone}`;
    const wrapped = await access
      .get('keys')
      .wrap({ keyRef, key: randomBytes(2 * KEY), context: contextOf(place) }, access.call(PROGRAM, place));
    stored = await database.asSystem(async (tx) => {
      await tx.execute(sql`
        insert into subjects.subject_root (workspace_id, zone, epoch, wrapped_key)
        values (${workspaceId}, ${zone}, 1, ${asStored(wrapped)}::jsonb) on conflict do nothing`);
      return storedRoots(tx, place);
    });
  }
  return Promise.all(stored.map((root) => openRoot(access, place, root)));
}

/** Moves the roots of a place under the current version of the zone's key, in the caller's transaction; answers how many. */
export async function rewrapSubjectRoots(
  tx: Tx,
  access: KeyAccess,
  place: SubjectPlace,
  keyId: string,
): Promise<number> {
  const { workspaceId, zone } = place;
  const old = (await storedRoots(tx, place)).filter(({ key }) => key.keyId !== keyId);
  for (const { epoch, key } of old) {
    const moved = await access
      .get('keys')
      .rewrap({ wrapped: asWrapped(key), context: contextOf(place) }, access.call(PROGRAM, place));
    await tx.execute(sql`
      update subjects.subject_root set wrapped_key = ${asStored(moved)}::jsonb
      where workspace_id = ${workspaceId} and zone = ${zone} and epoch = ${epoch}`);
  }
  return old.length;
}

/**
 * Seals every subject key of a place under a root that no backup holds, and ends the roots before it; answers how many
 * keys were moved. Keys stay usable throughout. Goes on where it was left when called again.
 */
export async function renewSubjectRoot(
  database: Database,
  access: KeyAccess,
  place: SubjectPlace,
  signal?: AbortSignal,
): Promise<number> {
  const { workspaceId, zone } = place;
  const before = await database.asSystem((tx) => storedRoots(tx, place));
  if (before.length === 0) return 0;
  let roots = await openRoots(database, access, place);
  // Two epochs: an earlier call was cut off half way. Its new root is as good as another.
  if (roots.length === 1) {
    const [{ epoch, find }] = roots as [SubjectRoot];
    const key = Buffer.concat([find.export(), randomBytes(KEY)]);
    const keyRef = `${workspaceId}/${zone}`;
    const wrapped = await access
      .get('keys')
      .wrap({ keyRef, key, context: contextOf(place) }, access.call(PROGRAM, place));
    key.fill(0);
    await database.asSystem(async (tx) => {
      await tx.execute(sql`
        insert into subjects.subject_root (workspace_id, zone, epoch, wrapped_key)
        values (${workspaceId}, ${zone}, ${epoch + 1}, ${asStored(wrapped)}::jsonb) on conflict do nothing`);
      await forgetKeys(tx, workspaceId);
    });
    roots = await openRoots(database, access, place);
  }
  const [newest] = roots as [SubjectRoot, ...SubjectRoot[]];
  const byEpoch = new Map(roots.map((root) => [root.epoch, root]));
  for (let moved = 0; ; ) {
    signal?.throwIfAborted();
    const page = await database.asSystem((tx) => moveKeys(tx, place, newest, byEpoch));
    moved += page;
    if (page > 0) continue;
    const ended = await database.asSystem(async (tx) => {
      // Whoever writes under an old root holds a share of its row: none is ended under a writer.
      await tx.execute(sql`
        select 1 from subjects.subject_root where workspace_id = ${workspaceId} and zone = ${zone} for update`);
      const { rows } = await tx.execute<{ n: number }>(sql`
        select count(*)::int as n from subjects.subject_key
        where workspace_id = ${workspaceId} and zone = ${zone} and epoch < ${newest.epoch}`);
      if ((rows[0]?.n ?? 0) > 0) return false;
      await tx.execute(sql`
        delete from subjects.subject_root
        where workspace_id = ${workspaceId} and zone = ${zone} and epoch < ${newest.epoch}`);
      await forgetKeys(tx, workspaceId);
      return true;
    });
    if (ended) return moved;
  }
}

async function moveKeys(
  tx: Tx,
  { workspaceId, zone }: SubjectPlace,
  newest: SubjectRoot,
  byEpoch: ReadonlyMap<number, SubjectRoot>,
): Promise<number> {
  const { rows } = await tx.execute<{ lookup: string; epoch: number; sealed: string }>(sql`
    select own.lookup, own.epoch, encode(own.sealed, 'hex') as sealed from subjects.subject_key own
    where own.workspace_id = ${workspaceId} and own.zone = ${zone} and own.epoch < ${newest.epoch}
    order by own.lookup limit ${MOVE} for update`);
  if (rows.length === 0) return 0;
  const moved = rows.map(({ lookup, epoch, sealed }) => {
    const root = byEpoch.get(epoch);
    if (!root) throw new Error(`a subject key is sealed under root ${epoch}, which does not exist`);
    const key = openBytes(root, lookup, Buffer.from(sealed, 'hex'));
    const again = sealKey(newest, lookup, key).toString('hex');
    key.fill(0);
    return again;
  });
  await tx.execute(sql`
    update subjects.subject_key own set epoch = ${newest.epoch}, sealed = decode(given.sealed, 'hex')
    from unnest(${sql.param(rows.map(({ lookup }) => lookup))}::text[], ${sql.param(moved)}::text[]) as given (lookup, sealed)
    where own.workspace_id = ${workspaceId} and own.zone = ${zone} and own.lookup = given.lookup`);
  return rows.length;
}

/** Tells every process, with the transaction, to read keys anew. */
export async function forgetKeys(tx: Tx, workspaceId: string): Promise<void> {
  await clientOf(tx).query('select pg_notify($1, $2)', [CHANNEL, workspaceId]);
}
