// These tests fork the built program: build first.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { Call, TrainProgress } from '@falaj/contracts';
import { expect, test } from 'vitest';
import { loadPlugins, type PluginRegistry } from './index.js';
import { artifactStore, SampleProject } from './testing/sample-package.js';

async function open(project: SampleProject, methods: string, more: object = {}): Promise<PluginRegistry> {
  project.add({ name: 'sample', code: artifactStore('sample', methods) });
  return loadPlugins({
    config: [{ use: 'sample', isolation: 'process', ...more }],
    resolveFrom: project.folder,
    dataDirectory: project.data,
  });
}
const callOf = (registry: PluginRegistry, signal?: AbortSignal): Call =>
  registry.call({ id: 'u1' }, { workspaceId: 'w1', zone: 'AE', ...(signal ? { signal } : {}) });
const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    // A zombie is gone: only its parent has not looked yet.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};
async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition() && waited < 20_000; waited += 20) await sleep(20);
  expect(condition()).toBe(true);
}

test('bytes, typed arrays and coded errors cross the border as they are', async () => {
  using project = new SampleProject();
  const registry = await open(
    project,
    `async get({ key }, call) {
       if (key === 'missing') throw fault('NOT_FOUND', 'nothing here');
       return new Uint8Array([call.workspace.length, call.zone.length, 255, 0]);
     },
     async put({ key, data }) { return { key, bytes: data.length, storedAt: data.constructor.name === 'Uint8Array' ? data[data.length - 1] : -1 }; },`,
  );
  const store = registry.get('artifact-store');
  expect(await store.get({ key: 'a' }, callOf(registry))).toEqual(new Uint8Array([2, 2, 255, 0]));
  const data = new Uint8Array(3_000_001).fill(7);
  expect(await store.put({ key: 'big', data }, callOf(registry))).toEqual({
    key: 'big',
    bytes: 3_000_001,
    storedAt: 7,
  });
  await expect(store.get({ key: 'missing' }, callOf(registry))).rejects.toMatchObject({
    code: 'NOT_FOUND',
    details: { from: 'sample' },
  });
  await registry.close();
});

test('the plugin sees its own folder and none of the platform environment', async () => {
  using project = new SampleProject();
  process.env.FALAJ_TEST_SECRET = 'x';
  const registry = await open(
    project,
    'async get() { return new TextEncoder().encode(JSON.stringify({ env: Object.keys(process.env), cwd: process.cwd() })); },',
  );
  const bytes = await registry.get('artifact-store').get({ key: 'a' }, callOf(registry));
  delete process.env.FALAJ_TEST_SECRET;
  const seen = JSON.parse(new TextDecoder().decode(bytes as Uint8Array));
  expect(seen.env.filter((name: string) => /FALAJ|VITEST|NODE_OPTIONS|TOKEN|SECRET/.test(name))).toEqual([]);
  expect(seen.cwd).toMatch(/plugins\/artifact-store-sample$/);
  await registry.close();
});

test('a crash fails the running calls, the host lives, and the process comes back', async () => {
  using project = new SampleProject();
  const registry = await open(
    project,
    `async get({ key }) { if (key === 'crash') process.kill(process.pid, 'SIGSEGV'); if (key === 'wait') await new Promise(() => {}); return new Uint8Array([process.pid & 255]); },`,
  );
  const store = registry.get('artifact-store');
  const waiting = store.get({ key: 'wait' }, callOf(registry));
  const crashing = store.get({ key: 'crash' }, callOf(registry));
  await expect(waiting).rejects.toMatchObject({
    code: 'PLUGIN_UNAVAILABLE',
    message: expect.stringContaining('SIGSEGV'),
  });
  await expect(crashing).rejects.toMatchObject({ code: 'PLUGIN_UNAVAILABLE' });
  expect(await store.get({ key: 'a' }, callOf(registry))).toHaveLength(1);
  expect(registry.list()).toMatchObject([{ state: 'READY', restarts: 1, failures: 2 }]);
  await registry.close();
});

test('a process that ends again and again is quarantined', async () => {
  using project = new SampleProject();
  const witness = path.join(project.folder, 'starts');
  project.add({
    name: 'sample',
    code: `import fs from 'node:fs'; ${artifactStore('sample', '').replace(
      'async open(config, host) {',
      `async open(config, host) {
         if (process.send) { fs.appendFileSync(${JSON.stringify(witness)}, 'x'); setTimeout(() => process.exit(3), 150); }`,
    )}`,
  });
  const registry = await loadPlugins({
    config: [{ use: 'sample', isolation: 'process' }],
    resolveFrom: project.folder,
    dataDirectory: project.data,
  });
  await until(() => registry.list()[0]?.state === 'QUARANTINED');
  expect(readFileSync(witness, 'utf8')).toHaveLength(6);
  await expect(registry.get('artifact-store').get({ key: 'a' }, callOf(registry))).rejects.toMatchObject({
    code: 'PLUGIN_UNAVAILABLE',
    message: expect.stringContaining('quarantined after 6 crashes'),
  });
  await registry.close();
});

const trainer = (train: string) => `
export default {
  $type: 'falaj/plugin', kind: 'trainer', name: 'sample', contract: 1,
  capabilities: [], isolation: 'process', egress: [],
  async open() {
    return { async train(request, call) { ${train} }, async health() { return { ok: true }; }, async close() {} };
  },
};`;
const request = {
  task: 'regression' as const,
  features: { rows: 2, columns: ['a'], values: new Float32Array([1.5, Number.NaN]) },
  labels: new Float32Array([1, 2]),
  parameters: {},
  seed: 1,
};

test('a trainer gets a fresh process per job, streams progress, and is stopped by a signal', async () => {
  using project = new SampleProject();
  project.add({
    name: 'sample',
    kind: 'trainer',
    code: trainer(`
      for (let step = 1; step <= 3; step++) call.report({ step, totalSteps: 3, metrics: { loss: 1 / step } });
      if (request.seed === 2) await new Promise((_, reject) => call.signal.addEventListener('abort', () => reject(call.signal.reason)));
      const model = new Uint8Array(new Uint32Array([process.pid]).buffer);
      return { format: 'onnx', model, input: { name: 'features', columns: request.features.columns },
        output: { name: 'y', width: 1 }, bestStep: 3, importance: {},
        parameters: { kind: request.features.values.constructor.name, nan: Number.isNaN(request.features.values[1]) } };`),
  });
  const registry = await loadPlugins({
    config: [{ use: 'sample' }],
    resolveFrom: project.folder,
    dataDirectory: project.data,
  });
  const reports: TrainProgress[] = [];
  const call = { ...callOf(registry), report: (progress: TrainProgress) => reports.push(progress) };
  const plugin = registry.get('trainer');
  const [one, two] = await Promise.all([plugin.train(request, call), plugin.train(request, call)]);
  expect(one.model).not.toEqual(two.model);
  expect(one.parameters).toEqual({ kind: 'Float32Array', nan: true });
  expect(reports).toHaveLength(6);
  const pid = new Uint32Array(one.model.slice().buffer)[0] as number;
  await until(() => !alive(pid));

  const controller = new AbortController();
  const stopping = plugin.train(
    { ...request, seed: 2 },
    { ...call, ...callOf(registry, controller.signal), report: () => controller.abort() },
  );
  await expect(stopping).rejects.toMatchObject({ code: 'PLUGIN_FAILED', details: { cancelled: true } });
  await registry.close();
});

test('a job that ignores its signal is killed after the grace', { timeout: 30_000 }, async () => {
  using project = new SampleProject();
  const witness = path.join(project.folder, 'pid');
  const registry = await open(
    project,
    `async get() { (await import('node:fs')).writeFileSync(${JSON.stringify(witness)}, String(process.pid)); for (;;); },`,
    { timeoutMs: 500 },
  );
  await expect(registry.get('artifact-store').get({ key: 'a' }, callOf(registry))).rejects.toMatchObject({
    code: 'PLUGIN_TIMEOUT',
  });
  const pid = Number(readFileSync(witness, 'utf8'));
  await until(() => !alive(pid));
  // The next process may take longer to start than this plugin's short deadline.
  let ok = false;
  for (let attempt = 0; !ok && attempt < 40; attempt++) {
    ok = (await registry.health()).ok;
    if (!ok) await sleep(250);
  }
  expect(ok).toBe(true);
  await registry.close();
});

test('kill -9 of the host leaves no plugin process, not even one that never yields', { timeout: 30_000 }, async () => {
  using project = new SampleProject();
  for (const get of ['async get() { await new Promise(() => {}); }', 'async get() { for (;;); }']) {
    const witness = path.join(project.folder, `pid-${get.length}`);
    project.add({
      name: 'sample',
      code: artifactStore(
        'sample',
        `async health() { (await import('node:fs')).writeFileSync(${JSON.stringify(witness)}, String(process.pid)); return { ok: true }; }, ${get},`,
      ),
    });
    const program = path.join(project.folder, 'host.mjs');
    const host = pathToFileURL(path.resolve(import.meta.dirname, '../dist/index.js')).href;
    writeFileSync(
      program,
      `import { loadPlugins } from ${JSON.stringify(host)};
       const registry = await loadPlugins({ config: [{ use: 'sample', isolation: 'process' }],
         resolveFrom: ${JSON.stringify(project.folder)}, dataDirectory: ${JSON.stringify(project.data)} });
       const call = registry.call({ id: 'u' }, { workspaceId: 'w', zone: 'AE' });
       registry.get('artifact-store').get({ key: 'a' }, call);
       console.log('calling');
       setInterval(() => {}, 1000);`,
    );
    const child = spawn(process.execPath, [program], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH: process.env.PATH },
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    await sleep(200);
    expect(existsSync(witness)).toBe(true);
    const pid = Number(readFileSync(witness, 'utf8'));
    expect(alive(pid)).toBe(true);
    child.kill('SIGKILL');
    await until(() => !alive(pid));
  }
});
