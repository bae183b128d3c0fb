import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Call, PluginHost } from '@falaj/plugin-sdk';
import { afterEach, beforeEach, expect, test } from 'vitest';
import plugin from './index.js';

const call = { signal: new AbortController().signal } as Call;
const key = new Uint8Array(32).fill(5);
let directory: string;
const host = (secrets: Record<string, string> = {}): PluginHost => ({
  clock: () => 1_000,
  log: { debug() {}, info() {}, warn() {}, error() {} },
  directory,
  secret: (name) => secrets[name] ?? '',
});
const open = () => plugin.open({}, host());

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'falaj-keys-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));

test('every file is 0600, every folder 0700, no temporary file stays, no key lies there in the clear', async () => {
  const keys = await open();
  await keys.wrap({ keyRef: 'w/AE', key, context: 'c' }, call);
  await keys.rotate({ keyRef: 'w/AE' }, call);
  const files = filesBelow(directory);
  expect(files).toHaveLength(3);
  for (const file of files) expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
  expect((statSync(path.join(directory, 'keys')).mode & 0o777).toString(8)).toBe('700');
});

test.each(['master.key', 'keys', ''])('it refuses to open when others may read %s', async (name) => {
  const keys = await open();
  await keys.wrap({ keyRef: 'w/AE', key, context: 'c' }, call);
  await keys.close();
  const target = name === 'keys' ? (filesBelow(path.join(directory, 'keys'))[0] as string) : path.join(directory, name);
  chmodSync(target, name === '' ? 0o755 : 0o644);
  await expect(open()).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringMatching(/open to others.*chmod/),
  });
});

test('a missing master key is never replaced while keys exist', async () => {
  const keys = await open();
  await keys.wrap({ keyRef: 'w/AE', key, context: 'c' }, call);
  rmSync(path.join(directory, 'master.key'));
  await expect(open()).rejects.toMatchObject({
    message: expect.stringMatching(/master\.key is missing while keys exist/),
  });
});

test('another master key, file or secret, does not open', async () => {
  const keys = await open();
  await keys.wrap({ keyRef: 'w/AE', key, context: 'c' }, call);
  writeFileSync(path.join(directory, 'master.key'), new Uint8Array(32));
  await expect(open()).rejects.toMatchObject({ code: 'CORRUPT' });
  rmSync(directory, { recursive: true });
  const withSecret = (secret: string) => plugin.open({ master: 'secret' }, host({ 'keys-local-master': secret }));
  const sealed = await (await withSecret('a long enough secret')).wrap({ keyRef: 'w/AE', key, context: 'c' }, call);
  await expect(withSecret('another long secret')).rejects.toMatchObject({ code: 'CORRUPT' });
  await expect(withSecret('short')).rejects.toMatchObject({ code: 'BAD_INPUT' });
  const again = await withSecret('a long enough secret');
  expect(await again.unwrap({ wrapped: sealed, context: 'c' }, call)).toEqual(key);
});

test('a key file moved under another name is refused', async () => {
  const keys = await open();
  await keys.wrap({ keyRef: 'w/AE', key, context: 'c' }, call);
  const [file] = filesBelow(path.join(directory, 'keys'));
  await keys.wrap({ keyRef: 'w/US', key, context: 'c' }, call);
  const other = filesBelow(path.join(directory, 'keys')).find((each) => each !== file) as string;
  writeFileSync(other, readFileSync(file as string));
  const fresh = await open();
  await expect(fresh.describe({ keyRef: 'w/US' }, call)).rejects.toMatchObject({ code: 'CORRUPT' });
});

test('processes that start and rotate at once lose no key', async () => {
  // Built program: processes cannot run the sources.
  const program = `
    import plugin from ${JSON.stringify(pathToFileURL(path.resolve(import.meta.dirname, '../dist/index.js')).href)};
    const host = { clock: Date.now, log: { debug() {}, info() {}, warn() {}, error() {} }, directory: ${JSON.stringify(directory)}, secret: () => '' };
    const call = { signal: new AbortController().signal };
    const keys = await plugin.open({}, host);
    const out = [];
    for (let turn = 0; turn < 10; turn++) {
      const { keyId, ciphertext } = await keys.wrap({ keyRef: 'w/AE', key: new Uint8Array(32).fill(5), context: 'c' }, call);
      out.push({ keyId, ciphertext: Buffer.from(ciphertext).toString('base64') });
      out.push({ rotated: (await keys.rotate({ keyRef: 'w/AE' }, call)).keyId });
    }
    console.log(JSON.stringify(out));`;
  const outputs = await Promise.all(
    Array.from({ length: 3 }, async () => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let text = '';
      for await (const chunk of child.stdout) text += chunk;
      return JSON.parse(text) as { keyId?: string; ciphertext?: string; rotated?: string }[];
    }),
  );
  const all = outputs.flat();
  const rotated = all.flatMap((each) => each.rotated ?? []);
  expect(new Set(rotated).size).toBe(30);
  const keys = await open();
  for (const { keyId, ciphertext } of all) {
    if (!keyId || !ciphertext) continue;
    const wrapped = { keyId, ciphertext: new Uint8Array(Buffer.from(ciphertext, 'base64')) };
    expect(await keys.unwrap({ wrapped, context: 'c' }, call)).toEqual(key);
  }
  expect((await keys.describe({ keyRef: 'w/AE' }, call)).keyId).toBe('w/AE#31');
});
