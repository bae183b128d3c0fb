import { strict as assert } from 'node:assert';
import type { FeatureValue, OnlineRow, OnlineStoreV1, OnlineView } from '@falaj/plugin-sdk';
import { type CaseDefinition, commonCases } from './case.js';
import { fakeCall } from './fake-host.js';

const view: OnlineView = {
  view: 'kit_view',
  version: 1,
  columns: [
    { name: 'number', type: 'FLOAT64' },
    { name: 'whole', type: 'INT64' },
    { name: 'text', type: 'STRING' },
    { name: 'flag', type: 'BOOL' },
    { name: 'at', type: 'TIMESTAMP' },
  ],
};
const values = (number: number | null): FeatureValue[] => [number, 7, 'text', true, 1_700_000_000_123];
const row = (key: string, eventTime: number, number: number | null = eventTime): OnlineRow => ({
  key: JSON.stringify([key]),
  eventTime,
  values: values(number),
});

/** The store as one workspace sees it. */
const inWorkspace = (store: OnlineStoreV1, workspace: string) => ({
  write: (rows: OnlineRow[], of = view) => store.write({ view: of, rows }, fakeCall({ workspace })),
  read: async (keys: string[], of = view) =>
    (
      await store.read(
        { requests: [{ view: of, keys: keys.map((key) => JSON.stringify([key])) }] },
        fakeCall({ workspace }),
      )
    )[0],
  remove: (version: number, keys?: string[]) =>
    store.remove(
      { view: view.view, version, ...(keys ? { keys: keys.map((key) => JSON.stringify([key])) } : {}) },
      fakeCall({ workspace }),
    ),
});

export const onlineStoreCases: readonly CaseDefinition<'online-store'>[] = [
  ...commonCases<'online-store'>(
    'ON',
    (store, signal) => store.read({ requests: [{ view, keys: ['["a"]'] }] }, fakeCall({ signal })),
    fakeCall,
  ),
  {
    id: 'ON-03',
    title: 'rows come back in request order, null where there is none, repeated keys repeated',
    async run({ open, unique }) {
      const store = inWorkspace(await open(), unique);
      assert.deepEqual(await store.write([row('b', 2), row('a', 1)]), { written: 2, stale: 0 });
      assert.deepEqual(await store.read(['a', 'none', 'b', 'a']), [row('a', 1), null, row('b', 2), row('a', 1)]);
    },
  },
  {
    id: 'ON-04',
    title: 'an older event never overwrites a newer one, and is counted as stale',
    async run({ open, unique }) {
      const store = inWorkspace(await open(), unique);
      await store.write([row('a', 5)]);
      assert.deepEqual(await store.write([row('a', 4), row('b', 1)]), { written: 1, stale: 1 });
      assert.deepEqual(await store.read(['a', 'b']), [row('a', 5), row('b', 1)]);
    },
  },
  {
    id: 'ON-05',
    title: 'an equal event time overwrites',
    async run({ open, unique }) {
      const store = inWorkspace(await open(), unique);
      await store.write([row('a', 5, 1)]);
      await store.write([row('a', 5, 2)]);
      assert.deepEqual(await store.read(['a']), [row('a', 5, 2)]);
    },
  },
  {
    id: 'ON-06',
    title: 'every type keeps its value, nulls and extremes included',
    async run({ open, unique }) {
      const store = inWorkspace(await open(), unique);
      const rows: OnlineRow[] = [
        [null, null, null, null, null],
        [-0.1, Number.MIN_SAFE_INTEGER, '', false, 0],
        [Number.MAX_VALUE, Number.MAX_SAFE_INTEGER, 'ضيف 🐪 "\'\\', true, 4_102_444_800_000],
        [5e-324, 0, 'null', true, -1],
      ].map((each, index) => ({
        key: JSON.stringify([`k${index}`]),
        eventTime: 1_700_000_000_000 + index,
        values: each,
      }));
      await store.write(rows);
      assert.deepEqual(await store.read(['k0', 'k1', 'k2', 'k3']), rows);
    },
  },
  {
    id: 'ON-07',
    title: 'workspaces do not see each other',
    async run({ open, unique }) {
      const store = await open();
      const [ours, theirs] = [inWorkspace(store, unique), inWorkspace(store, `${unique}-other`)];
      await ours.write([row('a', 1)]);
      assert.deepEqual(await theirs.read(['a']), [null]);
      await theirs.write([row('a', 9)]);
      await theirs.remove(1);
      assert.deepEqual(await ours.read(['a']), [row('a', 1)]);
    },
  },
  {
    id: 'ON-08',
    title: 'versions of a view do not see each other',
    async run({ open, unique }) {
      const store = inWorkspace(await open(), unique);
      const second = { ...view, version: 2 };
      await store.write([row('a', 9)]);
      await store.write([row('a', 1)], second);
      assert.deepEqual([await store.read(['a']), await store.read(['a'], second)], [[row('a', 9)], [row('a', 1)]]);
      await store.remove(1);
      assert.deepEqual([await store.read(['a']), await store.read(['a'], second)], [[null], [row('a', 1)]]);
    },
  },
  {
    id: 'ON-09',
    title: 'remove takes the named keys, or the whole version, and is idempotent',
    async run({ open, unique }) {
      const store = inWorkspace(await open(), unique);
      await store.write([row('a', 1), row('b', 1), row('c', 1)]);
      assert.deepEqual(await store.remove(1, ['a', 'none']), { removed: 1 });
      assert.deepEqual(await store.read(['a', 'b']), [null, row('b', 1)]);
      assert.deepEqual(await store.remove(1, []), { removed: 0 });
      assert.deepEqual(await store.remove(1), { removed: 2 });
      assert.deepEqual(await store.remove(1), { removed: 0 });
    },
  },
  {
    id: 'ON-10',
    title: 'several views are read in one call, answered in request order',
    async run({ open, unique }) {
      const store = await open();
      const second: OnlineView = { view: 'kit_second', version: 3, columns: [{ name: 'n', type: 'INT64' }] };
      const other: OnlineRow = { key: '["a"]', eventTime: 1, values: [42] };
      const call = fakeCall({ workspace: unique });
      await store.write({ view, rows: [row('a', 1)] }, call);
      await store.write({ view: second, rows: [other] }, call);
      const requests = [
        { view: second, keys: ['["a"]', '["b"]'] },
        { view, keys: ['["b"]', '["a"]'] },
        { view: second, keys: [] },
      ];
      assert.deepEqual(await store.read({ requests }, call), [[other, null], [null, row('a', 1)], []]);
      assert.deepEqual(await store.read({ requests: [] }, call), []);
    },
  },
  {
    id: 'ON-11',
    title: 'of two rows of one key in one write, the newer stands, whatever their order',
    async run({ open, unique }) {
      const store = inWorkspace(await open(), unique);
      await store.write([row('a', 5), row('a', 3), row('b', 3), row('b', 5)]);
      assert.deepEqual(await store.read(['a', 'b']), [row('a', 5), row('b', 5)]);
    },
  },
  {
    id: 'ON-12',
    title: 'writing twice is writing once; an empty write is fine',
    async run({ open, unique }) {
      const store = inWorkspace(await open(), unique);
      const rows = Array.from({ length: 1500 }, (_, index) => row(`k${index}`, index));
      await store.write(rows);
      await store.write(rows);
      assert.deepEqual(await store.read(['k0', 'k1499']), [rows[0], rows[1499]]);
      assert.deepEqual(await store.write([]), { written: 0, stale: 0 });
    },
  },
  {
    id: 'ON-13',
    title: 'keys are compared as text: quotes, percent signs and case matter',
    async run({ open, unique }) {
      const store = inWorkspace(await open(), unique);
      const keys = ["o'neill", '%', 'A', 'a', '"', '\\', 'مطار', ''];
      await store.write(keys.map((key, index) => row(key, index)));
      assert.deepEqual(
        await store.read(keys),
        keys.map((key, index) => row(key, index)),
      );
    },
  },
  {
    id: 'ON-14',
    title: 'remove by a part of the key takes every row with it, of this version and workspace only',
    async run({ open, unique }) {
      const store = await open();
      const second = { ...view, version: 2 };
      const rows = [
        ['p', 'x'],
        ['p', 'y'],
        ['x', 'p'],
        ["o'p", '"'],
      ].map((key): OnlineRow => ({ key: JSON.stringify(key), eventTime: 1, values: values(1) }));
      const keys = rows.map(({ key }) => key);
      const [ours, theirs] = [fakeCall({ workspace: unique }), fakeCall({ workspace: `${unique}-other` })];
      for (const [of, call] of [[view, ours] as const, [second, ours] as const, [view, theirs] as const])
        await store.write({ view: of, rows }, call);
      const remove = (part: number, value: string) =>
        store.removeByKeyPart({ view: view.view, version: 1, part, value }, ours);
      assert.deepEqual(await remove(0, 'p'), { removed: 2 });
      assert.deepEqual(await remove(0, 'p'), { removed: 0 });
      assert.deepEqual(await remove(1, '"'), { removed: 1 });
      const left = async (of: OnlineView, call: ReturnType<typeof fakeCall>) =>
        (await store.read({ requests: [{ view: of, keys }] }, call))[0]?.map((found) => found !== null);
      assert.deepEqual(await left(view, ours), [false, false, true, false]);
      assert.deepEqual(await left(second, ours), [true, true, true, true]);
      assert.deepEqual(await left(view, theirs), [true, true, true, true]);
    },
  },
];
