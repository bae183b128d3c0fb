// Proofs and exports against a verifier written here from the text of RFC 9162, on a log of a real PostgreSQL.
import { createHash, generateKeyPairSync } from 'node:crypto';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import { sql } from 'drizzle-orm';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  auditMigrations,
  consistencyProof,
  exportAuditLog,
  inclusionProof,
  sequenceAudit,
  verifyAuditLog,
  verifyBundle,
} from './index.js';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const RECORDS = 1_300;
/** Sizes at which something was signed: odd ones, powers of two, and beyond several complete subtrees of 256. */
const SIZES = [1, 2, 3, 7, 64, 255, 256, 257, 700, 1_024, RECORDS];

let test: TestDatabase;
let folder = '';
let ids: string[] = [];
const scope = { workspaceId: 'w1', zones: ['AE'], principalId: 'p1' };
const within = <T>(work: Parameters<typeof test.database.inWorkspace<T>>[1]) => test.database.inWorkspace(scope, work);

const leaves = async (): Promise<number> => {
  const { rows } = await test.database.asSystem((tx) =>
    tx.execute<{ n: number }>(sql`select count(*)::int as n from audit.leaf`),
  );
  return rows[0]?.n ?? 0;
};

beforeAll(async () => {
  test = await createTestDatabase({ migrations: [auditMigrations] });
  let made = 0;
  for (const size of SIZES) {
    await test.database.asSystem((tx) =>
      tx.execute(sql`
        insert into audit.record (workspace_id, actor_id, actor_kind, action, subject_type, subject_id, outcome, request_id, details)
        select 'w1', 'p1', 'USER', 'createThing', 'Thing', 'th_' || n, 'SUCCEEDED', 'r' || n, jsonb_build_object('n', n)
        from generate_series(${made}::int, ${size - 1}::int) as n`),
    );
    made = size;
    // Other tests on the same server may hold the horizon for a moment.
    while ((await leaves()) < size) await sequenceAudit(test.database, privateKey);
  }
  const { rows } = await within((tx) =>
    tx.execute<{ id: string }>(sql`select record_id as id from audit.leaf order by seq`),
  );
  ids = rows.map(({ id }) => id);
}, 60_000);
afterAll(() => test?.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'falaj-audit-'));
  return () => rm(folder, { recursive: true });
});

const sha256 = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
const node = (left: Buffer, right: Buffer) => sha256(Buffer.of(1), left, right);
const rootIn = (note: string) => note.split('\n')[2] ?? '';

/** RFC 9162 section 2.1.3.2. */
function rootOfInclusion(seq: number, size: number, leaf: Buffer, path: Buffer[]): string {
  let fn = seq;
  let sn = size - 1;
  let r = leaf;
  for (const p of path) {
    if (sn === 0) return 'path too long';
    if (fn % 2 === 1 || fn === sn) {
      r = node(p, r);
      while (fn % 2 === 0 && fn !== 0) {
        fn = Math.floor(fn / 2);
        sn = Math.floor(sn / 2);
      }
    } else r = node(r, p);
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 ? r.toString('base64') : 'path too short';
}

/** RFC 9162 section 2.1.4.2: the roots of both trees that follow from the proof. */
function rootsOfConsistency(first: number, second: number, firstRoot: string, path: Buffer[]): [string, string] {
  const whole = Math.log2(first) % 1 === 0;
  const [start, ...rest] = whole ? [Buffer.from(firstRoot, 'base64'), ...path] : path;
  let fn = first - 1;
  let sn = second - 1;
  while (fn % 2 === 1) {
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  let fr = start as Buffer;
  let sr = start as Buffer;
  for (const c of rest) {
    if (sn === 0) return ['path too long', ''];
    if (fn % 2 === 1 || fn === sn) {
      fr = node(c, fr);
      sr = node(c, sr);
      while (fn % 2 === 0 && fn !== 0) {
        fn = Math.floor(fn / 2);
        sn = Math.floor(sn / 2);
      }
    } else sr = node(sr, c);
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return [fr.toString('base64'), sr.toString('base64')];
}
const bytes = (hex: readonly string[]) => hex.map((each) => Buffer.from(each, 'hex'));

describe('proofs', () => {
  it('show every kind of place in every signed tree, by a verifier that knows nothing of this code', async () => {
    for (const size of SIZES)
      for (const seq of [0, 1, 2, 5, 63, 254, 255, 256, 511, 698, 1_023, 1_299].filter((place) => place < size)) {
        const proof = await within((tx) => inclusionProof(tx, 'w1', ids[seq] ?? '', size));
        expect(proof).toMatchObject({ seq, size });
        const root = rootOfInclusion(seq, size, Buffer.from(proof.leafHash, 'hex'), bytes(proof.path));
        expect(root, `${seq} of ${size}`).toBe(rootIn(proof.checkpoint));
        expect(proof.path.length).toBeLessThanOrEqual(Math.ceil(Math.log2(size)));
      }
  });

  it('show that each signed tree grew out of each earlier one', async () => {
    for (const from of SIZES)
      for (const to of SIZES.filter((size) => size >= from)) {
        const proof = await within((tx) => consistencyProof(tx, 'w1', from, to));
        const earlier = rootIn(proof.fromCheckpoint);
        const expected = [earlier, rootIn(proof.toCheckpoint)];
        if (from === to) expect(proof.path).toEqual([]);
        else expect(rootsOfConsistency(from, to, earlier, bytes(proof.path)), `${from} to ${to}`).toEqual(expected);
      }
  });

  it('do not fit another record, place or tree', async () => {
    const proof = await within((tx) => inclusionProof(tx, 'w1', ids[300] ?? ''));
    const leaf = Buffer.from(proof.leafHash, 'hex');
    const path = bytes(proof.path);
    const root = rootIn(proof.checkpoint);
    expect(rootOfInclusion(300, RECORDS, leaf, path)).toBe(root);
    expect(rootOfInclusion(301, RECORDS, leaf, path)).not.toBe(root);
    expect(rootOfInclusion(300, RECORDS, sha256(leaf), path)).not.toBe(root);
    const [earlier] = rootsOfConsistency(
      255,
      RECORDS,
      '',
      bytes((await within((tx) => consistencyProof(tx, 'w1', 257))).path),
    );
    expect(earlier).not.toBe(rootIn((await within((tx) => consistencyProof(tx, 'w1', 255))).fromCheckpoint));
  });

  it('are refused for a record, a size or a workspace that is not there', async () => {
    const ask = (id: string, size?: number) => within((tx) => inclusionProof(tx, 'w1', id, size));
    await expect(ask('aud_0')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(ask(ids[5] ?? '', 6)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(ask(ids[5] ?? '', 3)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    const elsewhere = { ...scope, workspaceId: 'w2' };
    await expect(
      test.database.inWorkspace(elsewhere, (tx) => inclusionProof(tx, 'w1', ids[5] ?? '')),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('an export', () => {
  const records = () => join(folder, 'log/records.jsonl');
  const exported = () => exportAuditLog(test.database, 'w1', privateKey, join(folder, 'log'));
  const verify = (witness?: string) => verifyBundle(join(folder, 'log'), publicKey, witness);
  const change = async (what: (lines: string[]) => string[]) =>
    writeFile(records(), what((await readFile(records(), 'utf8')).split('\n')).join('\n'));

  it('verifies with its files and the key alone, and holds every record', async () => {
    expect(await exported()).toMatchObject({ workspaceId: 'w1', size: RECORDS });
    const { root } = await within((tx) => verifyAuditLog(tx, 'w1', publicKey));
    expect(await verify()).toMatchObject({
      intact: true,
      workspaceId: 'w1',
      verified: RECORDS,
      archived: 0,
      root,
      faults: [],
    });
    await expect(exported()).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it.each([
    [
      'a flipped byte',
      (lines: string[]) => lines.with(411, (lines[411] ?? '').replace('th_411', 'th_412')),
      'CHANGED',
      411,
    ],
    ['a line taken out', (lines: string[]) => lines.toSpliced(7, 1), 'MISSING', 7],
    ['the end cut off', (lines: string[]) => lines.slice(0, 1_200), 'MISSING', 1_200],
    ['a line put in', (lines: string[]) => lines.toSpliced(20, 0, lines[3] ?? ''), 'INSERTED', 3],
    ['two lines exchanged', (lines: string[]) => lines.with(1, lines[2] ?? '').with(2, lines[1] ?? ''), 'MISSING', 1],
    [
      'a record taken out of its line',
      (lines: string[]) => lines.with(9, (lines[9] ?? '').replace(/"record":\{.*\},"seq"/, '"record":null,"seq"')),
      'MISSING',
      9,
    ],
  ])('names %s', async (_, what, kind, seq) => {
    await exported();
    await change(what);
    const found = await verify();
    expect(found.intact).toBe(false);
    expect(found.faults[0]).toMatchObject({ kind, seq });
  });

  it('takes no name that stands twice in a record, of which readers would take one or the other', async () => {
    await exported();
    await change((lines) => lines.with(5, (lines[5] ?? '').replace('{"action"', '{"action":"harmless","action"')));
    expect((await verify()).faults[0]).toMatchObject({ kind: 'CHANGED', seq: 5 });
  });

  it('names every changed record, each once, however many checkpoints follow', async () => {
    await exported();
    await change((lines) => lines.map((line, seq) => (seq % 400 === 2 ? line.replace('"th_', '"tx_') : line)));
    expect((await verify()).faults.map(({ kind, seq }) => [kind, seq])).toEqual([
      ...[2, 402, 802, 1_202].map((seq) => ['CHANGED', seq]),
      ['MANIFEST', RECORDS],
    ]);
  });

  it('finds a record that was changed together with its leaf by the first checkpoint over it', async () => {
    await exported();
    await change((lines) => {
      const { record } = JSON.parse(lines[300] ?? '') as { record: Record<string, unknown> };
      const forged = { ...record, actorId: 'mallory' };
      const keys = Object.keys(forged).sort();
      const canonical = JSON.stringify(
        Object.fromEntries(keys.map((key) => [key, forged[key as keyof typeof forged]])),
      );
      const hash = sha256(Buffer.of(0), Buffer.from(canonical)).toString('hex');
      return lines.with(300, `{"hash":"${hash}","record":${canonical},"seq":300}`);
    });
    const { faults } = await verify();
    expect(faults.map(({ kind, seq }) => [kind, seq])).toEqual([
      ['CHECKPOINT', 700],
      ['CHECKPOINT', 1_024],
      ['CHECKPOINT', RECORDS],
      ['MANIFEST', RECORDS],
    ]);
  });

  it('stands against a checkpoint kept elsewhere, and against no other key', async () => {
    await exported();
    const { fromCheckpoint } = await within((tx) => consistencyProof(tx, 'w1', 257));
    expect((await verify(fromCheckpoint)).intact).toBe(true);
    // Who holds database and key can sign another history: the witness then says so.
    const forged = fromCheckpoint.replace(rootIn(fromCheckpoint), Buffer.alloc(32, 7).toString('base64'));
    expect((await verify(forged)).faults).toMatchObject([{ kind: 'WITNESS', seq: 257 }]);
    await expect(verify('falaj/audit/w2\n3\n')).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    const stranger = await verifyBundle(join(folder, 'log'), generateKeyPairSync('ed25519').publicKey);
    expect(stranger.faults[0]).toMatchObject({ kind: 'SIGNATURE', seq: 1 });
  });

  it('is refused where files are none of an export', async () => {
    await expect(verify()).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    await exported();
    await appendFile(records(), 'not json\n');
    await expect(verify()).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});

it('a log without kept subtrees is proved from its leaves', async () => {
  const owner = new pg.Client({ connectionString: test.url });
  await owner.connect();
  try {
    const before = await within((tx) => inclusionProof(tx, 'w1', ids[900] ?? ''));
    await owner.query('alter table audit.subtree disable trigger user; delete from audit.subtree');
    expect(await within((tx) => inclusionProof(tx, 'w1', ids[900] ?? ''))).toEqual(before);
  } finally {
    await owner.end();
  }
});
