// Workflow processes under kill -9, thirty times at random points, and three paused until after their lease: every run
// that such a process held is resumed by another within 20 s, no effect happens twice, nothing that was acknowledged is
// lost, and a paused process that wakes saves nothing. The workers are this same file, on
// an embedded PostgreSQL with durable writes; each run is a small pipeline with steps, commits, branches and an approval.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { clientOf, type Database, migrate, openDatabase, startEmbeddedPostgres, type Tx } from '@falaj/database';
import { defineWorkflow, type Flow, type WorkflowEngine } from '@falaj/runtime';
import { createWorkflowEngine, workflowMigrations } from '@falaj/workflows';
import pg from 'pg';
import { randomFrom } from '../random.js';

const CHILD = 'pipeline-child';
const KILLS = 30;
const PAUSES = 3;
const LANES = 5;
const WORKERS = 4;
const RESUMED_WITHIN_MS = 20_000;
const scope = { workspaceId: 'w1', zone: 'AE', principalId: 'u1' };
const workflow = { name: 'fault-pipeline', version: 1 };

const STEPS = ['prepare', 'train-a', 'train-b', 'evaluate', 'shaky'];
const COMMITS = ['commit prepare', 'commit train-a', 'commit train-b', 'commit gate', 'commit deploy'];

interface Worker {
  readonly child: ChildProcess;
  readonly said: { line: string; at: number }[];
  pausedAt: number;
}

/** What the case saw, over all processes that ever lived. */
interface Seen {
  readonly workers: Worker[];
  readonly started: string[];
  readonly approved: Map<string, string>;
  resumed: number;
  slowestMs: number;
  faults: string[];
}

async function startWorker(url: string, record: Seen): Promise<Worker> {
  const child = fork(fileURLToPath(import.meta.url), [CHILD, url], {
    stdio: ['ignore', 2, 2, 'ipc'],
    env: { ...process.env, FALAJ_LOG_LEVEL: 'fatal' },
  });
  const worker: Worker = { child, said: [], pausedAt: Number.POSITIVE_INFINITY };
  record.workers.push(worker);
  const ready = Promise.withResolvers<void>();
  child.on('message', (line) => {
    worker.said.push({ line: String(line), at: performance.now() });
    if (line === 'ready') ready.resolve();
  });
  child.on('exit', () => ready.reject(new Error('A worker ended before it was ready.')));
  await ready.promise;
  return worker;
}

const alive = (worker: Worker) => worker.child.exitCode === null && worker.child.signalCode === null;
const running = (worker: Worker) => alive(worker) && worker.pausedAt === Number.POSITIVE_INFINITY;

async function kill(worker: Worker): Promise<void> {
  if (!alive(worker)) return;
  const exited = once(worker.child, 'exit');
  worker.child.kill('SIGKILL');
  await exited;
}

type Strike = 'SIGKILL' | 'SIGSTOP';

async function strike(worker: Worker, how: Strike): Promise<void> {
  if (how === 'SIGKILL') return kill(worker);
  worker.pausedAt = performance.now();
  worker.child.kill('SIGSTOP');
}

interface RunRow {
  readonly state: string;
  readonly fence: number;
  readonly holder: string | null;
}

const runRow = (database: Database, id: string): Promise<RunRow> =>
  database.asSystem(async (tx) => {
    const { rows } = await clientOf(tx).query<RunRow>(
      'select state, fence, holder from workflows.run where workspace_id = $1 and id = $2',
      [scope.workspaceId, id],
    );
    return rows[0] ?? { state: 'LOST', fence: -1, holder: null };
  });

/** Starts runs until a strike at the holder has interrupted one, then sees it taken up again. */
async function oneStrike(
  name: string,
  how: Strike,
  random: () => number,
  parts: { url: string; database: Database; engine: WorkflowEngine<Tx>; record: Seen },
): Promise<void> {
  const { url, database, engine, record } = parts;
  for (let attempt = 1; ; attempt++) {
    const id = `${name}-${attempt}`;
    await engine.start({ ...scope, id, workflow, input: {} });
    record.started.push(id);
    // The approval comes at any time: before it is asked for, while the run is held, while nobody holds it.
    const approver = `approver ${Math.floor(random() * 1e6)}`;
    const approval = sleep(random() * 1_500).then(async () => {
      await engine.signal({ ...scope, id }, 'approve', approver);
      record.approved.set(id, approver);
    });
    await sleep(random() * 1_800);
    const before = await runRow(database, id);
    const pid = Number(before.holder?.split(':')[1]);
    const victim = record.workers.find((worker) => running(worker) && worker.child.pid === pid);
    if (victim) {
      await strike(victim, how);
      const struckAt = performance.now();
      const restarted = startWorker(url, record);
      const [held] = await Promise.all([runRow(database, id), approval]);
      await restarted;
      const interrupted = held.state === 'RUNNING' && held.fence === before.fence;
      if (interrupted) await seeResumed(id, held.fence, struckAt, parts);
      if (how === 'SIGSTOP') victim.child.kill('SIGCONT');
      if (interrupted) return;
    }
    await approval;
    if (attempt > 50) throw new Error(`${name}: no strike interrupted a run in ${attempt} attempts.`);
  }
}

async function seeResumed(
  id: string,
  fence: number,
  killedAt: number,
  { database, record }: { database: Database; record: Seen },
): Promise<void> {
  for (;;) {
    const waited = performance.now() - killedAt;
    const { fence: now } = await runRow(database, id);
    if (now > fence) {
      record.resumed++;
      record.slowestMs = Math.max(record.slowestMs, waited);
      return;
    }
    if (waited > RESUMED_WITHIN_MS) {
      record.faults.push(`${id} was not taken up again within ${RESUMED_WITHIN_MS} ms`);
      return;
    }
    await sleep(100);
  }
}

/** Every run ended well; every effect is there once; what was acknowledged is there; no recorded step ran again. */
async function judge({
  database,
  engine,
  record,
}: {
  database: Database;
  engine: WorkflowEngine<Tx>;
  record: Seen;
}): Promise<{ doubled: number; lost: number }> {
  let doubled = 0;
  let lost = 0;
  const effects = await database.asSystem(async (tx) => {
    const { rows } = await clientOf(tx).query<{ name: string; count: number }>(
      'select name, count(*)::int as count from effects.effect group by name',
    );
    return new Map(rows.map(({ name, count }) => [name, count]));
  });
  for (const id of record.started) {
    const status = await engine.untilEnded({ ...scope, id }, AbortSignal.timeout(60_000));
    if (status.state !== 'SUCCEEDED') {
      record.faults.push(`${id} ended ${status.state}: ${JSON.stringify(status.error)}`);
      lost++;
    }
    const { approver } = (status.output ?? {}) as { approver?: string };
    if (record.approved.get(id) !== approver) {
      record.faults.push(`${id}: approval acknowledged as ${record.approved.get(id)}, found ${approver}`);
      lost++;
    }
    for (const key of COMMITS) {
      const count = effects.get(`${id} ${key}`) ?? 0;
      if (count > 1) doubled++;
      if (count === 0) lost++;
      if (count !== 1) record.faults.push(`${id}: effect "${key}" is there ${count} times`);
    }
  }
  // What a woken process still says it began is an effect outside the database; what it saved is judged above.
  const said = record.workers
    .flatMap((worker) => worker.said.filter(({ line, at }) => at < worker.pausedAt || !line.startsWith('ran|')))
    .sort((a, b) => a.at - b.at);
  const recorded = new Set<string>();
  for (const { line } of said) {
    const [verb = '', ...rest] = line.split('|');
    const what = rest.join('|');
    if (verb === 'recorded') recorded.add(what);
    else if (verb === 'ran' && recorded.has(what)) {
      doubled++;
      record.faults.push(`${what} ran again after it had been recorded`);
    } else if (verb === 'committed' && !effects.has(what.replace('|', ' '))) {
      lost++;
      record.faults.push(`${what} was acknowledged and is not there`);
    }
  }
  return { doubled, lost };
}

/** All strikes, some at a time. */
export async function run(seed: number): Promise<{ passed: number; failed: number }> {
  const base = mkdtempSync(join(tmpdir(), 'falaj-faults-pipeline-'));
  // Run by root, the server runs as another user, who must be able to enter.
  chmodSync(base, 0o711);
  const server = await startEmbeddedPostgres({ dataDirectory: join(base, 'database') });
  const record: Seen = { workers: [], started: [], approved: new Map(), resumed: 0, slowestMs: 0, faults: [] };
  try {
    await migrate(server, [workflowMigrations]);
    await createEffects(server.url);
    const database = await openDatabase({ url: server.url });
    const engine = await createWorkflowEngine({ database });
    const parts = { url: server.url, database, engine, record };
    await Promise.all(Array.from({ length: WORKERS }, () => startWorker(server.url, record)));
    let next = 0;
    await Promise.all(
      Array.from({ length: LANES }, async () => {
        for (let turn = next++; turn < KILLS + PAUSES; turn = next++)
          await oneStrike(`strike-${turn}`, turn < KILLS ? 'SIGKILL' : 'SIGSTOP', randomFrom(seed + turn), parts);
      }),
    );
    await Promise.all(record.started.map((id) => engine.untilEnded({ ...scope, id }, AbortSignal.timeout(120_000))));
    const { doubled, lost } = await judge(parts);
    await Promise.all(record.workers.map(kill));
    await engine.stop();
    await database.close();
    for (const fault of record.faults) console.log(`     seed ${seed}: ${fault}`);
    const failed = record.faults.length;
    console.log(
      `${failed === 0 ? 'ok  ' : 'FAIL'} pipeline: ${KILLS} killed and ${PAUSES} paused, ${record.resumed} resumed (slowest ${(record.slowestMs / 1000).toFixed(1)} s), ` +
        `${doubled} doubled effects, ${lost} lost acknowledged writes; ${record.started.length} runs, ${record.started.length * COMMITS.length} effects`,
    );
    return { passed: record.resumed, failed: Math.max(failed, KILLS + PAUSES - record.resumed) };
  } finally {
    await Promise.all(record.workers.map(kill));
    await server.stop();
    rmSync(base, { recursive: true, force: true });
  }
}

async function createEffects(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client
    .query(`create schema effects;
      create table effects.effect (workspace_id text not null, zone text not null, name text not null);
      select falaj.protect('effects.effect')`)
    .finally(() => client.end());
}

const say = (line: string): void => void process.send?.(line);

/** An acknowledged write: said only after `commit` has returned. */
async function commit(flow: Flow<Tx>, key: string): Promise<void> {
  await flow.commit(key, async (tx) => {
    await clientOf(tx).query(`insert into effects.effect values ('w1', 'AE', $1)`, [`${flow.id} ${key}`]);
  });
  say(`committed|${flow.id}|${key}`);
}

async function step(flow: Flow<Tx>, key: string, ms: number, failFirst = false): Promise<number> {
  const result = await flow.step(key, { retries: 2, backoffMs: 30 }, async ({ attempt, signal }) => {
    say(`ran|${flow.id}|${key}`);
    await sleep(ms, null, { signal });
    if (failFirst && attempt === 1) throw new Error('not at the first attempt');
    return ms;
  });
  say(`recorded|${flow.id}|${key}`);
  return result;
}

const pipeline = defineWorkflow({
  ...workflow,
  run: async (flow: Flow<Tx>) => {
    const [prepare = '', trainA = '', trainB = '', evaluate = '', shaky = ''] = STEPS;
    await step(flow, prepare, 150);
    await commit(flow, 'commit prepare');
    const train = async (key: string) => {
      await step(flow, key, 300);
      await commit(flow, `commit ${key}`);
    };
    await Promise.all([train(trainA), train(trainB)]);
    await step(flow, evaluate, 200);
    const approver = await flow.waitFor<string>('approve');
    await commit(flow, 'commit gate');
    await step(flow, shaky, 100, true);
    await commit(flow, 'commit deploy');
    return { approver };
  },
});

async function beWorker(url: string): Promise<void> {
  const database = await openDatabase({ url, maxConnections: 5, applicationName: 'falaj fault worker' });
  const engine = await createWorkflowEngine({ database });
  engine.define(pipeline);
  await engine.startWorkers({ concurrency: 8 });
  say('ready');
}

const [, , role, url = ''] = process.argv;
if (role === CHILD) {
  process.on('disconnect', () => process.exit(1));
  await beWorker(url);
}
