// A key for each data subject: what is written of a person can be unlinked from the person by destroying one key
// (crypto-shredding). The key lies sealed in a table; its row is deleted, and every process forgets it at once.
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { clientOf, type Tx } from '@falaj/database';
import type { Platform } from '@falaj/subgraph-kit';
import { sql } from 'drizzle-orm';

const CHANNEL = 'deployments_subject_erased';
const MOST_REMEMBERED = 50_000;
const KEY = 32;
const NONCE = 12;
const TAG = 16;
/** Whatever happens to notices, no process uses a key of a destroyed row for longer. */
const REMEMBER_MS = 60_000;

export interface SubjectPlace {
  readonly workspaceId: string;
  readonly zone: string;
}

export interface SubjectRoot {
  readonly find: Uint8Array;
  readonly seal: Uint8Array;
}

interface Stored {
  readonly keyId: string;
  readonly ciphertext: string;
}

export const rootContext = ({ workspaceId, zone }: SubjectPlace): string => `subject-root/${workspaceId}/${zone}`;
const nameOf = ({ workspaceId, zone }: SubjectPlace): string => `${workspaceId}\n${zone}`;
const lookupOf = (root: SubjectRoot, subject: string): string =>
  createHmac('sha256', root.find).update(subject).digest('hex');

function sealKey(root: SubjectRoot, lookup: string, key: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', root.seal, nonce);
  cipher.setAAD(Buffer.from(lookup));
  return Buffer.concat([nonce, cipher.update(key), cipher.final(), cipher.getAuthTag()]);
}

/** Throws where a byte, the subject or the root differs. */
function openKey(root: SubjectRoot, lookup: string, sealed: Buffer): KeyObject {
  const decipher = createDecipheriv('aes-256-gcm', root.seal, sealed.subarray(0, NONCE), { authTagLength: TAG });
  decipher.setAAD(Buffer.from(lookup));
  decipher.setAuthTag(sealed.subarray(-TAG));
  return createSecretKey(Buffer.concat([decipher.update(sealed.subarray(NONCE, -TAG)), decipher.final()]));
}

export class SubjectKeys {
  readonly #platform: Pick<Platform, 'database' | 'plugins' | 'log'>;
  readonly #roots = new Map<string, Promise<SubjectRoot>>();
  #remembered = new Map<string, KeyObject>();
  #rememberedSince = Date.now();
  #stopListening: (() => Promise<void>) | undefined;

  constructor(platform: Pick<Platform, 'database' | 'plugins' | 'log'>) {
    this.#platform = platform;
  }

  async start(): Promise<void> {
    // An empty notice follows a broken connection: anything may have been missed. Either way all is forgotten.
    this.#stopListening = await this.#platform.database.listen(CHANNEL, () => this.#forget());
  }

  async stop(): Promise<void> {
    await this.#stopListening?.();
  }

  /** The keys of these subjects, made where there are none. Throws where keys cannot be had. */
  async of(place: SubjectPlace, subjects: readonly string[]): Promise<ReadonlyMap<string, KeyObject>> {
    const now = Date.now();
    if (now - this.#rememberedSince > REMEMBER_MS || this.#remembered.size > MOST_REMEMBERED) this.#forget();
    // Of what is read now, nothing is remembered if a subject is erased meanwhile.
    const remembered = this.#remembered;
    const prefix = `${nameOf(place)}\n`;
    const found = new Map<string, KeyObject>();
    const missing: string[] = [];
    for (const subject of new Set(subjects)) {
      const known = remembered.get(prefix + subject);
      if (known) found.set(subject, known);
      else missing.push(subject);
    }
    if (missing.length === 0) return found;
    const root = await this.#root(place);
    const lookups = missing.map((subject) => lookupOf(root, subject));
    const fresh = lookups.map((lookup) => sealKey(root, lookup, randomBytes(KEY)));
    const { workspaceId, zone } = place;
    const rows = await this.#platform.database.asSystem(async (tx) => {
      // In one order everywhere, so that no two processes wait for each other.
      await tx.execute(sql`
        insert into deployments.subject_key (workspace_id, zone, lookup, sealed)
        select ${workspaceId}, ${zone}, given.lookup, decode(given.sealed, 'hex')
        from unnest(${sql.param(lookups)}::text[], ${sql.param(fresh.map((sealed) => sealed.toString('hex')))}::text[])
          as given (lookup, sealed)
        order by given.lookup
        on conflict do nothing`);
      return tx.execute<{ lookup: string; sealed: string }>(sql`
        select own.lookup, encode(own.sealed, 'hex') as sealed from deployments.subject_key own
        where own.workspace_id = ${workspaceId} and own.zone = ${zone} and own.lookup = any(${sql.param(lookups)}::text[])`);
    });
    const sealed = new Map(rows.rows.map((row) => [row.lookup, Buffer.from(row.sealed, 'hex')]));
    missing.forEach((subject, place) => {
      const lookup = lookups[place] as string;
      const own = sealed.get(lookup);
      if (!own) throw new Error('a subject was erased while its key was read');
      const key = openKey(root, lookup, own);
      found.set(subject, key);
      remembered.set(prefix + subject, key);
    });
    return found;
  }

  /** The key of a subject, where there is one. */
  async find(tx: Tx, place: SubjectPlace, subject: string): Promise<KeyObject | null> {
    if (!(await storedRoot(tx, place))) return null;
    const root = await this.#root(place);
    const lookup = lookupOf(root, subject);
    const { rows } = await tx.execute<{ sealed: string }>(sql`
      select encode(own.sealed, 'hex') as sealed from deployments.subject_key own
      where own.workspace_id = ${place.workspaceId} and own.zone = ${place.zone} and own.lookup = ${lookup} for update`);
    return rows[0] ? openKey(root, lookup, Buffer.from(rows[0].sealed, 'hex')) : null;
  }

  /** Destroys the key of a subject with the transaction, and tells every process. False where there was none. */
  async destroy(tx: Tx, place: SubjectPlace, subject: string): Promise<boolean> {
    if (!(await storedRoot(tx, place))) return false;
    const lookup = lookupOf(await this.#root(place), subject);
    const { rows } = await tx.execute<{ one: number }>(sql`
      delete from deployments.subject_key
      where workspace_id = ${place.workspaceId} and zone = ${place.zone} and lookup = ${lookup} returning 1 as one`);
    await clientOf(tx).query('select pg_notify($1, $2)', [CHANNEL, place.workspaceId]);
    return rows.length > 0;
  }

  #forget(): void {
    this.#remembered = new Map();
    this.#rememberedSince = Date.now();
  }

  #root(place: SubjectPlace): Promise<SubjectRoot> {
    const name = nameOf(place);
    let root = this.#roots.get(name);
    if (!root) {
      root = this.#openRoot(place);
      this.#roots.set(name, root);
      root.catch(() => this.#roots.delete(name));
    }
    return root;
  }

  async #openRoot(place: SubjectPlace): Promise<SubjectRoot> {
    const { database, plugins } = this.#platform;
    const { workspaceId, zone } = place;
    const keys = plugins.get('keys');
    const call = plugins.call({ id: 'subject-keys' }, place);
    const context = rootContext(place);
    let stored = await database.asSystem((tx) => storedRoot(tx, place));
    if (!stored) {
      const wrapped = await keys.wrap({ keyRef: `${workspaceId}/${zone}`, key: randomBytes(2 * KEY), context }, call);
      const made = { keyId: wrapped.keyId, ciphertext: Buffer.from(wrapped.ciphertext).toString('base64') };
      stored = await database.asSystem(async (tx) => {
        await tx.execute(sql`
          insert into deployments.subject_root (workspace_id, zone, wrapped_key)
          values (${workspaceId}, ${zone}, ${JSON.stringify(made)}::jsonb) on conflict do nothing`);
        return storedRoot(tx, place);
      });
    }
    if (!stored) throw new Error('the root of the subject keys was not stored');
    const wrapped = { keyId: stored.keyId, ciphertext: Buffer.from(stored.ciphertext, 'base64') };
    const both = await keys.unwrap({ wrapped, context }, call);
    return { find: both.slice(0, KEY), seal: both.slice(KEY) };
  }
}

async function storedRoot(tx: Tx, { workspaceId, zone }: SubjectPlace): Promise<Stored | null> {
  const { rows } = await tx.execute<{ key: Stored }>(sql`
    select wrapped_key as key from deployments.subject_root where workspace_id = ${workspaceId} and zone = ${zone}`);
  return rows[0]?.key ?? null;
}
