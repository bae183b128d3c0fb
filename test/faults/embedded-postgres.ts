// The embedded server under kill -9, races and recycled process numbers. Each case works in a data directory of its
// own; the children are this same file, so what is killed is a real user process of the built package.
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { migrate, startEmbeddedPostgres } from '@falaj/database';
import pg from 'pg';
import { randomFrom } from '../random.js';

const CHILD = 'embedded-postgres-child';

type Random = () => number;

function expectThat(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

async function until(condition: () => boolean | Promise<boolean>, withinMs: number, what: string): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`);
    await sleep(25);
  }
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return (await client.query(text).finally(() => client.end())).rows;
}

/** Live processes, other than this one, whose command line names the directory. Zombies have no command line. */
function processesOn(directory: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      if (!(pid > 0) || pid === process.pid) return false;
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(directory);
      } catch {
        return false;
      }
    });
}

const allGone = (directory: string, withinMs: number) =>
  until(() => processesOn(directory).length === 0, withinMs, 'server and watchdog are gone');

interface Child {
  readonly process: ChildProcess;
  readonly said: string[];
  heard(prefix: string): Promise<string>;
  kill(): Promise<void>;
}

function startChild(mode: string, directory: string): Child {
  const child = fork(fileURLToPath(import.meta.url), [CHILD, mode, directory], { stdio: ['ignore', 2, 2, 'ipc'] });
  const said: string[] = [];
  child.on('message', (message) => said.push(String(message)));
  return {
    process: child,
    said,
    async heard(prefix) {
      await until(() => said.some((line) => line.startsWith(prefix)) || child.exitCode !== null, 60_000, prefix);
      return said.find((line) => line.startsWith(prefix)) ?? '';
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

const migrationsOf = (directory: string) => [{ name: 'fault', folder: join(directory, '..', 'migrations') }];

function writeMigration(directory: string, text: string): void {
  const folder = join(directory, '..', 'migrations', '20260101000000_fault');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'migration.sql'), text);
}

type Case = (directory: string, random: Random) => Promise<void>;

const coldRace: Case = async (directory) => {
  writeMigration(directory, 'create table fault_once (n int); insert into fault_once values (1);');
  const children = Array.from({ length: 5 }, () => startChild('migrate', directory));
  const how = await Promise.all(children.map((child) => child.heard('ready ')));
  expectThat(how.filter((line) => line === 'ready initialised').length === 1, `one initialises; found ${how}`);
  expectThat(how.filter((line) => line === 'ready adopted').length === 4, `four adopt; found ${how}`);
  const server = await startEmbeddedPostgres({ dataDirectory: directory });
  expectThat((await query(server.url, 'select n from fault_once')).length === 1, 'one migration');
  for (const child of children) child.process.send('stop');
  await Promise.all(children.map((child) => once(child.process, 'exit')));
  expectThat((await query(server.url, 'select 1')).length === 1, 'the server stays while one user is left');
  await server.stop();
  await allGone(directory, 5_000);
};

const userKilled: Case = async (directory, random) => {
  const child = startChild('write', directory);
  await child.heard('row ');
  await sleep(100 + random() * 400);
  await child.kill();
  const acknowledged = child.said.filter((line) => line.startsWith('row ')).map((line) => Number(line.slice(4)));
  await allGone(directory, 10_000);
  const server = await startEmbeddedPostgres({ dataDirectory: directory });
  const found = new Set((await query(server.url, 'select n from fault_row')).map(({ n }) => n));
  await server.stop();
  const lost = acknowledged.filter((n) => !found.has(n));
  expectThat(acknowledged.length > 0 && lost.length === 0, `${lost.length} of ${acknowledged.length} rows are lost`);
};

const postmasterKilled: Case = async (directory, random) => {
  const child = startChild('write', directory);
  const pid = Number((await child.heard('server ')).slice(7));
  await child.heard('row ');
  await sleep(50 + random() * 300);
  process.kill(pid, 'SIGKILL');
  const server = await startEmbeddedPostgres({ dataDirectory: directory });
  expectThat(server.how === 'started' && server.pid !== pid, `a new server; found ${server.how} ${server.pid}`);
  await child.kill();
  const acknowledged = child.said.filter((line) => line.startsWith('row ')).map((line) => Number(line.slice(4)));
  const found = new Set((await query(server.url, 'select n from fault_row')).map(({ n }) => n));
  await server.stop();
  const lost = acknowledged.filter((n) => !found.has(n));
  expectThat(acknowledged.length > 0 && lost.length === 0, `${lost.length} of ${acknowledged.length} rows are lost`);
};

const killedInInitdb: Case = async (directory, random) => {
  const half = () => existsSync(directory) && readdirSync(directory).some((name) => name.startsWith('making-'));
  const child = startChild('write', directory);
  await until(half, 20_000, 'initdb has begun');
  await sleep(random() * 400);
  await child.kill();
  expectThat(!existsSync(join(directory, 'cluster')), 'the half-made cluster is not in place');
  const server = await startEmbeddedPostgres({ dataDirectory: directory });
  expectThat(server.how === 'initialised', `made anew; found ${server.how}`);
  expectThat((await query(server.url, 'select 1 as n'))[0]?.n === 1, 'and answers');
  await server.stop();
  await allGone(directory, 10_000);
};

const killedInMigration: Case = async (directory, random) => {
  writeMigration(
    directory,
    'create table fault_half (n int); select pg_sleep(1.5); insert into fault_half values (1);',
  );
  const server = await startEmbeddedPostgres({ dataDirectory: directory });
  const child = startChild('migrate', directory);
  const inside = async () =>
    (await query(server.url, `select from pg_stat_activity where wait_event = 'PgSleep'`)).length === 1;
  await until(inside, 30_000, 'the migration runs');
  await sleep(random() * 500);
  await child.kill();
  expectThat((await query(server.url, `select to_regclass('fault_half') as t`))[0]?.t === null, 'nothing is half done');
  await migrate(server, migrationsOf(directory));
  expectThat((await query(server.url, 'select n from fault_half')).length === 1, 'the next start finishes it');
  await server.stop();
};

const recycledPid: Case = async (directory) => {
  const first = await startEmbeddedPostgres({ dataDirectory: directory });
  await query(first.url, 'create table fault_kept (n int)');
  process.kill(first.pid, 'SIGKILL');
  const account = process.getuid?.() === 0 ? serverOwner(directory) : {};
  const bystander = spawn('sleep', ['60'], { stdio: 'ignore', cwd: '/', ...account });
  await once(bystander, 'spawn');
  const file = join(directory, 'cluster', 'postmaster.pid');
  const [, ...rest] = readFileSync(file, 'utf8').split('\n');
  writeFileSync(file, [bystander.pid, ...rest].join('\n'));
  try {
    const second = await startEmbeddedPostgres({ dataDirectory: directory });
    expectThat(second.how === 'started', `a new server; found ${second.how}`);
    expectThat((await query(second.url, `select to_regclass('fault_kept') as t`))[0]?.t !== null, 'with its data');
    await second.stop();
    expectThat(bystander.exitCode === null && bystander.signalCode === null, 'the other program was left alone');
  } finally {
    bystander.kill('SIGKILL');
    await first.stop();
  }
  await allGone(directory, 5_000);
};

/** The bystander runs as the server's own account: only then does PostgreSQL take its number for a postmaster's. */
function serverOwner(directory: string): { uid: number; gid: number } {
  const pid = readdirSync('/proc').find((name) => {
    try {
      return readFileSync(`/proc/${name}/status`, 'utf8').startsWith('Name:\tpostgres');
    } catch {
      return false;
    }
  });
  const status = readFileSync(pid === undefined ? '/proc/self/status' : `/proc/${pid}/status`, 'utf8');
  const idOf = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  expectThat(pid !== undefined, `a server process for ${directory} can be seen`);
  return { uid: idOf('Uid'), gid: idOf('Gid') };
}

const stopLeavesNothing: Case = async (directory) => {
  const server = await startEmbeddedPostgres({ dataDirectory: directory });
  expectThat(processesOn(directory).length > 0, 'the server can be seen');
  await server.stop();
  await server.stop();
  await allGone(directory, 5_000);
  expectThat(!existsSync(join(directory, 'lock')), 'no lock is left');
};

const cases: readonly (readonly [string, Case])[] = [
  ['5 racing cold starters: one initialises, one migration, all ready', coldRace],
  ['kill -9 of the user: server gone, every acknowledged row found', userKilled],
  ['kill -9 of the postmaster: the next start recovers every acknowledged row', postmasterKilled],
  ['kill -9 during initdb: made anew', killedInInitdb],
  ['kill -9 during a migration: rolled back, finished by the next', killedInMigration],
  ['recycled process number in postmaster.pid: starts, harms nobody', recycledPid],
  ['stop leaves no process', stopLeavesNothing],
];

/** Runs every case once, with the waits that the seed gives. Prints a line per case. Linux only: it reads /proc. */
export async function run(seed: number): Promise<{ passed: number; failed: number }> {
  const random = randomFrom(seed);
  let failed = 0;
  for (const [name, test] of cases) {
    const base = mkdtempSync(join(tmpdir(), 'falaj-fault-'));
    // As root the server runs under another account, which must be able to enter.
    if (process.getuid?.() === 0) chmodSync(base, 0o755);
    const directory = join(base, 'data');
    const began = performance.now();
    let fault: unknown;
    try {
      await test(directory, random);
    } catch (error) {
      fault = error;
      failed++;
    }
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    console.log(`${fault === undefined ? 'ok  ' : 'FAIL'} embedded-postgres: ${name} (${seconds} s)`);
    if (fault !== undefined) console.log(`     seed ${seed}: ${String(fault)}`);
    await until(() => processesOn(base).length === 0, 15_000, 'the case leaves nothing').catch(() => undefined);
    rmSync(base, { recursive: true, force: true });
  }
  return { passed: cases.length - failed, failed };
}

async function beChild(mode: string, directory: string): Promise<void> {
  const tell = (line: string) => process.send?.(line);
  const server = await startEmbeddedPostgres({ dataDirectory: directory });
  tell(`server ${server.pid}`);
  if (mode === 'migrate') {
    await migrate(server, migrationsOf(directory));
    tell(`ready ${server.how}`);
    await once(process, 'message');
    await server.stop();
    process.disconnect();
    return;
  }
  const client = new pg.Client({ connectionString: server.url });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('create table if not exists fault_row (n int)');
  for (let n = 0; ; n++) {
    await client.query('insert into fault_row values ($1)', [n]);
    tell(`row ${n}`);
  }
}

const [, , role, mode = '', directory = ''] = process.argv;
if (role === CHILD) {
  await beChild(mode, directory).catch(async () => {
    // The server was taken away under the writer: wait to be killed.
    await sleep(60_000);
  });
}
