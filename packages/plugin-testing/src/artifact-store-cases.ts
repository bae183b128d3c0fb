import { strict as assert } from 'node:assert';
import type { ArtifactStoreV1 } from '@falaj/plugin-sdk';
import { type CaseDefinition, commonCases, refuses } from './case.js';
import { fakeCall } from './fake-host.js';

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);
const put = (store: ArtifactStoreV1, key: string, data = bytes(1)) => store.put({ key, data }, fakeCall());
const get = (store: ArtifactStoreV1, key: string) => store.get({ key }, fakeCall());
const list = async (store: ArtifactStoreV1, prefix: string, after: string | null = null, limit = 100) =>
  (await store.list({ prefix, after, limit }, fakeCall())).map((object) => object.key);

export const artifactStoreCases: readonly CaseDefinition<'artifact-store'>[] = [
  ...commonCases<'artifact-store'>('AR', (store, signal) => store.get({ key: 'a' }, fakeCall({ signal })), fakeCall),
  {
    id: 'AR-03',
    title: 'what was put is got, byte for byte, with its key and size',
    async run({ open, unique }) {
      const store = await open();
      const data = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 31) & 255);
      const stored = await put(store, `${unique}/a.bin`, data);
      assert.deepEqual([stored.key, stored.bytes], [`${unique}/a.bin`, 70_000]);
      assert.ok(Number.isFinite(stored.storedAt), 'storedAt is epoch milliseconds');
      const found = await get(store, `${unique}/a.bin`);
      // Not deepEqual: it would draw the difference of 70,000 bytes, for minutes.
      assert.ok(
        found && Buffer.compare(found, data) === 0,
        `70,000 other bytes came back (${found?.length ?? 'none'})`,
      );
    },
  },
  {
    id: 'AR-04',
    title: 'a missing key is null, not an error',
    async run({ open, unique }) {
      assert.equal(await get(await open(), `${unique}/none`), null);
    },
  },
  {
    id: 'AR-05',
    title: 'a second put replaces the object',
    async run({ open, unique }) {
      const store = await open();
      await put(store, unique, bytes(1, 2, 3));
      await put(store, unique, bytes(9));
      assert.deepEqual(await get(store, unique), bytes(9));
    },
  },
  {
    id: 'AR-06',
    title: 'remove is idempotent',
    async run({ open, unique }) {
      const store = await open();
      await put(store, unique);
      await store.remove({ key: unique }, fakeCall());
      await store.remove({ key: unique }, fakeCall());
      assert.equal(await get(store, unique), null);
    },
  },
  {
    id: 'AR-07',
    title: 'list answers the keys of the prefix, ascending, page by page',
    async run({ open, unique }) {
      const store = await open();
      const keys = ['b', 'a/2', 'a/10', 'a.b', 'a-b', 'a', 'aa/x/y', 'c/d', 'Z'].map((key) => `${unique}/${key}`);
      for (const key of [...keys, `${unique}x`]) await put(store, key);
      const expected = keys.toSorted();
      assert.deepEqual(await list(store, `${unique}/`), expected);
      const paged: string[] = [];
      // Bounded, for a page that does not move on must fail and not run for ever.
      for (let turn = 0; turn <= expected.length; turn++) {
        const page = await list(store, `${unique}/`, paged.at(-1) ?? null, 2);
        assert.ok(page.length <= 2, 'no page is longer than its limit');
        if (page.length === 0) break;
        paged.push(...page);
      }
      assert.deepEqual(paged, expected);
      assert.deepEqual(await list(store, `${unique}/a/`), [`${unique}/a/10`, `${unique}/a/2`]);
    },
  },
  {
    id: 'AR-08',
    title: 'keys outside the contract are BAD_INPUT',
    async run({ open }) {
      const store = await open();
      for (const key of ['', '/etc/passwd', '../up', 'a/../b', 'a b', 'é', `${'x'.repeat(513)}`, 'a\u0000b', 'a\\b']) {
        await refuses(put(store, key), ['BAD_INPUT'], `put of key ${JSON.stringify(key.slice(0, 20))}`);
        await refuses(get(store, key), ['BAD_INPUT'], `get of key ${JSON.stringify(key.slice(0, 20))}`);
      }
    },
  },
  {
    id: 'AR-09',
    title: 'a key may be the beginning of another, hold dots, and be 512 long',
    async run({ open, unique }) {
      const store = await open();
      const keys = [unique, `${unique}/b`, `${unique}/b/c`, `${unique}/./d`, `${unique}//e`];
      keys.push(`${unique}/${'l'.repeat(511 - unique.length)}`);
      for (const [index, key] of keys.entries()) await put(store, key, bytes(index));
      for (const [index, key] of keys.entries())
        assert.deepEqual(await get(store, key), bytes(index), key.slice(0, 40));
      assert.deepEqual(await list(store, unique), keys.toSorted());
    },
  },
  {
    id: 'AR-10',
    title: 'objects outlive a restart',
    async run({ open, unique }) {
      const store = await open();
      await put(store, unique, bytes(7));
      await store.close();
      assert.deepEqual(await get(await open(), unique), bytes(7));
    },
  },
  {
    id: 'AR-11',
    title: 'an empty object is an object',
    async run({ open, unique }) {
      const store = await open();
      await put(store, unique, bytes());
      assert.deepEqual(await get(store, unique), bytes());
    },
  },
  {
    id: 'AR-12',
    title: 'the caller may reuse its buffer once put has answered, and change what get answered',
    async run({ open, unique }) {
      const store = await open();
      const data = bytes(1, 2, 3);
      await put(store, unique, data);
      data.fill(0);
      (await get(store, unique))?.fill(9);
      assert.deepEqual(await get(store, unique), bytes(1, 2, 3));
    },
  },
  {
    id: 'AR-13',
    title: 'of concurrent puts of one key, one whole object remains',
    async run({ open, unique }) {
      const store = await open();
      const versions = Array.from({ length: 8 }, (_, index) => new Uint8Array(50_000 + index).fill(index));
      await Promise.all(versions.map((data) => put(store, unique, data)));
      const found = await get(store, unique);
      assert.ok(
        found && versions.some((version) => Buffer.compare(version, found) === 0),
        'a mix of two writes was read',
      );
    },
  },
];
