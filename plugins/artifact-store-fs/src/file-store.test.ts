import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { type Call, isPluginError, type PluginLog } from '@falaj/plugin-sdk';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openFileStore, storageError } from './file-store.js';

const call = { signal: new AbortController().signal } as Call;
const data = new Uint8Array([1, 2, 3]);
const log: PluginLog = { debug() {}, info() {}, warn() {}, error() {} };
let folder: string;
const open = () => openFileStore(path.join(folder, 'store'), log);
const writing = () => readdirSync(path.join(folder, 'store/writing'));

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'falaj-artifacts-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('links are not followed: neither folders nor objects', async () => {
  const store = await open();
  const outside = path.join(folder, 'outside');
  mkdirSync(outside);
  writeFileSync(path.join(outside, 'secret='), 'secret');
  symlinkSync(outside, path.join(folder, 'store/objects/link~'));
  symlinkSync(path.join(outside, 'secret='), path.join(folder, 'store/objects/direct='));
  await expect(store.get({ key: 'link/secret' }, call)).rejects.toMatchObject({ code: 'CORRUPT' });
  await expect(store.get({ key: 'direct' }, call)).rejects.toMatchObject({ code: 'CORRUPT' });
  await expect(store.put({ key: 'link/new', data }, call)).rejects.toMatchObject({ code: 'CORRUPT' });
  await expect(store.put({ key: 'link/deep/new', data }, call)).rejects.toMatchObject({ code: 'CORRUPT' });
  await expect(store.remove({ key: 'link/secret' }, call)).rejects.toMatchObject({ code: 'CORRUPT' });
  expect(await store.list({ prefix: '', after: null, limit: 10 }, call)).toEqual([]);
  expect(readdirSync(outside)).toEqual(['secret=']);
  expect(writing()).toEqual([]);
});

test('a put that fails leaves nothing behind', async () => {
  const store = await open();
  mkdirSync(path.join(folder, 'store/objects/taken='));
  await expect(store.put({ key: 'taken', data }, call)).rejects.toThrow();
  await expect(store.put({ key: 'b', data }, { ...call, signal: AbortSignal.abort() })).rejects.toThrow();
  expect(writing()).toEqual([]);
});

test('a put succeeds also where the object is removed the moment it stands', async () => {
  const store = await open();
  let stored = 0;
  const removing = async () => {
    while (stored < 200) await store.remove({ key: 'a/b' }, call);
  };
  const putting = async () => {
    for (; stored < 200; stored++) await store.put({ key: 'a/b', data }, call);
  };
  await Promise.all([putting(), removing(), removing()].map((work) => work.finally(() => (stored = 200))));
});

test('unfinished files of writers that are gone are removed at start, those of living ones stay', async () => {
  await open();
  const at = (name: string) => path.join(folder, 'store/writing', name);
  const old = new Date(Date.now() - 25 * 3600 * 1000);
  writeFileSync(at(`${hostname()}@999999999@dead`), 'x');
  writeFileSync(at(`${hostname()}@${process.pid}@alive`), 'x');
  writeFileSync(at('elsewhere@1@recent'), 'x');
  writeFileSync(at('elsewhere@1@old'), 'x');
  utimesSync(at('elsewhere@1@old'), old, old);
  await open();
  expect(writing().toSorted()).toEqual(['elsewhere@1@recent', `${hostname()}@${process.pid}@alive`].toSorted());
});

test('a full disk is named with the size; an unknown error stays itself', () => {
  const full = storageError(Object.assign(new Error('write'), { code: 'ENOSPC' }), 'm/1', 42);
  expect(isPluginError(full)).toBe(true);
  expect(full).toMatchObject({
    code: 'UNAVAILABLE',
    retryable: false,
    message: 'No space for the 42 bytes of artifact "m/1": nothing was stored.',
  });
  const odd = new Error('odd');
  expect(storageError(odd, 'm/1', 42)).toBe(odd);
});
