import { strict as assert } from 'node:assert';
import type { KeysV1 } from '@falaj/plugin-sdk';
import { type CaseDefinition, commonCases, refuses, rejects } from './case.js';
import { fakeCall } from './fake-host.js';

const dataKey = Uint8Array.from({ length: 32 }, (_, index) => index);
const wrap = (keys: KeysV1, keyRef: string, context = 'c') => keys.wrap({ keyRef, key: dataKey, context }, fakeCall());
const unwrap = (keys: KeysV1, wrapped: Awaited<ReturnType<KeysV1['wrap']>>, context = 'c') =>
  keys.unwrap({ wrapped, context }, fakeCall());

export const keysCases: readonly CaseDefinition<'keys'>[] = [
  ...commonCases<'keys'>('KE', (keys, signal) => keys.describe({ keyRef: 'w/AE' }, fakeCall({ signal })), fakeCall),
  {
    id: 'KE-03',
    title: 'a wrapped key unwraps to itself; the first use creates the key',
    async run({ open, unique }) {
      const keys = await open();
      assert.deepEqual(await unwrap(keys, await wrap(keys, `${unique}/AE`)), dataKey);
    },
  },
  {
    id: 'KE-04',
    title: 'another context does not unwrap',
    async run({ open, unique }) {
      const keys = await open();
      const wrapped = await wrap(keys, `${unique}/AE`, 'zone=AE');
      await rejects(unwrap(keys, wrapped, 'zone=US'), 'the context must be bound');
    },
  },
  {
    id: 'KE-05',
    title: 'a changed or cut ciphertext does not unwrap',
    async run({ open, unique }) {
      const keys = await open();
      const wrapped = await wrap(keys, `${unique}/AE`);
      for (let position = 0; position < wrapped.ciphertext.length; position++) {
        const ciphertext = Uint8Array.from(wrapped.ciphertext);
        ciphertext[position] = (ciphertext[position] as number) ^ 1;
        await rejects(unwrap(keys, { ...wrapped, ciphertext }), `byte ${position} changed`);
      }
      const cut = wrapped.ciphertext.slice(0, -1);
      await rejects(unwrap(keys, { ...wrapped, ciphertext: cut }), 'the last byte cut');
      await rejects(unwrap(keys, { ...wrapped, ciphertext: new Uint8Array() }), 'nothing left');
    },
  },
  {
    id: 'KE-06',
    title: 'rotation gives a new version for later wraps; earlier wraps still unwrap',
    async run({ open, unique }) {
      const keys = await open();
      const keyRef = `${unique}/AE`;
      const before = await wrap(keys, keyRef);
      const rotated = await keys.rotate({ keyRef }, fakeCall());
      assert.notEqual(rotated.keyId, before.keyId);
      const after = await wrap(keys, keyRef);
      assert.equal(after.keyId, rotated.keyId);
      assert.equal((await keys.describe({ keyRef }, fakeCall())).keyId, rotated.keyId);
      assert.deepEqual(await unwrap(keys, before), dataKey);
      assert.deepEqual(await unwrap(keys, after), dataKey);
    },
  },
  {
    id: 'KE-07',
    title: 'what one reference wrapped, another does not unwrap',
    async run({ open, unique }) {
      const keys = await open();
      const ours = await wrap(keys, `${unique}/AE`);
      const theirs = await wrap(keys, `${unique}-other/AE`);
      assert.notEqual(ours.keyId, theirs.keyId);
      await rejects(unwrap(keys, { ...ours, keyId: theirs.keyId }), 'the key id must be bound');
    },
  },
  {
    id: 'KE-08',
    title: 'keys and their versions outlive a restart',
    async run({ open, unique }) {
      const keyRef = `${unique}/AE`;
      const first = await open();
      const before = await wrap(first, keyRef);
      const { keyId } = await first.rotate({ keyRef }, fakeCall());
      await first.close();
      const second = await open();
      assert.deepEqual(await unwrap(second, before), dataKey);
      assert.equal((await second.describe({ keyRef }, fakeCall())).keyId, keyId);
    },
  },
  {
    id: 'KE-09',
    title: 'a wrap hides the key and is different every time',
    async run({ open, unique }) {
      const keys = await open();
      const [one, two] = [await wrap(keys, `${unique}/AE`), await wrap(keys, `${unique}/AE`)];
      assert.notDeepEqual(one.ciphertext, two.ciphertext);
      assert.ok(
        !Buffer.from(one.ciphertext).includes(Buffer.from(dataKey.subarray(0, 8))),
        'the key shows in the ciphertext',
      );
    },
  },
  {
    id: 'KE-10',
    title: 'an unknown key id does not unwrap, and is not created',
    async run({ open, unique }) {
      const keys = await open();
      const wrapped = await wrap(keys, `${unique}/AE`);
      await rejects(unwrap(keys, { ...wrapped, keyId: `${unique}/none#1` }), 'an unknown key');
      await rejects(unwrap(keys, { ...wrapped, keyId: '' }), 'an empty key id');
      assert.deepEqual(await unwrap(keys, wrapped), dataKey);
    },
  },
  {
    id: 'KE-11',
    title: 'concurrent first uses agree on one key, and so do two instances',
    async run({ open, unique }) {
      const keyRef = `${unique}/AE`;
      const instances = [await open(), await open()];
      const wraps = await Promise.all(
        Array.from({ length: 12 }, (_, index) => wrap(instances[index % 2] as KeysV1, keyRef)),
      );
      assert.equal(new Set(wraps.map((wrapped) => wrapped.keyId)).size, 1, 'one key must come of one reference');
      for (const wrapped of wraps) {
        for (const keys of instances) assert.deepEqual(await unwrap(keys, wrapped), dataKey);
      }
    },
  },
  {
    id: 'KE-12',
    title: 'no key reaches the log',
    async run({ open, host, unique }) {
      const keys = await open();
      await unwrap(keys, await wrap(keys, `${unique}/AE`));
      const text = JSON.stringify(host.records);
      for (const form of ['hex', 'base64'] as const) assert.ok(!text.includes(Buffer.from(dataKey).toString(form)));
    },
  },
  {
    id: 'KE-13',
    title: 'rewrap moves a data key under the current version, and only with its own context',
    async run({ open, unique }) {
      const keys = await open();
      const before = await wrap(keys, `${unique}/AE`, 'zone=AE');
      const { keyId } = await keys.rotate({ keyRef: `${unique}/AE` }, fakeCall());
      await rejects(keys.rewrap({ wrapped: before, context: 'zone=US' }, fakeCall()), 'the context must be bound');
      const after = await keys.rewrap({ wrapped: before, context: 'zone=AE' }, fakeCall());
      assert.equal(after.keyId, keyId);
      assert.deepEqual(await unwrap(keys, after, 'zone=AE'), dataKey);
      await rejects(unwrap(keys, after, 'zone=US'), 'the context must stay bound');
      const again = await keys.rewrap({ wrapped: after, context: 'zone=AE' }, fakeCall());
      assert.equal(again.keyId, keyId);
      assert.deepEqual(await unwrap(keys, again, 'zone=AE'), dataKey);
    },
  },
  {
    id: 'KE-14',
    title: 'versions before a retired one no longer unwrap, in another instance and after a restart too',
    async run({ open, unique }) {
      const keyRef = `${unique}/AE`;
      const [keys, other] = [await open(), await open()];
      const before = await wrap(keys, keyRef);
      assert.deepEqual(await unwrap(other, before), dataKey);
      const { keyId } = await keys.rotate({ keyRef }, fakeCall());
      const after = await wrap(keys, keyRef);
      await keys.retire({ keyId }, fakeCall());
      await keys.retire({ keyId }, fakeCall());
      for (const each of [keys, other, await open()]) {
        await rejects(unwrap(each, before), 'a retired version must not unwrap');
        assert.deepEqual(await unwrap(each, after), dataKey);
        assert.equal((await wrap(each, keyRef)).keyId, keyId);
      }
      await refuses(keys.retire({ keyId: `${unique}/none#2` }, fakeCall()), ['NOT_FOUND'], 'an unknown key');
    },
  },
  {
    id: 'KE-15',
    title: 'what a destroyed key wrapped never unwraps again, not even under a later key of that name',
    async run({ open, unique }) {
      const keyRef = `${unique}/AE/subject`;
      const [keys, other] = [await open(), await open()];
      const [lost, kept] = [await wrap(keys, keyRef), await wrap(keys, `${unique}/AE`)];
      assert.deepEqual(await unwrap(other, lost), dataKey);
      await keys.rotate({ keyRef }, fakeCall());
      const later = await wrap(other, keyRef);
      await keys.destroy({ keyRef }, fakeCall());
      await keys.destroy({ keyRef }, fakeCall());
      await keys.destroy({ keyRef: `${unique}/never` }, fakeCall());
      for (const each of [keys, other, await open()]) {
        for (const wrapped of [lost, later]) await rejects(unwrap(each, wrapped), 'a destroyed key must not unwrap');
        assert.deepEqual(await unwrap(each, kept), dataKey);
      }
      const fresh = await wrap(other, keyRef);
      for (const each of [keys, other]) {
        assert.deepEqual(await unwrap(each, fresh), dataKey);
        for (const wrapped of [lost, later]) await rejects(unwrap(each, wrapped), 'a later key must not open it');
      }
    },
  },
];
