import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { loadPlugins, type PluginConfigEntry } from './index.js';
import { artifactStore, SampleProject } from './testing/sample-package.js';

const load = (project: SampleProject, config: PluginConfigEntry[], more: object = {}) =>
  loadPlugins({ config, resolveFrom: project.folder, dataDirectory: project.data, ...more });
const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error) => error,
  );

test('a listed plugin is loaded from beside the configuration, guarded and described', async () => {
  using project = new SampleProject();
  project.add({ name: '@acme/store', code: artifactStore('acme', '') });
  const registry = await load(project, [{ use: '@acme/store' }]);
  const call = registry.call({ id: 'u1' }, { workspaceId: 'w1', zone: 'AE' });
  expect(await registry.get('artifact-store').get({ key: 'a' }, call)).toEqual(new Uint8Array([1]));
  expect(await registry.get('artifact-store', 'acme').list({ prefix: '', after: null, limit: 1 }, call)).toEqual([]);
  expect(registry.list()).toEqual([
    expect.objectContaining({
      kind: 'artifact-store',
      name: 'acme',
      package: '@acme/store',
      version: '1.2.3',
      contract: 1,
      isolation: 'inline',
      state: 'READY',
      calls: 3,
      failures: 0,
      restarts: 0,
      lastError: null,
    }),
  ]);
  expect((await registry.health()).ok).toBe(true);
  expect(() => registry.get('keys')).toThrowError(/No plugin of kind keys is loaded.*artifact-store\/acme \(READY\)/);
  await registry.close();
  await registry.close();
});

test('no code of a package runs before its contract is agreed', async () => {
  using project = new SampleProject();
  const witness = path.join(project.folder, 'ran');
  project.add({
    name: 'future',
    contract: [7, 8],
    code: `import fs from 'node:fs'; fs.writeFileSync(${JSON.stringify(witness)}, ''); export default {};`,
  });
  const error = await refusal(load(project, [{ use: 'future' }]));
  expect(error).toMatchObject({ code: 'PLUGIN_INCOMPATIBLE' });
  expect(error.message).toContain('"future" speaks artifact-store contract [7, 8], this platform [1]');
  expect(existsSync(witness)).toBe(false);
});

test('all start-up failures come in one error, and what opened is closed again', async () => {
  using project = new SampleProject();
  const closed = path.join(project.folder, 'closed');
  project.add({
    name: 'good',
    code: `import fs from 'node:fs'; ${artifactStore('good', `async close() { fs.writeFileSync(${JSON.stringify(closed)}, ''); }`)}`,
  });
  project.add({ name: 'no-plugin', manifest: { name: 'no-plugin' }, code: '' });
  project.add({ name: 'untagged', code: 'export default { kind: "artifact-store" }' });
  project.add({
    name: 'sick',
    code: artifactStore('sick', "async health() { return { ok: false, detail: 'no disk' }; }"),
  });
  project.add({
    name: 'thrower',
    code: artifactStore('thrower', '', "async open() { throw new Error('boom'); }, ignored: 1, ").replace(
      /async open\(config, host\)/,
      'async unused(config, host)',
    ),
  });
  const error = await refusal(
    load(
      project,
      ['good', 'absent', 'no-plugin', 'untagged', 'sick', 'thrower'].map((use) => ({ use })),
    ),
  );
  const lines = error.message.split('\n');
  expect(lines).toHaveLength(5);
  expect(lines[0]).toMatch(/"absent" is not installed/);
  expect(lines[1]).toMatch(/"no-plugin" is no Falaj plugin/);
  expect(lines[2]).toMatch(/untagged: its default export is not made by definePlugin/);
  expect(lines[3]).toMatch(/sick: it is unhealthy: no disk/);
  expect(lines[4]).toMatch(/thrower: boom/);
  expect(existsSync(closed)).toBe(true);
});

test('a create that hangs ends at its deadline', async () => {
  using project = new SampleProject();
  project.add({
    name: 'hang',
    code: artifactStore('hang', '').replace(
      'async open(config, host) {',
      'async open(config, host) { await new Promise(() => {});',
    ),
  });
  const error = await refusal(load(project, [{ use: 'hang' }], { createTimeoutMs: 50 }));
  expect(error).toMatchObject({ code: 'PLUGIN_TIMEOUT', message: 'hang: it did not open within 50 ms.' });
});

test('onBootFailure continue starts without the plugin, but never for kinds that fail closed', async () => {
  using project = new SampleProject();
  const sick = artifactStore('sick', "async health() { return { ok: false, detail: 'no disk' }; }");
  project.add({ name: 'sick', code: sick });
  project.add({ name: 'sick-keys', kind: 'keys', code: sick.replaceAll("kind: 'artifact-store'", "kind: 'keys'") });
  const registry = await load(project, [{ use: 'sick', onBootFailure: 'continue' }]);
  expect(registry.list()).toMatchObject([{ state: 'FAILED', lastError: 'sick: it is unhealthy: no disk' }]);
  expect(() => registry.get('artifact-store')).toThrowError(/artifact-store\/sick \(FAILED\)/);
  expect((await registry.health()).ok).toBe(false);
  const error = await refusal(load(project, [{ use: 'sick-keys', onBootFailure: 'continue' }]));
  expect(error.message).toMatch(/kind keys fails closed/);
});

test('a plugin reads only the secrets that its entry grants', async () => {
  using project = new SampleProject();
  const file = path.join(project.folder, 'seen');
  const code = `import fs from 'node:fs'; ${artifactStore('curious', '').replace(
    'async open(config, host) {',
    `async open(config, host) { fs.writeFileSync(${JSON.stringify(file)}, host.secret('mine')); host.secret('other');`,
  )}`;
  project.add({ name: 'curious', code });
  for (const isolation of ['inline', 'process'] as const) {
    const error = await refusal(
      load(project, [{ use: 'curious', secrets: ['mine'], isolation }], {
        secrets: (name: string) => `value of ${name}`,
      }),
    );
    expect(error.message).toMatch(/ecret "other" is not granted/);
    expect(readFileSync(file, 'utf8')).toBe('value of mine');
  }
  const missing = await refusal(load(project, [{ use: 'curious', secrets: ['mine'] }]));
  expect(missing.message).toMatch(/secret "mine".*not configured/);
});

test('the same kind and name twice is refused', async () => {
  using project = new SampleProject();
  project.add({ name: 'one', code: artifactStore('same', '') });
  project.add({ name: 'two', code: artifactStore('same', '') });
  const error = await refusal(load(project, [{ use: 'one' }, { use: 'two' }]));
  expect(error.message).toMatch(/two: artifact-store\/same is listed twice/);
});

test('what declares egress opens only where somebody said in which zones its hosts are', async () => {
  using project = new SampleProject();
  const witness = path.join(project.folder, 'opened');
  const code = `import fs from 'node:fs'; ${artifactStore('sender', '', "egress: ['bucket.example:443'],").replace(
    'async open(config, host) {',
    `async open(config, host) { fs.writeFileSync(${JSON.stringify(witness)}, '');`,
  )}`;
  project.add({ name: 'sender', code });
  for (const isolation of ['inline', 'process'] as const) {
    for (const entry of [{}, { egressZones: [] }]) {
      const error = await refusal(load(project, [{ use: 'sender', isolation, ...entry }]));
      expect(error).toMatchObject({ code: 'PLUGIN_CONFIG_INVALID' });
      expect(error.message).toContain('sends to bucket.example:443');
      expect(error.message).toContain("{ use: 'sender', egressZones: ['AE'] }");
    }
    for (const zone of ['ae', 'AE ', '', '*', 'AE-']) {
      const error = await refusal(load(project, [{ use: 'sender', isolation, egressZones: [zone] }]));
      expect(error).toMatchObject({ code: 'PLUGIN_CONFIG_INVALID' });
      expect(error.message).toContain(`egressZones: found "${zone}"`);
    }
  }
  const without = await load(project, [{ use: 'sender', onBootFailure: 'continue' }]);
  expect(without.list()).toMatchObject([{ state: 'FAILED', egress: ['bucket.example:443'] }]);
  expect(existsSync(witness)).toBe(false);

  const registry = await load(project, [{ use: 'sender', egressZones: ['AE'] }]);
  expect(existsSync(witness)).toBe(true);
  const get = (zone: string) =>
    registry.get('artifact-store').get({ key: 'a' }, registry.call({ id: 'u1' }, { workspaceId: 'w1', zone }));
  expect(await get('AE')).toEqual(new Uint8Array([1]));
  await expect(get('AE-DIFC')).rejects.toMatchObject({ details: { rule: 'PLUGIN_EGRESS', targetZone: 'AE' } });
  await registry.close();
});
