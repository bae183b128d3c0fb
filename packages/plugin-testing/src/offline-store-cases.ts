import { strict as assert } from 'node:assert';
import { createHash, createHmac } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { FeatureViewSpec, OfflineStoreV1, TrainingSetSpec } from '@falaj/plugin-sdk';
import { type Bench, type CaseDefinition, commonCases, refuses } from './case.js';
import { fakeCall } from './fake-host.js';

const EVENTS = `place,at,known,value
a,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,1
a,2026-01-01T01:00:00Z,2026-01-01T03:00:00Z,2
a,2026-01-01T02:00:00Z,2026-01-01T02:00:00Z,3
b,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,10
`;
const ASKED = `place,at,outcome
a,2026-01-01T00:30:00Z,1
a,2026-01-01T01:30:00Z,0
a,2026-01-01T02:00:00Z,1
a,2026-01-01T09:00:00Z,0
b,2025-12-31T23:59:59Z,1
c,2026-01-01T02:00:00Z,0
`;
const TWO_HOURS = 7200;

/** Writes the two sources to a folder of the case, runs it, and removes them. */
async function withSources<T>(
  { open, unique, options }: Bench<'offline-store'>,
  work: (store: OfflineStoreV1, source: (file: string) => { format: 'CSV'; path: string }) => Promise<T>,
): Promise<T> {
  assert.ok(
    options.sourceFolder,
    'conformance(plugin, {sourceFolder}) is needed: a folder that the configuration allows',
  );
  const folder = path.join(options.sourceFolder, unique);
  await mkdir(folder, { recursive: true });
  try {
    await writeFile(path.join(folder, 'events.csv'), EVENTS);
    await writeFile(path.join(folder, 'asked.csv'), ASKED);
    return await work(await open(), (file) => ({ format: 'CSV', path: `${unique}/${file}` }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

type Source = (file: string) => { format: 'CSV'; path: string };
const viewOf = (source: Source): FeatureViewSpec => ({
  name: 'kit_values',
  version: 1,
  source: source('events.csv'),
  keys: [{ name: 'place', column: 'place' }],
  eventTime: { column: 'at' },
  knownTime: { column: 'known' },
  ttlSeconds: TWO_HOURS,
  features: [{ name: 'value', kind: 'COLUMN', column: 'value', type: 'FLOAT64' }],
});
const setOf = (source: Source): TrainingSetSpec => ({
  source: source('asked.csv'),
  eventTime: { column: 'at' },
  carry: ['place'],
  label: { name: 'outcome', column: 'outcome' },
  views: [
    {
      spec: viewOf(source),
      keys: [{ name: 'place', column: 'place' }],
      features: [{ feature: 'value', column: 'value' }],
    },
  ],
  requestFeatures: [{ name: 'hour', function: 'HOUR' }],
});

export const offlineStoreCases: readonly CaseDefinition<'offline-store'>[] = [
  ...commonCases<'offline-store'>(
    'OF',
    (store, signal) => store.describeSource({ source: { format: 'CSV', path: 'none.csv' } }, fakeCall({ signal })),
    fakeCall,
  ),
  {
    id: 'OF-03',
    title: 'a source is described: columns, rows, bytes and the digest of its bytes',
    run: (bench) =>
      withSources(bench, async (store, source) => {
        const found = await store.describeSource({ source: source('events.csv') }, fakeCall());
        assert.deepEqual(
          found.columns.map((column) => column.name),
          ['place', 'at', 'known', 'value'],
        );
        assert.deepEqual([found.rows, found.bytes], [4, EVENTS.length]);
        assert.equal(found.digest, `sha256:${createHash('sha256').update(EVENTS).digest('hex')}`);
      }),
  },
  {
    id: 'OF-04',
    title: 'a preview answers text in file order, from the offset, at most the limit',
    run: (bench) =>
      withSources(bench, async (store, source) => {
        const rows = await store.previewSource(
          { source: source('events.csv'), columns: ['value', 'place'], limit: 2, offset: 2 },
          fakeCall(),
        );
        assert.deepEqual(rows, [
          ['3', 'a'],
          ['10', 'b'],
        ]);
      }),
  },
  {
    id: 'OF-05',
    title: 'paths out of the allowed folders are refused',
    run: (bench) =>
      withSources(bench, async (store, source) => {
        for (const file of [
          '/etc/passwd',
          '../secret.csv',
          `${source('').path}../../x.csv`,
          'https://example.com/x.csv',
          '*.csv',
        ]) {
          const asked = { format: 'CSV' as const, path: file };
          await refuses(store.describeSource({ source: asked }, fakeCall()), ['BAD_INPUT', 'NOT_FOUND'], file);
        }
      }),
  },
  {
    id: 'OF-06',
    title: 'a missing file or column is refused with its name',
    run: (bench) =>
      withSources(bench, async (store, source) => {
        const missing = store.describeSource({ source: source('none.csv') }, fakeCall());
        await refuses(missing, ['BAD_INPUT', 'NOT_FOUND'], 'a missing file');
        const spec = { ...viewOf(source), eventTime: { column: 'nope' } };
        await refuses(store.buildFeatureView({ spec }, fakeCall()), ['BAD_INPUT', 'NOT_FOUND'], 'a missing column');
      }),
  },
  {
    id: 'OF-07',
    title: 'a training row sees what was true and known at its time, within the TTL, and nothing later',
    run: (bench) =>
      withSources(bench, async (store, source) => {
        const built = await store.buildTrainingSet({ spec: setOf(source) }, fakeCall());
        const read = await store.readTrainingSet(
          { data: built.data, columns: ['value', 'outcome', 'hour'] },
          fakeCall(),
        );
        const [value, outcome, hour] = read.columns.map((column) => Array.from(column.values as Float64Array));
        assert.equal(built.rows, 6);
        // Ordered by event time: b before everything is known; a at 0:30 sees 1; a at 1:30 still 1, for 2 is known at 3:00;
        // a at 2:00 sees 3 (bounds inclusive); c has no row; a at 9:00 is beyond the TTL.
        const expected = [
          [Number.NaN, 1, 23 + 59 / 60],
          [1, 1, 0.5],
          [1, 0, 1.5],
          [3, 1, 2],
          [Number.NaN, 0, 2],
          [Number.NaN, 0, 9],
        ];
        expected.forEach((row, index) => {
          const found = [value?.[index], outcome?.[index]];
          assert.deepEqual(found, row.slice(0, 2), `row ${index}`);
          assert.ok(Math.abs((hour?.[index] ?? Number.NaN) - (row[2] as number)) < 0.02, `hour of row ${index}`);
        });
      }),
  },
  {
    id: 'OF-08',
    title: 'the same request gives the same digest',
    run: (bench) =>
      withSources(bench, async (store, source) => {
        const build = () => store.buildTrainingSet({ spec: setOf(source) }, fakeCall());
        assert.equal((await build()).digest, (await build()).digest);
        const view = () => store.buildFeatureView({ spec: viewOf(source) }, fakeCall());
        assert.equal((await view()).digest, (await view()).digest);
      }),
  },
  {
    id: 'OF-09',
    title: 'latest rows are those valid at the asked time, keys ascending, page by page',
    run: (bench) =>
      withSources(bench, async (store, source) => {
        const asOf = Date.parse('2026-01-01T01:30:00Z');
        const page = (afterKey: string | null, limit: number) =>
          store.latestRows({ spec: viewOf(source), asOf, afterKey, limit }, fakeCall());
        const all = await page(null, 10);
        const at = Date.parse('2026-01-01T00:00:00Z');
        assert.deepEqual(all, [
          { key: '["a"]', eventTime: at, values: [1] },
          { key: '["b"]', eventTime: at, values: [10] },
        ]);
        assert.deepEqual(await page(null, 1), all.slice(0, 1));
        assert.deepEqual(await page('["a"]', 10), all.slice(1));
        assert.deepEqual(await page('["b"]', 10), []);
      }),
  },
  {
    id: 'OF-10',
    title: 'erased subjects are as if they were not in the source, in views, latest rows, training sets and previews',
    run: (bench) =>
      withSources(bench, async (store, source) => {
        const secret = Uint8Array.from({ length: 32 }, (_, place) => place);
        const lookup = (subject: string) => createHmac('sha256', secret).update(subject).digest('hex');
        const erased = { secret, lookups: [lookup('a'), lookup('nobody')] };
        const spec: FeatureViewSpec = { ...viewOf(source), subjectKey: 'place' };
        assert.equal((await store.buildFeatureView({ spec }, fakeCall())).keys, 2);
        const built = await store.buildFeatureView({ spec, erased }, fakeCall());
        assert.deepEqual([built.keys, built.statistics[0]?.max], [1, 10]);
        const asOf = Date.parse('2026-01-01T01:30:00Z');
        const latest = await store.latestRows({ spec, erased, asOf, afterKey: null, limit: 10 }, fakeCall());
        assert.deepEqual(
          latest.map(({ key }) => key),
          ['["b"]'],
        );
        const set: TrainingSetSpec = setOf(source);
        const ofPersons = { ...set, views: set.views.map((view) => ({ ...view, spec })) };
        const trained = await store.buildTrainingSet({ spec: ofPersons, erased }, fakeCall());
        const whole = await store.buildTrainingSet({ spec: ofPersons }, fakeCall());
        assert.deepEqual([trained.rows, whole.rows], [2, 6]);
        // Taking somebody out of a set that was built gives the set that would be built without them.
        const redact = (data: Uint8Array, subject: string) =>
          store.redactTrainingSet({ data, columns: ['place'], subject }, fakeCall());
        const redacted = await redact(whole.data, 'a');
        assert.deepEqual([redacted.removed, redacted.rows, redacted.digest], [4, 2, trained.digest]);
        assert.deepEqual(
          [redacted.firstEventTime, redacted.lastEventTime],
          [trained.firstEventTime, trained.lastEventTime],
        );
        assert.deepEqual(await redact(redacted.data, 'a').then(({ removed, data }) => [removed, data.length]), [0, 0]);
        const preview = await store.previewSource(
          {
            source: source('events.csv'),
            columns: ['place'],
            limit: 10,
            offset: 0,
            without: { columns: ['place'], erased },
          },
          fakeCall(),
        );
        assert.deepEqual(preview, [['b']]);
      }),
  },
];
