import type { Call, OnlineRow, OnlineStoreV1, OnlineView, Tensor } from '@falaj/contracts';
import { describe, expect, it } from 'vitest';
import { createFeatureJoin, REQUEST_FEATURES } from './feature-join.js';
import type { FeaturePlan, FeaturePlanColumn } from './feature-plan.js';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 0, 31, 6, 30, 59);
const routes: OnlineView = {
  view: 'routes',
  version: 2,
  columns: [
    { name: 'flights', type: 'INT64' },
    { name: 'late', type: 'BOOL' },
    { name: 'note', type: 'STRING' },
  ],
};
const airports: OnlineView = { view: 'airports', version: 1, columns: [{ name: 'delay', type: 'FLOAT64' }] };
const column = (
  view: OnlineView,
  feature: string,
  keys: Extract<FeaturePlanColumn, { kind: 'view' }>['keys'],
  ttlSeconds: number | null = null,
): FeaturePlanColumn => ({ kind: 'view', view: view.view, version: view.version, feature, keys, ttlSeconds });
const route = [{ name: 'origin' }, { name: 'destination' }];
const plan: FeaturePlan = {
  entityKeys: ['origin', 'destination'],
  views: [routes, airports],
  columns: [
    column(airports, 'delay', [{ name: 'destination' }], 86_400),
    { kind: 'request', function: 'HOUR' },
    column(routes, 'late', route),
    column(routes, 'flights', route),
    column(airports, 'delay', [{ constant: 'DXB' }]),
  ],
};
const at = (key: string, eventTime: number, ...values: OnlineRow['values']): OnlineRow => ({ key, eventTime, values });
const stored: Record<string, OnlineRow> = {
  'routes["LAX","PHX"]': at('["LAX","PHX"]', NOW - 9 * DAY, 12, true, 'x'),
  'routes["a\\"","دبي"]': at('["a\\"","دبي"]', NOW, null, false, null),
  'airports["PHX"]': at('["PHX"]', NOW - DAY, 4.5),
  'airports["دبي"]': at('["دبي"]', NOW - DAY - 1, 8),
  'airports["DXB"]': at('["DXB"]', 0, 1),
};

function join(inputs: readonly Tensor[], of = plan) {
  let reads = 0;
  const online: Pick<OnlineStoreV1, 'read'> = {
    async read({ requests }) {
      reads++;
      return requests.map(({ view, keys }) => keys.map((key) => stored[view.view + key] ?? null));
    },
  };
  return createFeatureJoin(of, online, () => NOW)(inputs, {} as Call).then((joined) => ({ ...joined, reads }));
}
const keys = (name: string, ...data: string[]): Tensor => ({ name, datatype: 'BYTES', shape: [data.length], data });

it('joins all views in one read, and says of each value what became of it', async () => {
  const joined = await join([keys('origin', 'LAX', 'a"', 'JFK'), keys('destination', 'PHX', 'دبي', 'BOS')]);
  expect([...joined.values].map((value) => (Number.isNaN(value) ? 'NaN' : value))).toEqual([
    4.5,
    6.5,
    1,
    12,
    1,
    'NaN',
    6.5,
    0,
    'NaN',
    1,
    'NaN',
    6.5,
    'NaN',
    'NaN',
    1,
  ]);
  expect(joined.statuses).toEqual([
    ...['PRESENT', 'PRESENT', 'PRESENT', 'PRESENT', 'PRESENT'],
    ...['OUTSIDE_MAX_AGE', 'PRESENT', 'PRESENT', 'NULL_VALUE', 'PRESENT'],
    ...['NOT_FOUND', 'PRESENT', 'NOT_FOUND', 'NOT_FOUND', 'PRESENT'],
  ]);
  expect(joined).toMatchObject({ rows: 3, columns: 5, reads: 1 });
});

describe('event_time', () => {
  const pair = [keys('origin', 'LAX'), keys('destination', 'PHX')];
  const hour = async (time: Tensor) => (await join([...pair, time])).values[1];
  it.each([
    ['2026-01-31T12:15:00Z', 12.25],
    ['2026-01-31T12:15:00+04:00', 8.25],
    ['2026-01-31 12:15', 12.25],
    ['2026-01-31', 0],
  ])("%s is at %d o'clock UTC", async (text, expected) => expect(await hour(keys('event_time', text))).toBe(expected));

  it('is epoch milliseconds as INT64, shape [N, 1] too', async () => {
    expect(
      await hour({ name: 'event_time', datatype: 'INT64', shape: [1, 1], data: BigInt64Array.of(BigInt(NOW)) }),
    ).toBe(6.5);
  });
  it('counts for the age', async () => {
    const late = await join([...pair, keys('event_time', new Date(NOW + 1).toISOString())]);
    expect(late.statuses[0]).toBe('OUTSIDE_MAX_AGE');
  });
  it.each(['yesterday', '2026-13-01T00:00:00Z', '31/01/2026', ''])('refuses "%s"', async (text) => {
    await expect(join([...pair, keys('event_time', text)])).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});

it('computes request features as the contract says', () => {
  const sunday = new Date('2026-02-01T23:59:59Z');
  const all = Object.entries(REQUEST_FEATURES).map(([name, compute]) => [name, compute(sunday)]);
  expect(Object.fromEntries(all)).toEqual({ HOUR: 23 + 59 / 60, WEEKDAY: 7, MONTH: 2, DAY_OF_MONTH: 1 });
  expect(REQUEST_FEATURES.WEEKDAY(new Date('2026-02-02T00:00:00Z'))).toBe(1);
});

it.each<[string, Tensor[], RegExp]>([
  ['a missing key', [keys('origin', 'LAX')], /"destination": this entity key is missing/],
  ['an unknown input', [keys('airport', 'LAX')], /"airport": expected the entity keys "origin", "destination"/],
  ['another number of rows', [keys('origin', 'LAX'), keys('destination', 'PHX', 'BOS')], /expected 1 rows/],
  ['no rows', [keys('origin'), keys('destination')], /"origin": expected 1 rows/],
  [
    'numbers as keys',
    [{ ...keys('origin', 'x'), datatype: 'INT8', data: Int8Array.of(1) }, keys('destination', 'PHX')],
    /expected datatype BYTES, found INT8/,
  ],
  ['a matrix of keys', [{ ...keys('origin', 'a', 'b'), shape: [1, 2] }], /\[N\] or \[N, 1\], found \[1,2\]/],
])('refuses %s', async (_, inputs, message) => {
  await expect(join(inputs)).rejects.toMatchObject({ code: 'BAD_USER_INPUT', message: expect.stringMatching(message) });
});

it.each([
  ['text', column(routes, 'note', route), /is text/],
  ['an unknown feature', column(routes, 'gone', route), /do not have/],
  ['an unknown key', column(routes, 'late', [{ name: 'carrier' }]), /"carrier", which is no entity key/],
])('refuses a plan with %s', (_, bad, message) => {
  expect(() => createFeatureJoin({ ...plan, columns: [bad] }, { read: async () => [] })).toThrow(message);
});
