import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { FeatureViewSpec } from '@falaj/plugin-sdk';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { columnView, openTestStore, type TestStore, testCall, trainingOf } from './testing-store.js';

let at: TestStore;
beforeEach(async () => {
  at = await openTestStore();
});
afterEach(() => at.close());

const HOUR = 3600;
const time = (hour: number) => new Date(Date.UTC(2026, 0, 1) + hour * HOUR * 1000).toISOString();
const cached = () => readdir(path.join(at.directory, 'views'));

async function flights(): Promise<FeatureViewSpec> {
  const source = await at.ndjson('flights.ndjson', [
    { key: 'a', at: time(0), known: time(1), value: 10, text: 'x' },
    { key: 'a', at: time(1), known: time(1), value: 0.1, text: 'y' },
    { key: 'a', at: time(2), known: time(9), value: 1e9, text: 'z' },
    { key: 'b', at: time(5), known: time(4), value: null, text: null },
  ]);
  return columnView(source, {
    features: [
      { name: 'count', kind: 'WINDOW', aggregate: 'COUNT', windowSeconds: 3 * HOUR },
      { name: 'sum', kind: 'WINDOW', aggregate: 'SUM', column: 'value', windowSeconds: 3 * HOUR },
      { name: 'mean', kind: 'WINDOW', aggregate: 'MEAN', column: 'value', windowSeconds: 3 * HOUR },
      {
        name: 'share',
        kind: 'WINDOW',
        aggregate: 'SHARE',
        condition: { column: 'value', operator: 'GT', value: 5 },
        windowSeconds: 3 * HOUR,
      },
    ],
  });
}

test('a window is exact at the instants where a row enters and where it leaves', async () => {
  const spec = await flights();
  const asked = await at.ndjson(
    'asked.ndjson',
    [0.99, 1, 2.99, 3, 3.99, 4, 9, 20].map((hour) => ({ key: 'a', at: time(hour), outcome: hour })),
  );
  const rows = await at.training(trainingOf(asked, spec), ['label', 'count', 'sum', 'mean', 'share']);
  expect(rows).toEqual([
    [0.99, null, null, null, null],
    [1, 2, 10.1, 5.05, 0.5],
    [2.99, 2, 10.1, 5.05, 0.5],
    [3, 1, 0.1, 0.1, 0],
    [3.99, 1, 0.1, 0.1, 0],
    // What was added is taken away to the last digit; the row of hour 2 was known only when its window had closed.
    [4, 0, 0, null, null],
    [9, 0, 0, null, null],
    [20, 0, 0, null, null],
  ]);
});

test('sums keep every digit through large values that come and go, and through tiny ones', async () => {
  const values = [1e15, 0.25, -1e15, 1e-9, 3];
  const source = await at.ndjson(
    'sums.ndjson',
    values.map((value, hour) => ({ key: 'a', at: time(hour), value })),
  );
  const { knownTime: _, ...spec } = columnView(source, {
    features: [{ name: 'sum', kind: 'WINDOW', aggregate: 'SUM', column: 'value', windowSeconds: HOUR }],
  });
  const asked = await at.ndjson(
    'asked.ndjson',
    values.map((_, hour) => ({ key: 'a', at: time(hour), outcome: hour })),
  );
  const sums = (await at.training(trainingOf(asked, spec), ['sum'])).map(([sum]) => Number(sum));
  // One row at a time is in the window: the sum is that row, within 2^-90 of the largest value.
  for (const [hour, sum] of sums.entries()) expect(Math.abs(sum - (values[hour] as number))).toBeLessThan(1e-11);
});

test('facts: rows, keys, columns, first and last event, statistics', async () => {
  const built = await at.store.buildFeatureView({ spec: await flights() }, testCall());
  // Key a changes at 1, 3 and 4; key b (event at 5, known at 4) at 5 and 8.
  expect([built.rows, built.keys]).toEqual([5, 2]);
  expect(built.columns).toEqual([
    { name: 'count', type: 'INT64' },
    { name: 'sum', type: 'FLOAT64' },
    { name: 'mean', type: 'FLOAT64' },
    { name: 'share', type: 'FLOAT64' },
  ]);
  expect(built.statistics[0]).toEqual({ feature: 'count', count: 5, nulls: 0, mean: 0.8, min: 0, max: 2 });
  expect(built.statistics[2]).toMatchObject({ feature: 'mean', count: 2, nulls: 3, min: 0.1, max: 5.05 });
});

test('rows that can never be the answer are not stored', async () => {
  const source = await at.ndjson('late.ndjson', [
    { key: 'a', at: time(2), known: time(2), value: 2 },
    { key: 'a', at: time(1), known: time(3), value: 1 },
    { key: 'a', at: time(2), known: time(2), value: 2 },
  ]);
  expect((await at.store.buildFeatureView({ spec: columnView(source) }, testCall())).rows).toBe(1);
});

test('the same view is built once and digested alike; definition or bytes make another', async () => {
  const spec = await flights();
  const digest = async (more: Partial<FeatureViewSpec> = {}) =>
    (await at.store.buildFeatureView({ spec: { ...spec, ...more } }, testCall())).digest;
  const first = await digest();
  expect(await digest()).toBe(first);
  expect(await cached()).toHaveLength(1);
  const { knownTime: _, ...without } = spec;
  expect((await at.store.buildFeatureView({ spec: without }, testCall())).digest).not.toBe(first);
  expect(await digest({ knownTime: { column: 'known', offsetSeconds: 60 } })).not.toBe(first);
  await at.ndjson('flights.ndjson', [{ key: 'a', at: time(0), known: time(1), value: 11, text: 'x' }]);
  expect(await digest()).not.toBe(first);
});

test('an offset moves the instant', async () => {
  const spec = await flights();
  const asked = await at.ndjson(
    'asked.ndjson',
    [1, 1.99, 2].map((hour) => ({ key: 'a', at: time(hour), outcome: hour })),
  );
  const later = { ...spec, knownTime: { column: 'known', offsetSeconds: HOUR } };
  expect((await at.training(trainingOf(asked, later), ['count'])).map(([count]) => count)).toEqual([null, null, 2]);
});

test('a training set is the same after the cache is gone, on other threads, and in another order of building', async () => {
  const spec = await flights();
  const asked = await at.ndjson(
    'asked.ndjson',
    Array.from({ length: 5_000 }, (_, row) => ({
      key: row % 2 ? 'a' : 'b',
      at: time((row * 7) % 24),
      outcome: row % 3,
    })),
  );
  const training = trainingOf(asked, spec, { carry: ['key'], requestFeatures: [{ name: 'hour', function: 'HOUR' }] });
  const built = await at.store.buildTrainingSet({ spec: training }, testCall());
  await rm(path.join(at.directory, 'views'), { recursive: true });
  const again = await at.store.buildTrainingSet({ spec: training }, testCall());
  expect(again.digest).toBe(built.digest);
  const other = await openTestStore({ threads: 1, folders: [at.landing] });
  expect((await other.store.buildTrainingSet({ spec: training }, testCall())).digest).toBe(built.digest);
  await other.close();
  const renamed = { ...training, label: { ...training.label, condition: { operator: 'EQ' as const, value: 1 } } };
  expect((await at.store.buildTrainingSet({ spec: renamed }, testCall())).digest).not.toBe(built.digest);
  expect(built.sources.map((source) => source.path).sort()).toEqual(['asked.ndjson', 'flights.ndjson']);
});

test('many at once build whole entries, whoever is first', async () => {
  const spec = await flights();
  const built = await Promise.all(Array.from({ length: 8 }, () => at.store.buildFeatureView({ spec }, testCall())));
  expect(new Set(built.map(({ digest, rows }) => `${digest} ${rows}`)).size).toBe(1);
  expect(await cached()).toHaveLength(1);
});

test('a caller who gives up does not take the others with it', async () => {
  const spec = await flights();
  const controller = new AbortController();
  const gone = at.store.buildFeatureView({ spec }, testCall(controller.signal));
  const stays = at.store.buildFeatureView({ spec }, testCall());
  controller.abort();
  await expect(gone).rejects.toMatchObject({ code: 'CANCELLED' });
  expect((await stays).rows).toBe(5);
});

test('sources of every format are described and previewed alike', async () => {
  const csv = await at.csv(
    'all.csv',
    'id,code,score,flag,at\n1,007,1.5,true,2026-01-01T00:00:00Z\n2,"a,""b""",,false,\n',
  );
  const json = await at.ndjson('all.ndjson', [
    { id: 1, code: '007', score: 1.5, flag: true, at: '2026-01-01T00:00:00Z' },
    { id: 2, code: 'a,"b"', score: null, flag: false, at: null },
  ]);
  for (const source of [csv, json]) {
    const found = await at.store.describeSource({ source }, testCall());
    expect(found.columns.map(({ name }) => name)).toEqual(['id', 'code', 'score', 'flag', 'at']);
    expect(found.columns.map(({ type }) => type)).toEqual([
      'BIGINT',
      'VARCHAR',
      'DOUBLE',
      'BOOLEAN',
      expect.stringMatching(/TIMESTAMP|VARCHAR/),
    ]);
    expect(found.rows).toBe(2);
    const rows = await at.store.previewSource(
      { source, columns: ['code', 'id', 'at'], limit: 5, offset: 0 },
      testCall(),
    );
    expect(rows).toEqual([
      ['007', '1', '2026-01-01T00:00:00Z'],
      ['a,"b"', '2', null],
    ]);
  }
  // A training set's own bytes are a Parquet source like any other.
  const spec = trainingOf(json, columnView(json), {
    carry: ['id', 'code', 'flag'],
    views: [],
    label: { name: 'label', column: 'score' },
  });
  const { data } = await at.store.buildTrainingSet({ spec }, testCall());
  await at.write('all.parquet', data);
  const parquet = { format: 'PARQUET' as const, path: 'all.parquet' };
  expect((await at.store.describeSource({ source: parquet }, testCall())).columns.map(({ type }) => type)).toEqual([
    'TIMESTAMP WITH TIME ZONE',
    'BIGINT',
    'VARCHAR',
    'BOOLEAN',
    'DOUBLE',
  ]);
  const view: FeatureViewSpec = {
    ...columnView(parquet),
    keys: [{ name: 'code', column: 'code' }],
    eventTime: { column: 'event_time' },
    knownTime: { column: 'event_time' },
    features: [{ name: 'id', kind: 'COLUMN', column: 'id', type: 'INT64' }],
  };
  expect((await at.store.buildFeatureView({ spec: view }, testCall())).rows).toBe(1);
});

test('a format decides what a date means, not its looks', async () => {
  const source = await at.csv('dates.csv', 'key,at,value\na,01/02/2026,1\na,03/04/2026,2\n');
  const { knownTime: _, ...view } = columnView(source);
  const asOf = Date.UTC(2026, 0, 15);
  for (const [format, value] of [
    ['%m/%d/%Y', 1],
    ['%d/%m/%Y', undefined],
  ] as const) {
    const [row] = await at.store.latestRows(
      { spec: { ...view, eventTime: { column: 'at', format } }, asOf, afterKey: null, limit: 1 },
      testCall(),
    );
    expect(row?.values[0], format).toBe(value);
  }
});

test('a whole number is never rounded into one', async () => {
  for (const value of ['1.5', '9007199254740993', '1e300']) {
    const source = await at.csv('whole.csv', `key,at,known,value\na,${time(0)},${time(0)},${value}\n`);
    const spec = columnView(source, { features: [{ name: 'value', kind: 'COLUMN', column: 'value', type: 'INT64' }] });
    await expect(at.store.buildFeatureView({ spec }, testCall()), value).rejects.toMatchObject({ code: 'BAD_INPUT' });
  }
});
