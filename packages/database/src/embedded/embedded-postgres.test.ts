import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { withDirectoryLock } from './directory-lock.js';
import { startEmbeddedPostgres } from './embedded-postgres.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'falaj-embedded-'));
  chmodSync(folder, 0o755);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('serves a directory whose path is too long for a socket, privately, and stops with its last user', async () => {
  const dataDirectory = join(folder, 'a'.repeat(100), 'b with blanks');
  const first = await startEmbeddedPostgres({ dataDirectory });
  const second = await startEmbeddedPostgres({ dataDirectory });
  expect([first.how, second.how]).toEqual(['initialised', 'adopted']);
  expect(second).toMatchObject({ pid: first.pid, url: first.url });
  const sockets = new URL(first.url).searchParams.get('host') ?? '';
  expect(Buffer.byteLength(sockets)).toBeLessThan(60);
  expect(statSync(sockets).mode & 0o777).toBe(0o700);
  expect(statSync(join(dataDirectory, 'password')).mode & 0o777).toBe(0o600);

  const client = new pg.Client({ connectionString: first.url });
  await client.connect();
  const { rows } = await client.query(`select current_setting('data_checksums') as checksums,
    current_setting('listen_addresses') as addresses, current_setting('fsync') as fsync,
    (select datlocprovider::text || ' ' || datlocale from pg_database where datname = current_database()) as locale`);
  expect(rows).toEqual([{ checksums: 'on', addresses: '', fsync: 'on', locale: 'b C.UTF-8' }]);
  await client.end();

  await first.stop();
  const still = new pg.Client({ connectionString: second.url });
  await still.connect();
  await still.end();
  await second.stop();
  expect(existsSync(join(sockets, '.s.PGSQL.5432'))).toBe(false);
  const third = await startEmbeddedPostgres({ dataDirectory });
  expect(third.how).toBe('started');
  await third.stop();
});

it('refuses a wrong password', async () => {
  const server = await startEmbeddedPostgres({ dataDirectory: join(folder, 'data') });
  const url = new URL(server.url);
  url.password = 'wrong';
  await expect(new pg.Client({ connectionString: url.href }).connect()).rejects.toMatchObject({ code: '28P01' });
  await server.stop();
});

it('never touches a folder named cluster that it did not make', async () => {
  const dataDirectory = join(folder, 'data');
  await (await startEmbeddedPostgres({ dataDirectory })).stop();
  rmSync(join(dataDirectory, 'cluster', 'PG_VERSION'));
  await expect(startEmbeddedPostgres({ dataDirectory })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  expect(existsSync(join(dataDirectory, 'cluster', 'base'))).toBe(true);
});

it('tells a platform without binaries to name a server', async () => {
  vi.spyOn(process, 'platform', 'get').mockReturnValue('aix');
  const start = startEmbeddedPostgres({ dataDirectory: join(folder, 'data') });
  await expect(start).rejects.toThrow(/aix.*FALAJ_DATABASE_URL/);
  vi.restoreAllMocks();
});

it('lets one holder at a time into a lock, and takes over from a dead or recycled process', async () => {
  const file = join(folder, 'lock');
  const dead = spawn('true');
  await once(dead, 'exit');
  for (const owner of [
    { pid: dead.pid, startedAt: '1' },
    { pid: process.ppid, startedAt: 'before' },
  ]) {
    writeFileSync(file, JSON.stringify(owner));
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 8 }, () =>
        withDirectoryLock(file, async () => {
          most = Math.max(most, ++inside);
          await new Promise(setImmediate);
          inside--;
        }),
      ),
    );
    expect(most).toBe(1);
    expect(existsSync(file)).toBe(false);
  }
});
