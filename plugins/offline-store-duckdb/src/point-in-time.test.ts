import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { columnView, openTestStore, type TestStore, testCall, trainingOf } from './testing-store.js';

let at: TestStore;
beforeAll(async () => {
  at = await openTestStore();
});
afterAll(() => at.close());

let files = 0;
/** The value that each asked row gets, in the order of the answer. */
async function join(
  events: readonly object[],
  asked: readonly { key: string | null; at: string | null }[],
  view: Parameters<typeof columnView>[1] = {},
): Promise<(number | string | null)[]> {
  files += 1;
  const source = await at.ndjson(`events${files}.ndjson`, events);
  const entities = await at.ndjson(
    `asked${files}.ndjson`,
    asked.map((row) => ({ ...row, outcome: 1 })),
  );
  const rows = await at.training(trainingOf(entities, columnView(source, view)), ['value']);
  return rows.map(([value]) => value ?? null);
}

const T = '2026-01-08T00:00:00Z';
const event = (eventTime: string, value: number | null, known = eventTime, key = 'a') => ({
  key,
  at: eventTime,
  known,
  value,
});
const WEEK = 7 * 86_400;

describe('bounds', () => {
  test('an event exactly at the asked instant counts, one millisecond later does not', async () => {
    expect(await join([event(T, 1), event('2026-01-08T00:00:00.001Z', 2)], [{ key: 'a', at: T }])).toEqual([1]);
  });

  test('known exactly at the asked instant counts, one millisecond later does not', async () => {
    const before = '2026-01-01T00:00:00Z';
    expect(await join([event(before, 1, T)], [{ key: 'a', at: T }])).toEqual([1]);
    expect(await join([event(before, 1, '2026-01-08T00:00:00.001Z')], [{ key: 'a', at: T }])).toEqual([null]);
  });

  test('exactly as old as the TTL counts, one millisecond older does not', async () => {
    expect(await join([event('2026-01-01T00:00:00Z', 1)], [{ key: 'a', at: T }], { ttlSeconds: WEEK })).toEqual([1]);
    expect(await join([event('2025-12-31T23:59:59.999Z', 1)], [{ key: 'a', at: T }], { ttlSeconds: WEEK })).toEqual([
      null,
    ]);
  });

  test('a TTL of 0 takes only events of the very instant; no TTL takes any age', async () => {
    const events = [event(T, 1), event('1999-01-01T00:00:00Z', 2, '1999-01-01T00:00:00Z', 'b')];
    const asked = [
      { key: 'a', at: T },
      { key: 'a', at: '2026-01-08T00:00:01Z' },
      { key: 'b', at: '2026-01-08T00:00:02Z' },
    ];
    expect(await join(events, asked, { ttlSeconds: 0 })).toEqual([1, null, null]);
    expect(await join(events, asked)).toEqual([1, 1, 2]);
  });

  test('times closer than a millisecond are told apart', async () => {
    const events = [event('2026-01-08T00:00:00.000001Z', 2)];
    expect(
      await join(events, [
        { key: 'a', at: T },
        { key: 'a', at: '2026-01-08T00:00:00.000001Z' },
      ]),
    ).toEqual([null, 2]);
  });
});

describe('which row', () => {
  test('the last event time wins, not the last known', async () => {
    const events = [event('2026-01-02T00:00:00Z', 1, '2026-01-07T00:00:00Z'), event('2026-01-03T00:00:00Z', 2)];
    expect(await join(events, [{ key: 'a', at: T }])).toEqual([2]);
  });

  test('a correction counts from when it was known', async () => {
    const events = [event('2026-01-02T00:00:00Z', 1), event('2026-01-02T00:00:00Z', 2, '2026-01-07T00:00:00Z')];
    const asked = ['2026-01-06T00:00:00Z', '2026-01-07T00:00:00Z'].map((time) => ({ key: 'a', at: time }));
    expect(await join(events, asked)).toEqual([1, 2]);
  });

  test('an event not yet known hides none that is', async () => {
    const events = [event('2026-01-02T00:00:00Z', 1), event('2026-01-03T00:00:00Z', 2, '2026-01-09T00:00:00Z')];
    expect(
      await join(events, [
        { key: 'a', at: T },
        { key: 'a', at: '2026-01-09T00:00:00Z' },
      ]),
    ).toEqual([1, 2]);
  });

  test('a value announced before it is true waits for its event time', async () => {
    const events = [event('2026-01-02T00:00:00Z', 1), event('2026-01-09T00:00:00Z', 2, '2026-01-01T00:00:00Z')];
    expect(
      await join(events, [
        { key: 'a', at: T },
        { key: 'a', at: '2026-01-09T00:00:00Z' },
      ]),
    ).toEqual([1, 2]);
  });

  test('a null that is newer overwrites a value', async () => {
    expect(
      await join([event('2026-01-02T00:00:00Z', 1), event('2026-01-03T00:00:00Z', null)], [{ key: 'a', at: T }]),
    ).toEqual([null]);
  });

  test('full ties go to the largest value, whatever the order in the file', async () => {
    const events = [3, 7, 5].map((value) => event(T, value));
    expect(await join(events, [{ key: 'a', at: T }])).toEqual([7]);
    expect(await join([...events].reverse(), [{ key: 'a', at: T }])).toEqual([7]);
  });

  test('the TTL looks at the winner only: an older row does not step in', async () => {
    const events = [event('2026-01-07T00:00:00Z', 1, '2026-01-07T00:00:00Z'), event('2026-01-01T00:00:00Z', 2, T)];
    expect(await join(events, [{ key: 'a', at: T }], { ttlSeconds: 3600 })).toEqual([null]);
  });
});

describe('entity rows', () => {
  test('each gives one row: unknown key, null key, null time and duplicates are kept', async () => {
    const asked = [
      { key: 'a', at: T },
      { key: 'unknown', at: T },
      { key: null, at: T },
      { key: 'a', at: T },
      { key: 'a', at: null },
    ];
    const events = [event('2026-01-02T00:00:00Z', 1), { ...event('2026-01-02T00:00:00Z', 9), key: null }];
    expect(await join(events, asked)).toEqual([1, null, null, 1, null]);
  });

  test('composite keys are not run together', async () => {
    const source = await at.csv('pairs.csv', `left,right,at,value\n1,12,${T},1\n11,2,${T},2\n"a"",""b",c,${T},3\n`);
    const asked = await at.csv(
      'askedpairs.csv',
      `left,right,at,outcome\n11,2,${T},1\n1,12,${T},1\n1,2,${T},1\n"a"",""b",c,${T},1\na,"b"",""c",${T},1\n`,
    );
    const keys = [
      { name: 'left', column: 'left' },
      { name: 'right', column: 'right' },
    ];
    const { knownTime: _, ...view } = columnView(source, { keys });
    expect(await at.training(trainingOf(asked, view), ['value'])).toEqual([[2], [1], [null], [3], [null]]);
  });

  test('keys of a CSV are text: leading zeros stay', async () => {
    const source = await at.csv('codes.csv', `key,at,known,value\n007,${T},${T},1\n7,${T},${T},2\n`);
    const asked = await at.csv('askedcodes.csv', `key,at,outcome\n007,${T},1\n7,${T},1\n`);
    expect(await at.training(trainingOf(asked, columnView(source)), ['value'])).toEqual([[1], [2]]);
  });

  test('rows come by event time and then by their place in the file', async () => {
    const asked = await at.ndjson(
      'order.ndjson',
      ['2026-01-02', '2026-01-01', '2026-01-02'].map((day, outcome) => ({ key: 'a', at: `${day}T00:00:00Z`, outcome })),
    );
    const source = await at.ndjson('orderevents.ndjson', [event(T, 1)]);
    expect(await at.training(trainingOf(asked, columnView(source)), ['label'])).toEqual([[1], [0], [2]]);
  });
});

describe('clocks', () => {
  test('offsets, naive times and zones mean the same instant', async () => {
    const events = [
      { key: 'a', at: '2026-01-08T04:00:00+04:00', known: '2026-01-08T04:00:00+04', value: 1 },
      { key: 'b', at: '2026-01-08 00:00', known: '2026-01-07T19:00:00-0500', value: 2 },
    ];
    const asked = ['a', 'b'].flatMap((key) => ['2026-01-07T23:59:59.999Z', T].map((time) => ({ key, at: time })));
    expect(await join(events, asked)).toEqual([null, null, 1, 2]);
  });

  test('a naive time is read in its zone, summer time included; one with an offset is not', async () => {
    const events = [
      { key: 'a', at: '2026-07-01T02:00:00', known: null, value: 1 },
      { key: 'b', at: '2026-01-01T01:00:00', known: null, value: 2 },
      { key: 'c', at: '2026-07-01T04:00:00+04:00', known: null, value: 3 },
    ];
    const asked = [
      { key: 'b', at: '2025-12-31T23:59:59Z' },
      { key: 'b', at: '2026-01-01T00:00:00Z' },
      { key: 'a', at: '2026-06-30T23:59:59Z' },
      { key: 'c', at: '2026-06-30T23:59:59Z' },
      { key: 'a', at: '2026-07-01T00:00:00Z' },
      { key: 'c', at: '2026-07-01T00:00:00Z' },
    ];
    const berlin = { column: 'at', timeZone: 'Europe/Berlin' };
    expect(await join(events, asked, { eventTime: berlin, knownTime: berlin })).toEqual([null, 2, null, null, 1, 3]);
  });

  test('a format with an offset is an instant, whatever the zone', async () => {
    const events = [{ key: 'a', at: '08.01.2026 04:00 +0400', value: 1 }];
    const time = { column: 'at', format: '%d.%m.%Y %H:%M %z', timeZone: 'Asia/Tokyo' };
    expect(
      await join(
        events,
        [
          { key: 'a', at: '2026-01-07T23:59:59Z' },
          { key: 'a', at: T },
        ],
        { eventTime: time, knownTime: time },
      ),
    ).toEqual([null, 1]);
  });

  test('a number is added in its unit, fractions and null included', async () => {
    const events = [
      { key: 'a', at: '2026-01-08T00:00:00Z', delay: 1.5, value: 1 },
      { key: 'b', at: '2026-01-08T00:00:00Z', delay: null, value: 2 },
      { key: 'c', at: '2026-01-08T00:00:00Z', delay: -90, value: 3 },
    ];
    const asked = ['a', 'b', 'c'].flatMap((key) =>
      [T, '2026-01-08T00:01:29Z', '2026-01-08T00:01:30Z'].map((time) => ({ key, at: time })),
    );
    const known = { column: 'at', plus: { column: 'delay', unit: 'MINUTES' as const } };
    expect(await join(events, asked, { knownTime: known })).toEqual([null, 2, 3, null, 2, 3, 1, 2, 3]);
  });

  test('a row whose known time is null is never known', async () => {
    expect(
      await join(
        [{ key: 'a', at: '2026-01-01T00:00:00Z', known: null, value: 1 }, event('2025-01-01T00:00:00Z', 5)],
        [{ key: 'a', at: T }],
      ),
    ).toEqual([5]);
  });
});

test('names that the store uses itself are allowed in sources, views and training sets', async () => {
  const names = [
    'a',
    'e',
    'k',
    'i',
    's',
    't',
    'w',
    'rid',
    'row',
    'rank',
    'ord',
    'place',
    'kid',
    'c0',
    'f0',
    'n0',
    'v0',
    'data',
    'result',
  ];
  const row = Object.fromEntries(names.map((name, index) => [name, index]));
  const source = await at.ndjson('names.ndjson', [{ ...row, key: 'x', at: T, known: T, outcome: 1 }]);
  const view = columnView(source, {
    features: names.map((name) => ({ name, kind: 'COLUMN', column: name, type: 'FLOAT64' })),
  });
  expect(await at.training(trainingOf(source, view), names)).toEqual([names.map((_, index) => index)]);
});

test('label, carried columns and request features', async () => {
  const entities = await at.ndjson('labels.ndjson', [
    { key: 'a', at: '2026-01-04T23:45:10Z', outcome: 20, code: 'x', n: 3 },
    { key: 'a', at: '2026-01-05T00:00:00Z', outcome: null, code: null, n: 4 },
    { key: 'a', at: '2026-12-31T12:30:00Z', outcome: 15, code: 'z', n: null },
  ]);
  const source = await at.ndjson('labelevents.ndjson', [event('2026-01-05T00:00:00Z', 1)]);
  const spec = trainingOf(entities, columnView(source), {
    carry: ['code', 'n'],
    label: { name: 'late', column: 'outcome', condition: { operator: 'GT', value: 15 } },
    requestFeatures: [
      { name: 'hour', function: 'HOUR' },
      { name: 'weekday', function: 'WEEKDAY' },
      { name: 'month', function: 'MONTH' },
      { name: 'day', function: 'DAY_OF_MONTH' },
    ],
  });
  expect(
    await at.training(spec, ['event_time', 'code', 'n', 'value', 'hour', 'weekday', 'month', 'day', 'late']),
  ).toEqual([
    [Date.UTC(2026, 0, 4, 23, 45, 10), 'x', 3, null, 23.75, 7, 1, 4, 1],
    [Date.UTC(2026, 0, 5), null, 4, 1, 0, 1, 1, 5, null],
    [Date.UTC(2026, 11, 31, 12, 30), 'z', null, 1, 12.5, 4, 12, 31, 0],
  ]);
  const built = await at.store.buildTrainingSet({ spec }, testCall());
  expect(built.columns.map(({ name, role, type, nulls }) => [name, role, type, nulls])).toEqual([
    ['event_time', 'EVENT_TIME', 'TIMESTAMP', 0],
    ['code', 'KEY', 'STRING', 1],
    ['n', 'KEY', 'INT64', 1],
    ['value', 'FEATURE', 'FLOAT64', 1],
    ['hour', 'FEATURE', 'FLOAT64', 0],
    ['weekday', 'FEATURE', 'FLOAT64', 0],
    ['month', 'FEATURE', 'FLOAT64', 0],
    ['day', 'FEATURE', 'FLOAT64', 0],
    ['late', 'LABEL', expect.stringMatching(/INT64|FLOAT64/), 1],
  ]);
  expect([built.rows, built.firstEventTime, built.lastEventTime]).toEqual([
    3,
    Date.UTC(2026, 0, 4, 23, 45, 10),
    Date.UTC(2026, 11, 31, 12, 30),
  ]);
});

test('latest rows: valid at the instant, within the TTL, by key, page by page, typed', async () => {
  const source = await at.ndjson('latest.ndjson', [
    { key: 'b', at: '2026-01-07T00:00:00Z', n: 4, s: 'x', f: true, t: '2026-01-01T00:00:00.5Z', x: 1.5 },
    { key: 'a', at: '2026-01-07T00:00:00.250Z', n: null, s: null, f: null, t: null, x: null },
    { key: 'old', at: '2025-12-31T00:00:00Z', n: 1, s: 'o', f: false, t: '2026-01-01', x: 1 },
    { key: 'future', at: '2026-01-09T00:00:00Z', n: 1, s: 'o', f: false, t: '2026-01-01', x: 1 },
  ]);
  const types = { n: 'INT64', s: 'STRING', f: 'BOOL', t: 'TIMESTAMP', x: 'FLOAT64' } as const;
  const features = Object.entries(types).map(([name, type]) => ({ name, kind: 'COLUMN' as const, column: name, type }));
  const { knownTime: _, ...spec } = columnView(source, { features, ttlSeconds: WEEK });
  const page = (afterKey: string | null, limit: number) =>
    at.store.latestRows({ spec, asOf: Date.parse(T), afterKey, limit }, testCall());
  const rows = [
    { key: '["a"]', eventTime: Date.parse('2026-01-07T00:00:00.250Z'), values: [null, null, null, null, null] },
    {
      key: '["b"]',
      eventTime: Date.parse('2026-01-07T00:00:00Z'),
      values: [4, 'x', true, Date.parse('2026-01-01T00:00:00.5Z'), 1.5],
    },
  ];
  expect(await page(null, 10)).toEqual(rows);
  expect([await page(null, 1), await page('["a"]', 1), await page('["b"]', 1)]).toEqual([[rows[0]], [rows[1]], []]);
});
