import { randomBytes } from 'node:crypto';
import type { Call, KeysV1 } from '@falaj/contracts';
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { subjectKeyMigrations } from './migrations.js';
import { SubjectKeys } from './subject-keys.js';
import { type KeyAccess, renewSubjectRoot, rewrapSubjectRoots } from './subject-roots.js';

const place = { workspaceId: 'w1', zone: 'AE' };
let test: TestDatabase;

/** Wraps under key ids of its own, so that a test can retire one. */
class TestKeys implements KeyAccess {
  readonly wrapped = new Map<string, Uint8Array>();
  get = () =>
    ({
      wrap: async ({ key }: { key: Uint8Array }) => {
        const ciphertext = randomBytes(16);
        this.wrapped.set(ciphertext.toString('base64'), Uint8Array.from(key));
        return { keyId: 'k#1', ciphertext };
      },
      rewrap: async ({ wrapped }: { wrapped: { ciphertext: Uint8Array } }) => ({ ...wrapped, keyId: 'k#2' }),
      unwrap: async ({ wrapped }: { wrapped: { ciphertext: Uint8Array } }) => {
        const key = this.wrapped.get(Buffer.from(wrapped.ciphertext).toString('base64'));
        if (!key) throw new Error('retired');
        return Uint8Array.from(key);
      },
    }) as unknown as KeysV1;
  call = () => ({}) as Call;
}
const keys = new TestKeys();
const bytesOf = async (subjects: SubjectKeys, names: readonly string[]) => {
  const found = await subjects.known(place, names);
  return names.map((name) => found.get(name)?.export().toString('hex') ?? null);
};
const rows = async <T>(statement: ReturnType<typeof sql>): Promise<T[]> =>
  test.database.asSystem(async (tx) => (await tx.execute<Record<string, unknown>>(statement)).rows as T[]);
const names = Array.from({ length: 25 }, (_, index) => `passenger-${index}`);

beforeAll(async () => {
  test = await createTestDatabase({ migrations: [subjectKeyMigrations] });
});
afterAll(() => test?.close());

it('gives each subject one key in every process, and none of it stands in the table', async () => {
  const [one, other] = [new SubjectKeys(test.database, keys), new SubjectKeys(test.database, keys)];
  const [here, there] = await Promise.all([one.of(place, names), other.of(place, names)]);
  const made = names.map((name) => here.get(name)?.export().toString('hex') as string);
  expect(names.map((name) => there.get(name)?.export().toString('hex'))).toEqual(made);
  expect(new Set(made).size).toBe(names.length);
  const stored = await rows<{ row: string }>(sql`select own::text as row from subjects.subject_key own`);
  expect(stored).toHaveLength(names.length);
  for (const { row } of stored) {
    for (const secret of [...names, ...made]) expect(row).not.toContain(secret);
  }
});

it('keeps every key over a renewal of the root, after which an old copy of the tables opens nothing', async () => {
  const subjects = new SubjectKeys(test.database, keys);
  await subjects.start();
  const before = await bytesOf(subjects, names);
  const lookups = await subjects.lookups(place, names);
  const [backup] = await rows<{ epoch: number; key: { ciphertext: string } }>(
    sql`select epoch, wrapped_key as key from subjects.subject_root`,
  );
  const sealedBefore = await rows<{ sealed: string }>(
    sql`select encode(own.sealed, 'hex') as sealed from subjects.subject_key own`,
  );
  expect(await renewSubjectRoot(test.database, keys, place)).toBe(names.length);

  const roots = await rows<{ epoch: number }>(sql`select epoch from subjects.subject_root`);
  expect(roots).toEqual([{ epoch: (backup?.epoch ?? 0) + 1 }]);
  const sealedAfter = await rows<{ sealed: string }>(
    sql`select encode(own.sealed, 'hex') as sealed from subjects.subject_key own`,
  );
  const stale = new Set(sealedBefore.map(({ sealed }) => sealed));
  expect(sealedAfter.some(({ sealed }) => stale.has(sealed))).toBe(false);
  const later = new SubjectKeys(test.database, keys);
  expect(await bytesOf(later, names)).toEqual(before);
  expect(await later.lookups(place, names)).toEqual(lookups);

  // The zone's key is retired: what wrapped the old root is gone. Its keys lie in the backup only.
  keys.wrapped.delete(backup?.key.ciphertext as string);
  expect(await bytesOf(new SubjectKeys(test.database, keys), names)).toEqual(before);
  // A process that read its roots before goes on too.
  expect((await subjects.of(place, ['somebody new'])).size).toBe(1);
  await subjects.stop();
});

it('goes on with a renewal that was cut off, also while keys are made', async () => {
  const subjects = new SubjectKeys(test.database, keys);
  const before = await bytesOf(subjects, names);
  await rows(sql`
    insert into subjects.subject_root (workspace_id, zone, epoch, wrapped_key)
    select workspace_id, zone, epoch + 1, wrapped_key from subjects.subject_root`);
  const makers = Promise.all(
    Array.from({ length: 20 }, (_, index) => new SubjectKeys(test.database, keys).of(place, [`late-${index}`])),
  );
  await renewSubjectRoot(test.database, keys, place);
  await makers;
  await renewSubjectRoot(test.database, keys, place);
  expect(await rows(sql`select distinct own.epoch from subjects.subject_key own`)).toHaveLength(1);
  expect(await rows(sql`select epoch from subjects.subject_root`)).toHaveLength(1);
  expect(await bytesOf(new SubjectKeys(test.database, keys), names)).toEqual(before);
});

it('moves the root under another version of the key of the zone, once', async () => {
  const before = await bytesOf(new SubjectKeys(test.database, keys), names);
  const rewrap = () => test.database.asSystem((tx) => rewrapSubjectRoots(tx, keys, place, 'k#2'));
  expect([await rewrap(), await rewrap()]).toEqual([1, 0]);
  expect(await bytesOf(new SubjectKeys(test.database, keys), names)).toEqual(before);
});

it('a destroyed key is gone, and who comes back is a stranger', async () => {
  const subjects = new SubjectKeys(test.database, keys);
  const [name] = names as [string];
  const [before] = await bytesOf(subjects, [name]);
  const gone = await test.database.asSystem((tx) => subjects.destroy(tx, place, name));
  expect(gone).toBe(true);
  const fresh = new SubjectKeys(test.database, keys);
  expect(await bytesOf(fresh, [name])).toEqual([null]);
  expect(await test.database.asSystem((tx) => fresh.destroy(tx, place, name))).toBe(false);
  expect((await fresh.of(place, [name])).get(name)?.export().toString('hex')).not.toBe(before);
});
