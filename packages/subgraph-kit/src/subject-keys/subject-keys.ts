// A key for each data subject: what is written of a person can be unlinked from the person, or made unreadable, by
// destroying one key (crypto-shredding). The key lies sealed in a table; its row is deleted, and every process forgets it
// at once.
import { createHmac, type KeyObject, randomBytes } from 'node:crypto';
import type { Database, Tx } from '@falaj/database';
import { sql } from 'drizzle-orm';
import {
  CHANNEL,
  forgetKeys,
  KEY,
  type KeyAccess,
  openKey,
  openRoots,
  type SubjectPlace,
  type SubjectRoot,
  sealKey,
  storedRoots,
} from './subject-roots.js';

const MOST_REMEMBERED = 50_000;
/** Whatever happens to notices, no process uses a key of a destroyed row for longer. */
const REMEMBER_MS = 60_000;

const nameOf = ({ workspaceId, zone }: SubjectPlace): string => `${workspaceId}\n${zone}`;
const lookupOf = (find: KeyObject, subject: string): string => createHmac('sha256', find).update(subject).digest('hex');

/** Makes the keys that are missing. False where the root was ended meanwhile: it takes no key any more. */
async function insertKeys(
  tx: Tx,
  { workspaceId, zone }: SubjectPlace,
  root: SubjectRoot,
  lookups: readonly string[],
): Promise<boolean> {
  const fresh = lookups.map((lookup) => sealKey(root, lookup, randomBytes(KEY)).toString('hex'));
  const held = await tx.execute<{ one: number }>(sql`
    select 1 as one from subjects.subject_root
    where workspace_id = ${workspaceId} and zone = ${zone} and epoch = ${root.epoch} for share`);
  if (held.rows.length === 0) return false;
  // In one order everywhere, so that no two processes wait for each other.
  await tx.execute(sql`
    insert into subjects.subject_key (workspace_id, zone, lookup, epoch, sealed)
    select ${workspaceId}, ${zone}, given.lookup, ${root.epoch}, decode(given.sealed, 'hex')
    from unnest(${sql.param([...lookups])}::text[], ${sql.param(fresh)}::text[]) as given (lookup, sealed)
    order by given.lookup
    on conflict do nothing`);
  return true;
}

export class SubjectKeys {
  readonly #database: Database;
  readonly #access: KeyAccess;
  #roots = new Map<string, Promise<readonly SubjectRoot[]>>();
  #remembered = new Map<string, KeyObject>();
  #rememberedSince = Date.now();
  #stopListening: (() => Promise<void>) | undefined;

  constructor(database: Database, access: KeyAccess) {
    this.#database = database;
    this.#access = access;
  }

  async start(): Promise<void> {
    // An empty notice follows a broken connection: anything may have been missed. Either way all is forgotten.
    this.#stopListening = await this.#database.listen(CHANNEL, () => this.#forget());
  }

  async stop(): Promise<void> {
    await this.#stopListening?.();
  }

  /** How each subject is filed: HMAC-SHA256 under the place's secret, hexadecimal; the same for ever. */
  async lookups(place: SubjectPlace, subjects: readonly string[]): Promise<readonly string[]> {
    const [newest] = await this.#rootsOf(place);
    return subjects.map((subject) => lookupOf((newest as SubjectRoot).find, subject));
  }

  /** What `lookups` are made with: for an engine that must find the same people in rows of its own. */
  async findSecret(place: SubjectPlace): Promise<Uint8Array> {
    const [newest] = await this.#rootsOf(place);
    return Uint8Array.from((newest as SubjectRoot).find.export());
  }

  /** The keys of these subjects, made where there are none. Throws where keys cannot be had. */
  of(place: SubjectPlace, subjects: readonly string[]): Promise<ReadonlyMap<string, KeyObject>> {
    return this.#read(place, subjects, true);
  }

  /** The keys of those of these subjects that have one. */
  known(place: SubjectPlace, subjects: readonly string[]): Promise<ReadonlyMap<string, KeyObject>> {
    return this.#read(place, subjects, false);
  }

  async #read(
    place: SubjectPlace,
    subjects: readonly string[],
    make: boolean,
  ): Promise<ReadonlyMap<string, KeyObject>> {
    const now = Date.now();
    if (now - this.#rememberedSince > REMEMBER_MS || this.#remembered.size > MOST_REMEMBERED) {
      this.#remembered = new Map();
      this.#rememberedSince = now;
    }
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
    const roots = await this.#rootsOf(place);
    const [newest] = roots as [SubjectRoot];
    const lookups = missing.map((subject) => lookupOf(newest.find, subject));
    const rows = await this.#database.asSystem(async (tx) => {
      if (make && !(await insertKeys(tx, place, newest, lookups))) return null;
      const stored = await tx.execute<{ lookup: string; epoch: number; sealed: string }>(sql`
        select own.lookup, own.epoch, encode(own.sealed, 'hex') as sealed from subjects.subject_key own
        where own.workspace_id = ${place.workspaceId} and own.zone = ${place.zone}
          and own.lookup = any(${sql.param(lookups)}::text[])`);
      return stored.rows;
    });
    if (rows === null) {
      this.#forget();
      return this.#read(place, subjects, make);
    }
    const sealed = new Map(rows.map((row) => [row.lookup, row]));
    for (const [index, subject] of missing.entries()) {
      const lookup = lookups[index] as string;
      const own = sealed.get(lookup);
      if (!own) {
        if (make) throw new Error('a subject was erased while its key was read');
        continue;
      }
      const key = await this.#open(place, roots, lookup, own);
      found.set(subject, key);
      remembered.set(prefix + subject, key);
    }
    return found;
  }

  async #open(
    place: SubjectPlace,
    roots: readonly SubjectRoot[],
    lookup: string,
    { epoch, sealed }: { readonly epoch: number; readonly sealed: string },
  ): Promise<KeyObject> {
    const bytes = Buffer.from(sealed, 'hex');
    const root = roots.find((candidate) => candidate.epoch === epoch);
    if (root) return openKey(root, lookup, bytes);
    // Sealed under a root that came after ours was read.
    this.#roots.delete(nameOf(place));
    const fresh = (await this.#rootsOf(place)).find((candidate) => candidate.epoch === epoch);
    if (!fresh) throw new Error(`a subject key is sealed under root ${epoch}, which does not exist`);
    return openKey(fresh, lookup, bytes);
  }

  /** The key of a subject, where there is one; its row is locked. */
  async find(tx: Tx, place: SubjectPlace, subject: string): Promise<KeyObject | null> {
    if ((await storedRoots(tx, place)).length === 0) return null;
    const roots = await this.#rootsOf(place);
    const lookup = lookupOf((roots[0] as SubjectRoot).find, subject);
    const { rows } = await tx.execute<{ epoch: number; sealed: string }>(sql`
      select own.epoch, encode(own.sealed, 'hex') as sealed from subjects.subject_key own
      where own.workspace_id = ${place.workspaceId} and own.zone = ${place.zone} and own.lookup = ${lookup} for update`);
    return rows[0] ? this.#open(place, roots, lookup, rows[0]) : null;
  }

  /** Destroys the key of a subject with the transaction, and tells every process. False where there was none. */
  async destroy(tx: Tx, place: SubjectPlace, subject: string): Promise<boolean> {
    if ((await storedRoots(tx, place)).length === 0) return false;
    const [lookup] = await this.lookups(place, [subject]);
    const { rows } = await tx.execute<{ one: number }>(sql`
      delete from subjects.subject_key
      where workspace_id = ${place.workspaceId} and zone = ${place.zone} and lookup = ${lookup} returning 1 as one`);
    await forgetKeys(tx, place.workspaceId);
    return rows.length > 0;
  }

  #forget(): void {
    this.#remembered = new Map();
    this.#roots = new Map();
    this.#rememberedSince = Date.now();
  }

  #rootsOf(place: SubjectPlace): Promise<readonly SubjectRoot[]> {
    const name = nameOf(place);
    let roots = this.#roots.get(name);
    if (!roots) {
      roots = openRoots(this.#database, this.#access, place);
      this.#roots.set(name, roots);
      roots.catch(() => this.#roots.delete(name));
    }
    return roots;
  }
}
