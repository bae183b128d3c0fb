import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { loadConfig } from './config.js';
import { openDataDirectory } from './data-directory.js';

const root = mkdtempSync(join(tmpdir(), 'falaj-config-'));
afterAll(() => rmSync(root, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

let folders = 0;
const folderWith = (config: object): string => {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  writeFileSync(join(folder, 'falaj.config.ts'), `export default ${JSON.stringify(config)};\n`);
  return folder;
};

describe('the configuration', () => {
  it('is found above, with defaults, relative to its own folder', async () => {
    const folder = folderWith({ plugins: [] });
    const below = join(folder, 'a', 'b');
    mkdirSync(below, { recursive: true });
    expect(await loadConfig(below)).toMatchObject({
      directory: folder,
      dataDirectory: join(folder, '.falaj'),
      listen: { host: '127.0.0.1', port: 4000 },
      profile: 'development',
      localIssuer: true,
      persistedDocuments: { mode: 'off' },
    });
  });

  it('names every problem at once, each with its path', async () => {
    const folder = folderWith({ listen: { port: 70_000 }, profile: 'prod', plugins: [{}], issuers: [{ issuer: 'x' }] });
    const error = await loadConfig(folder).catch((reason: Error) => reason);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    for (const path of [
      'listen.port:',
      'profile:',
      'plugins.0: each plugin needs `use`',
      'issuers.0.issuer:',
      'issuers.0.audience:',
    ])
      expect((error as Error).message).toContain(path);
    expect((error as Error).message).toContain(join(folder, 'falaj.config.ts'));
  });

  it('provisions a workspace once, from an issuer that it knows', async () => {
    const issuers = [{ issuer: 'https://login.example', audience: 'x' }];
    const from = (issuer: string, workspace = 'flights') => ({ workspace, issuer });
    const good = await loadConfig(folderWith({ plugins: [], issuers, provisioning: [from('https://login.example')] }));
    expect(good.provisioning).toEqual([
      { workspace: 'flights', issuer: 'https://login.example', subject: 'externalId' },
    ]);
    for (const [provisioning, path] of [
      [[from('https://other.example')], 'provisioning.0.issuer: expected one of `issuers`'],
      [[from('https://login.example'), from('https://login.example')], 'provisioning.1.workspace: stands there twice'],
      [[{ ...from('https://login.example'), subject: 'email' }], 'provisioning.0.subject:'],
    ] as const)
      await expect(loadConfig(folderWith({ plugins: [], issuers, provisioning }))).rejects.toThrow(path);
  });

  it('refuses a key that it does not know', async () => {
    for (const config of [
      { plugins: [], dataDir: 'x' },
      { plugins: [], listen: { prot: 1 } },
    ])
      await expect(loadConfig(folderWith(config))).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(/dataDir|prot/),
      });
  });

  it('yields to the environment, and that to the command line', async () => {
    const folder = folderWith({ plugins: [], dataDirectory: 'own', listen: { port: 1 } });
    vi.stubEnv('FALAJ_DATA_DIRECTORY', 'environment');
    vi.stubEnv('FALAJ_PORT', '2');
    expect(await loadConfig(folder)).toMatchObject({ dataDirectory: join(folder, 'environment'), listen: { port: 2 } });
    expect(await loadConfig(folder, { dataDirectory: 'argument', port: 3, host: '::1' })).toMatchObject({
      dataDirectory: join(folder, 'argument'),
      listen: { host: '::1', port: 3 },
    });
  });

  it.each(['no', '-1', '70000', '1.5'])('refuses the port %j of the environment', async (port) => {
    const folder = folderWith({ plugins: [] });
    vi.stubEnv('FALAJ_PORT', port);
    await expect(loadConfig(folder)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('FALAJ_PORT'),
    });
  });

  it('says where it looked when there is none', async () => {
    const folder = join(root, 'empty');
    mkdirSync(folder);
    await expect(loadConfig(folder)).rejects.toMatchObject({ message: expect.stringContaining(folder) });
  });
});

describe('the data directory', () => {
  it('is made with its landing folder, enterable by the database’s user and writable by its owner only', () => {
    const path = join(root, 'data', 'deep');
    const opened = openDataDirectory(path);
    expect(opened).toMatchObject({ path, landing: join(path, 'landing') });
    for (const folder of [path, opened.landing]) expect(statSync(folder).mode & 0o777).toBe(0o755);
    expect(openDataDirectory(path)).toEqual(opened);
  });

  it('keeps the database out of a folder that its user cannot enter', () => {
    const closed = join(root, 'closed');
    mkdirSync(closed, { mode: 0o700 });
    const { path, database } = openDataDirectory(join(closed, 'data'));
    if (process.getuid?.() === 0) expect(database.startsWith('/var/lib/falaj/')).toBe(true);
    else expect(database).toBe(join(path, 'database'));
  });
});
