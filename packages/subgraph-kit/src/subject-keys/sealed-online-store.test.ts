import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import type { Call, FeatureValue, OnlineRow, OnlineStoreV1, OnlineView } from '@falaj/contracts';
import { beforeEach, expect, it } from 'vitest';
import { sealedOnlineStore } from './sealed-online-store.js';

const call = { workspace: 'w1', zone: 'AE' } as Call;
const plain: OnlineView = { view: 'airports', version: 1, columns: [{ name: 'n', type: 'FLOAT64' }] };
const persons: OnlineView = {
  view: 'guests',
  version: 2,
  columns: [
    { name: 'income', type: 'FLOAT64' },
    { name: 'name', type: 'STRING' },
  ],
  subject: { part: 1, zone: 'AE-DIFC' },
};
const keys = new Map<string, KeyObject>();
const keyOf = (subject: string) => {
  if (!keys.has(subject)) keys.set(subject, createSecretKey(randomBytes(32)));
  return keys.get(subject) as KeyObject;
};
const zones = new Set<string>();
const subjects = {
  of: async ({ zone }: { zone: string }, names: readonly string[]) => {
    zones.add(zone);
    return new Map(names.map((name) => [name, keyOf(name)]));
  },
  known: async (_: unknown, names: readonly string[]) =>
    new Map(names.flatMap((name) => (keys.has(name) ? [[name, keyOf(name)] as const] : []))),
  lookups: async (_: unknown, names: readonly string[]) =>
    names.map((name) => createHmac('sha256', 'secret').update(name).digest('hex')),
};
const rows = new Map<string, OnlineRow>();
const store = sealedOnlineStore(
  {
    async write({ view, rows: given }: Parameters<OnlineStoreV1['write']>[0]) {
      for (const row of given) rows.set(`${view.view} ${row.key}`, row);
      return { written: given.length, stale: 0 };
    },
    read: async ({ requests }: Parameters<OnlineStoreV1['read']>[0]) =>
      requests.map(({ view, keys: asked }) => asked.map((key) => rows.get(`${view.view} ${key}`) ?? null)),
  },
  subjects,
);
const row = (key: readonly string[], values: readonly FeatureValue[]): OnlineRow => ({
  key: JSON.stringify(key),
  eventTime: 5,
  values,
});
beforeEach(() => {
  rows.clear();
  keys.clear();
});

it('gives back every value, of rows of persons and of others, in request order', async () => {
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 5e-324, null, true, 'ضيف'];
  const given = [row(['DXB', '784-1'], [81_000.5, 'Amal']), row(['DXB', 'other'], odd)];
  await store.write({ view: persons, rows: given }, call);
  await store.write({ view: plain, rows: [row(['DXB'], [1])] }, call);
  const asked = [
    { view: plain, keys: ['["DXB"]'] },
    { view: persons, keys: ['["DXB","other"]', '["AUH","784-1"]', '["DXB","784-1"]'] },
  ];
  const [airports, guests] = await store.read({ requests: asked }, call);
  expect(airports).toEqual([row(['DXB'], [1])]);
  expect(guests).toEqual([given[1], null, given[0]]);
  expect(Object.is(guests?.[0]?.values[3], -0)).toBe(true);
  expect([...zones]).toEqual(['AE-DIFC']);
});

it('shows the store neither the person nor a value, and nothing once the key is gone', async () => {
  await store.write({ view: persons, rows: [row(['DXB', '784-1'], [81_000.5, 'Amal'])] }, call);
  const seen = JSON.stringify([...rows]);
  for (const told of ['784-1', '81000', 'Amal', 'income']) expect(seen).not.toContain(told);
  const request = { requests: [{ view: persons, keys: ['["DXB","784-1"]'] }] };
  expect((await store.read(request, call))[0]?.[0]).not.toBeNull();
  keys.delete('784-1');
  expect(await store.read(request, call)).toEqual([[null]]);
  // Who comes back has another key, under which the old row opens for nobody.
  keyOf('784-1');
  await expect(store.read(request, call)).rejects.toThrow(/does not open/);
});

it('refuses a row that was moved to another time, version or person', async () => {
  await store.write({ view: persons, rows: [row(['DXB', 'a'], [1, 'x']), row(['DXB', 'b'], [2, 'y'])] }, call);
  const [one, other] = [...rows.entries()] as [[string, OnlineRow], [string, OnlineRow]];
  const read = (view = persons) => store.read({ requests: [{ view, keys: ['["DXB","a"]'] }] }, call);
  rows.set(one[0], { ...one[1], eventTime: 9 });
  await expect(read()).rejects.toThrow(/does not open/);
  rows.set(one[0], { ...one[1], values: other[1].values });
  await expect(read()).rejects.toThrow(/does not open/);
  rows.set(one[0], one[1]);
  expect((await read())[0]?.[0]?.values).toEqual([1, 'x']);
  await expect(read({ ...persons, version: 3 })).rejects.toThrow(/does not open/);
});
