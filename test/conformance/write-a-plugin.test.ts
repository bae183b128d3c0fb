// The author's first page works as printed: its files compile, pass the kit under plain Node, and run through the host.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { OnlineView } from '@falaj/contracts';
import { loadPlugins, type PluginConfigEntry } from '@falaj/plugin-host';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '../..');
const guide = readFileSync(path.join(root, 'docs/guides/write-a-plugin.md'), 'utf8');
const files = [...guide.matchAll(/^```\w+ file=(\S+)\n([\s\S]*?)^```$/gm)].map(([, name, text]) => ({
  name: name as string,
  text: text as string,
}));
const fileText = (name: string): string => files.find((file) => file.name === name)?.text ?? '';

let project: string;
let plugin: string;

beforeAll(async () => {
  project = mkdtempSync(path.join(tmpdir(), 'falaj-guide-'));
  plugin = path.join(project, 'online-store-memory');
  mkdirSync(path.join(plugin, 'src'), { recursive: true });
  // What `npm install` would have brought.
  symlinkSync(path.join(root, 'node_modules'), path.join(project, 'node_modules'), 'dir');
  for (const { name, text } of files) writeFileSync(path.join(plugin, name), text);
  await run(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), '-p', plugin]);
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

test('every code block of the page is a file that this test uses', () => {
  expect(files.map((file) => file.name)).toEqual([
    'package.json',
    'tsconfig.json',
    'src/index.ts',
    'src/memory-store.ts',
    'src/index.test.ts',
    'entry.json',
  ]);
  expect(guide.match(/^```\w/gm)).toHaveLength(files.length);
});

test('the page’s own test passes under plain Node', async () => {
  const { stdout } = await run(process.execPath, ['--test', 'dist/index.test.js'], {
    cwd: plugin,
    env: { PATH: process.env.PATH },
  });
  expect(stdout).toMatch(/pass 14\b/);
  expect(stdout).toMatch(/fail 0\b/);
});

const view: OnlineView = { view: 'v', version: 1, columns: [{ name: 'n', type: 'FLOAT64' }] };

test.each(['inline', 'process'] as const)('the platform runs it: %s', async (isolation) => {
  const entry = { ...(JSON.parse(fileText('entry.json')) as PluginConfigEntry), isolation };
  const registry = await loadPlugins({
    config: [entry],
    resolveFrom: project,
    dataDirectory: path.join(project, isolation),
  });
  const store = registry.get('online-store', 'memory');
  const call = registry.call({ id: 'u' }, { workspaceId: 'w', zone: 'AE' });
  const row = { key: '["a"]', eventTime: 1, values: [0.5] };
  expect(await store.write({ view, rows: [row] }, call)).toEqual({ written: 1, stale: 0 });
  expect(await store.read({ requests: [{ view, keys: ['["a"]', '["b"]'] }] }, call)).toEqual([[row, null]]);
  expect(registry.list()).toMatchObject([{ name: 'memory', isolation, state: 'READY' }]);
  const tooMany = Array.from({ length: 100_001 }, (_, index) => ({ ...row, key: `["${index}"]` }));
  await expect(store.write({ view, rows: tooMany }, call)).rejects.toMatchObject({
    code: 'PLUGIN_UNAVAILABLE',
    message: expect.stringContaining('The store is full: 100000 rows.'),
  });
  await registry.close();
});

test('the operator is told of every wrong setting at once', async () => {
  const entry = { use: './online-store-memory', config: { maxRows: 'many', extra: 1 } };
  const loading = loadPlugins({ config: [entry], resolveFrom: project, dataDirectory: path.join(project, 'data') });
  await expect(loading).rejects.toMatchObject({
    code: 'PLUGIN_CONFIG_INVALID',
    message: expect.stringMatching(/memory\.maxRows: .*\n?.*memory: .*extra/s),
  });
});
