// A request may name files, columns and values, and nothing that it writes reaches another file or the SQL.
import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { FeatureViewSpec, SourceRef } from '@falaj/plugin-sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDuckDatabase } from './database.js';
import { columnView, openTestStore, type TestStore, testCall, trainingOf } from './testing-store.js';

let at: TestStore;
beforeAll(async () => {
  at = await openTestStore();
  await at.write('good.csv', 'key,at,known,value,outcome\na,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,1,1\n');
});
afterAll(() => at.close());

const good: SourceRef = { format: 'CSV', path: 'good.csv' };
const describeSource = (file: string, format: SourceRef['format'] = 'CSV') =>
  at.store.describeSource({ source: { format, path: file } }, testCall());
const refused = (code: string, ...words: string[]) => ({
  code,
  message: expect.stringMatching(new RegExp(words.join('.*'), 's')),
});

describe('paths', () => {
  test.each([
    ['/etc/passwd', 'BAD_INPUT'],
    ['../good.csv', 'BAD_INPUT'],
    ['x/../../good.csv', 'BAD_INPUT'],
    ['..\\good.csv', 'BAD_INPUT'],
    ['', 'BAD_INPUT'],
    ['good.csv\0.txt', 'BAD_INPUT'],
    ['*.csv', 'NOT_FOUND'],
    ['goo?.csv', 'NOT_FOUND'],
    ['s3://bucket/x.csv', 'NOT_FOUND'],
    ['https://example.com/x.csv', 'NOT_FOUND'],
    ['file:///etc/passwd', 'NOT_FOUND'],
    ["'); select 1; --.csv", 'NOT_FOUND'],
    ['missing.csv', 'NOT_FOUND'],
    ['.', 'BAD_INPUT'],
  ])('%j is refused with %s', async (file, code) => {
    await expect(describeSource(file)).rejects.toMatchObject({ code });
  });

  test('links that lead out are refused, to files and to folders; links within are followed', async () => {
    await symlink('/etc/passwd', path.join(at.landing, 'passwd.csv'));
    await symlink('/etc', path.join(at.landing, 'etc'));
    await symlink('good.csv', path.join(at.landing, 'link.csv'));
    await expect(describeSource('passwd.csv')).rejects.toMatchObject(refused('BAD_INPUT', 'leads out'));
    await expect(describeSource('etc/passwd')).rejects.toMatchObject(refused('BAD_INPUT', 'leads out'));
    expect((await describeSource('link.csv')).rows).toBe(1);
  });

  test('a folder whose name only begins alike is another folder', async () => {
    await mkdir(`${at.landing}-other`);
    await writeFile(path.join(`${at.landing}-other`, 'secret.csv'), 'a\n1\n');
    await symlink(`${at.landing}-other/secret.csv`, path.join(at.landing, 'secret.csv'));
    await expect(describeSource('secret.csv')).rejects.toMatchObject(refused('BAD_INPUT', 'leads out'));
  });
});

describe('the engine itself', () => {
  const open = () =>
    openDuckDatabase({
      folders: [at.landing],
      memoryLimit: '100MB',
      threads: 1,
      spill: path.join(at.directory, 'spill'),
    });

  test('reads and writes outside its folders never, and cannot be opened up', async () => {
    const database = await open();
    await database.use(testCall(), async (session) => {
      expect(await session.rows(`select count(*) as rows from read_csv('${at.landing}/good.csv')`)).toEqual([
        { rows: 1 },
      ]);
      for (const sql of [
        `select * from read_text('/etc/passwd')`,
        `select * from read_csv('${at.landing}/../plugins/../../../../../etc/passwd')`,
        `select * from glob('/etc/*')`,
        `copy (select 1) to '${at.landing}/../written.csv'`,
        `attach '/tmp/falaj-never.db'`,
        'set enable_external_access = true',
        `set allowed_directories = ['/']`,
        'set lock_configuration = false',
        `set TimeZone = 'Asia/Dubai'`,
        `set memory_limit = '100GB'`,
        'install httpfs',
        'load httpfs',
        `select * from read_csv('https://example.com/x.csv')`,
        `select * from read_parquet('s3://bucket/x.parquet')`,
      ]) {
        await expect(session.run(sql), sql).rejects.toThrow();
      }
      expect(await session.rows(`select current_setting('TimeZone') as zone`)).toEqual([{ zone: 'UTC' }]);
    });
    database.close();
  });

  test('an abort interrupts a running statement', async () => {
    const controller = new AbortController();
    const database = await open();
    const running = database.use(testCall(controller.signal), (session) =>
      session.rows('select sum(sin(a.range * b.range)) from range(1000000) a, range(1000000) b'),
    );
    setTimeout(() => controller.abort(), 50);
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
    database.close();
  });
});

describe('names and values', () => {
  const evil = [
    `x"; drop table source; --`,
    `x' or '1'='1`,
    `"`,
    `'`,
    `a\\`,
    '$1',
    'key") as key, (select 1',
    '/*',
    '\n',
  ];

  test('names that look like SQL are only names', async () => {
    const row = Object.fromEntries(evil.map((name, index) => [name, index]));
    const source = await at.ndjson('evil.ndjson', [{ ...row, key: 'x', at: '2026-01-01T00:00:00Z', outcome: 1 }]);
    const { knownTime: _, ...view } = columnView(source, {
      name: evil.join(' '),
      keys: [{ name: evil[0] ?? '', column: 'key' }],
      features: evil.map((name) => ({ name, kind: 'COLUMN', column: name, type: 'INT64' })),
    });
    expect(await at.training(trainingOf(source, view, { carry: [] }), evil)).toEqual([evil.map((_, index) => index)]);
    expect((await at.store.describeSource({ source }, testCall())).columns.map(({ name }) => name)).toEqual(
      expect.arrayContaining(evil),
    );
  });

  test('values that look like SQL are only values', async () => {
    const source = await at.ndjson(
      'values.ndjson',
      evil.map((key, outcome) => ({ key: key.replaceAll('\n', ' '), at: '2026-01-01T00:00:00Z', text: key, outcome })),
    );
    for (const [index, value] of evil.entries()) {
      const { knownTime: _, ...view } = columnView(source, {
        keys: [{ name: 'all', constant: value.replaceAll('\n', ' ') }],
        features: [
          {
            name: 'share',
            kind: 'WINDOW',
            aggregate: 'SHARE',
            condition: { column: 'text', operator: 'EQ', value },
            windowSeconds: 60,
          },
        ],
      });
      const rows = await at.training(trainingOf(source, view), ['share']);
      expect(rows, value).toEqual(evil.map(() => [1 / evil.length]));
      expect(
        await at.training(
          trainingOf(source, view, { label: { name: 'l', column: 'text', condition: { operator: 'EQ', value } } }),
          ['l'],
        ),
      ).toEqual(evil.map((_, row) => [row === index ? 1 : 0]));
    }
    for (const hostile of evil) {
      const time = { column: 'at', format: hostile };
      await expect(
        at.store.buildFeatureView({ spec: columnView(good, { eventTime: time }) }, testCall()),
      ).rejects.toMatchObject({ code: 'BAD_INPUT' });
      const zone = { column: 'at', timeZone: hostile };
      await expect(
        at.store.buildFeatureView(
          {
            spec: columnView(await at.csv('zone.csv', 'key,at,known,value\na,2026-01-01,2026-01-01,1\n'), {
              eventTime: zone,
            }),
          },
          testCall(),
        ),
      ).rejects.toMatchObject({ code: 'BAD_INPUT' });
    }
  });
});

describe('files that are not what they should be', () => {
  const build = (source: SourceRef, more: Partial<FeatureViewSpec> = {}) =>
    at.store.buildFeatureView({ spec: columnView(source, more) }, testCall());
  const LINE = 'a,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,1\n';
  const header = 'key,at,known,value\n';

  test.each([
    ['empty.csv', 'CSV', '', ['empty.csv', '0 bytes']],
    ['broken.json', 'JSON', '[{"key":"a"},{"key"', ['broken.json']],
    ['scalars.json', 'JSON', '[1,2]', ['scalars.json', 'array of objects']],
    ['ragged.csv', 'CSV', `${header}${LINE}a,b\n`, []],
    ['late-ragged.csv', 'CSV', `${header}${LINE.repeat(30_000)}a,b,c,d,e,f\n${LINE}`, ['late-ragged.csv']],
    ['text.parquet', 'PARQUET', 'PAR1 no', ['text.parquet']],
    ['time.csv', 'CSV', `${header}${LINE}a,2026-01-01T00:00:00Z,yesterday,1\n`, ['time.csv', '"known"', 'yesterday']],
    ['number.csv', 'CSV', `${header}${LINE}b,2026-01-01,2026-01-01,many\n`, ['number.csv', '"value"', 'text']],
    ['column.csv', 'CSV', 'key,at,known,values\n', ['column.csv', 'no column value', 'values']],
  ] as const)('%s', async (name, format, text, words) => {
    await at.write(name, text);
    await expect(build({ format, path: name })).rejects.toMatchObject(refused('BAD_INPUT', ...words));
  });

  test('the message names no path of the machine', async () => {
    await at.write('broken2.json', '{"a":');
    const error: unknown = await describeSource('broken2.json', 'JSON').catch((thrown: unknown) => thrown);
    expect(String((error as Error).message)).not.toContain(at.landing);
  });

  test('a refused build leaves nothing behind, and the same name works once the file is right', async () => {
    await at.write('later.csv', `${header}a,2026-01-01,2026-01-01,x\n`);
    await expect(build({ format: 'CSV', path: 'later.csv' })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    const left = await readdir(at.directory, { recursive: true });
    expect(left.filter((name) => name.includes('work-') || name.includes('making'))).toEqual([]);
    await at.write('later.csv', `${header}a,2026-01-01,2026-01-01,5\n`);
    expect((await build({ format: 'CSV', path: 'later.csv' })).rows).toBe(1);
    await rm(path.join(at.landing, 'later.csv'));
    await expect(build({ format: 'CSV', path: 'later.csv' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('a file larger than the operator allows is refused', async () => {
    const small = await openTestStore({ maxSourceBytes: 10 });
    await small.write('large.csv', 'a,b\n1,2\n3,4\n');
    await expect(
      small.store.describeSource({ source: { format: 'CSV', path: 'large.csv' } }, testCall()),
    ).rejects.toMatchObject(refused('BAD_INPUT', '12 bytes'));
    await small.close();
  });
});
