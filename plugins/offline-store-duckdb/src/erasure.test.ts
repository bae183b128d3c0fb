// What of a person lies on the disk, and what the engine's own digest says.
import { createHmac, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { erasedSql } from './erased-subjects.js';
import { SealedFiles } from './sealed-files.js';
import { columnView, openTestStore, type TestStore, testCall, trainingOf } from './testing-store.js';

let at: TestStore;
beforeEach(async () => {
  at = await openTestStore();
});
afterEach(() => at.close());

const time = (hour: number) => new Date(Date.UTC(2026, 0, 1, hour)).toISOString();
const files = (folder: string) => readdir(path.join(at.directory, folder));

async function persons() {
  const source = await at.ndjson(
    'persons.ndjson',
    ['784-1990-1', '784-1990-2', 'ضيف'].map((key, hour) => ({
      key,
      at: time(hour),
      known: time(hour),
      value: hour,
      word: `told-${hour}`,
    })),
  );
  return columnView(source, {
    subjectKey: 'key',
    features: [
      { name: 'value', kind: 'COLUMN', column: 'value', type: 'FLOAT64' },
      { name: 'word', kind: 'COLUMN', column: 'word', type: 'STRING' },
    ],
  });
}

test('no file of a view of persons can be read, and none is left readable after a call', async () => {
  const spec = await persons();
  expect((await at.store.buildFeatureView({ spec }, testCall())).keys).toBe(3);
  const page = { asOf: Date.parse(time(9)), afterKey: null, limit: 10 };
  expect(await at.store.latestRows({ spec, ...page }, testCall())).toHaveLength(3);
  const built = await files('views');
  expect(built).toHaveLength(1);
  expect(built[0]).toMatch(/\.sealed$/);
  expect(await files('work')).toEqual([]);
  const bytes = await readFile(path.join(at.directory, 'views', built[0] as string));
  for (const told of ['784-1990-1', 'told-1', 'PAR1']) expect(bytes.includes(told)).toBe(false);

  // One changed bit is refused, and what was opened for it is gone.
  bytes[bytes.length - 40] = (bytes.at(-40) as number) ^ 1;
  await writeFile(path.join(at.directory, 'views', built[0] as string), bytes);
  await expect(at.store.latestRows({ spec, ...page }, testCall())).rejects.toThrow();
  expect(await files('work')).toEqual([]);
  await at.store.close();
  expect(await files('views')).toEqual([]);
});

test('what killed processes left is swept, what others hold is not', async () => {
  await persons();
  const views = path.join(at.directory, 'views');
  const work = path.join(at.directory, 'work');
  const own = path.basename(new SealedFiles(views, work).pathOf('d'));
  const dead = own.replace(`.${process.pid}.`, '.4194305.');
  for (const name of [own, dead, 'kept.parquet']) await writeFile(path.join(views, name), 'x');
  await writeFile(path.join(work, 'old.part'), 'x');
  await writeFile(path.join(work, 'new.part'), 'x');
  await utimes(path.join(work, 'old.part'), 1, 1);
  await new SealedFiles(views, work).sweep();
  expect((await files('views')).sort()).toEqual([own, 'kept.parquet'].sort());
  expect(await files('work')).toEqual(['new.part']);
  expect(existsSync(path.join(views, dead))).toBe(false);
});

test('the engine makes the digest of RFC 2104 that node makes, of any text', async () => {
  const secret = randomBytes(32);
  const subjects = ['', 'p-7', "o'neill", 'ضيف 🐪', '"\\', 'x'.repeat(300), '784-1990-1234567-1'];
  const lookups = subjects.map((subject) => createHmac('sha256', secret).update(subject).digest('hex'));
  const rows = subjects.map((key, hour) => ({ key, at: time(hour), known: time(hour), value: hour }));
  const spec = { ...columnView(await at.ndjson('any.ndjson', rows)), subjectKey: 'key' };
  for (const [place, lookup] of lookups.entries()) {
    const erased = { secret, lookups: [lookup] };
    const found = await at.store.latestRows(
      { spec, erased, asOf: Date.parse(time(20)), afterKey: null, limit: 20 },
      testCall(),
    );
    const left = found.map(({ key }) => JSON.parse(key)[0]);
    expect(left.sort()).toEqual(subjects.filter((_, other) => other !== place).sort());
  }
  expect(erasedSql(['a'], { secret, lookups: [] })).toBeNull();
});

test('a key in several columns, or the same for every row, is found too', async () => {
  const spec = await persons();
  const secret = randomBytes(32);
  const erased = { secret, lookups: [createHmac('sha256', secret).update('784-1990-1').digest('hex')] };
  const asked = await at.ndjson('asked.ndjson', [
    { payer: '784-1990-1', guest: 'other', at: time(5), outcome: 1 },
    { payer: 'other', guest: '784-1990-1', at: time(5), outcome: 2 },
    { payer: 'other', guest: null, at: time(5), outcome: 3 },
  ]);
  const view = (column: string, as: string) => ({
    spec,
    keys: [{ name: 'key', column }],
    features: [{ feature: 'value', column: as }],
  });
  const both = trainingOf(asked, spec, { views: [view('payer', 'p'), view('guest', 'g')] });
  expect((await at.store.buildTrainingSet({ spec: both, erased }, testCall())).rows).toBe(1);
  const one = { ...view('payer', 'p'), keys: [{ name: 'key', constant: '784-1990-1' }] };
  expect((await at.store.buildTrainingSet({ spec: { ...both, views: [one] }, erased }, testCall())).rows).toBe(0);
});
