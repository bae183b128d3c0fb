// Real processes on one real PostgreSQL: killed, paused, stopped, limited. They run the built program: build before.
// Leases of many seconds must end here: the tests run at once, each on a database of its own.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Tx } from '@falaj/database';
import type { Json, WorkflowEngine } from '@falaj/runtime';
import { test as base, describe, expect } from 'vitest';
import { readEffects } from './testing/effects.js';
import { ended, openTestEngines, ref, scope, type TestEngines } from './testing/engines.js';

const PROGRAM = fileURLToPath(new URL('../dist/testing/worker-process.js', import.meta.url));

interface Worker {
  readonly child: ChildProcess;
  readonly said: string[];
  heard(text: string): Promise<void>;
}

interface Stage {
  readonly engines: TestEngines;
  /** Of this process, which takes no runs up. */
  readonly engine: WorkflowEngine<Tx>;
  startWorker(concurrency?: number): Promise<Worker>;
  begin(name: string, id: string, input: Json): Promise<unknown>;
  /** Names of the effects so far, in their order. */
  effects(): Promise<string[]>;
}

const test = base.extend<{ stage: Stage }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern that this fixture needs no other.
  stage: async ({}, use) => {
    const children: ChildProcess[] = [];
    const engines = await openTestEngines();
    try {
      const engine = await engines.open([], { workers: false });
      await use({
        engines,
        engine,
        startWorker: async (concurrency = 4) => {
          const worker = forkWorker(engines.url, concurrency);
          children.push(worker.child);
          await worker.heard('ready');
          return worker;
        },
        begin: (name, id, input) => engine.start({ ...scope, id, workflow: { name, version: 1 }, input }),
        effects: async () => (await readEffects(engines.database)).map(({ name }) => name),
      });
    } finally {
      await Promise.all(children.map(kill));
      await engines.close();
    }
  },
});

function forkWorker(url: string, concurrency: number): Worker {
  const child = fork(PROGRAM, [url, String(concurrency)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [],
    env: { ...process.env, FALAJ_LOG_LEVEL: 'error' },
  });
  const said: string[] = [];
  child.on('message', (text) => said.push(String(text)));
  const heard = async (text: string) => {
    for (let waited = 0; waited < 40_000; waited += 20) {
      if (said.some((line) => line.startsWith(text))) return;
      if (child.exitCode !== null) break;
      await sleep(20);
    }
    throw new Error(`The worker never said "${text}"; it said ${said.join(', ')}.`);
  };
  return { child, said, heard };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

describe.concurrent('processes', () => {
  test('a killed one is followed by another at the unfinished step', async ({
    stage: { begin, effects, engine, startWorker },
  }) => {
    const first = await startWorker();
    await begin('relay', 'r1', { pauseMs: 2_000 });
    await first.heard('slow r1');
    await kill(first.child);
    const second = await startWorker();
    const status = await ended(engine, 'r1');
    expect(status).toMatchObject({ state: 'SUCCEEDED', output: second.child.pid, claims: 2 });
    expect(second.said).toEqual(['ready', 'slow r1 2']);
    expect(await effects()).toEqual(['r1 once', 'r1 last']);
  });

  test('a paused one that wakes after its lease saves nothing', async ({
    stage: { begin, engine, engines, startWorker },
  }) => {
    const first = await startWorker();
    await begin('stubborn', 'r1', null);
    await first.heard('hold r1');
    first.child.kill('SIGSTOP');
    const second = await startWorker();
    const status = await ended(engine, 'r1');
    first.child.kill('SIGCONT');
    // Its step ends now; what it saves of it must be refused.
    await sleep(3_000);
    expect(status).toMatchObject({ state: 'SUCCEEDED', output: second.child.pid, claims: 2 });
    const { steps, ...after } = await engine.status(ref('r1'));
    expect(after).toMatchObject({ output: second.child.pid, holder: null });
    expect(steps.find(({ key }) => key === 'hold')).toMatchObject({ output: second.child.pid, attempts: 2 });
    expect(await readEffects(engines.database)).toEqual([
      { name: `r1 by ${first.child.pid}`, by: String(first.child.pid) },
      { name: 'r1 saved', by: String(second.child.pid) },
    ]);
    expect(first.child.exitCode).toBeNull();
  });

  test('a paused one in the middle of a transaction does not keep the run from others', async ({
    stage: { begin, effects, engine, startWorker },
  }) => {
    const first = await startWorker();
    await begin('standing', 'r1', null);
    await first.heard('stand r1');
    first.child.kill('SIGSTOP');
    const second = await startWorker();
    expect(await ended(engine, 'r1')).toMatchObject({ state: 'SUCCEEDED', output: second.child.pid });
    first.child.kill('SIGCONT');
    await sleep(2_000);
    expect(await effects()).toEqual([`r1 by ${second.child.pid}`]);
    expect((await engine.status(ref('r1'))).claims).toBe(2);
  });

  test('one that stops in order hands over at once, at no cost of attempts', async ({
    stage: { begin, effects, engine, startWorker },
  }) => {
    const first = await startWorker();
    await begin('relay', 'r1', { pauseMs: 3_000 });
    await first.heard('slow r1');
    const second = await startWorker();
    const gone = once(first.child, 'exit');
    first.child.kill('SIGTERM');
    await gone;
    await second.heard('slow r1 1');
    expect(await ended(engine, 'r1')).toMatchObject({ state: 'SUCCEEDED', output: second.child.pid });
    expect(await effects()).toEqual(['r1 once', 'r1 last']);
  });

  test('abort the step that another process cancels', async ({ stage: { begin, effects, engine, startWorker } }) => {
    const worker = await startWorker();
    await begin('relay', 'r1', { pauseMs: 30_000 });
    await worker.heard('slow r1');
    await engine.cancel(ref('r1'), 'enough');
    await worker.heard('aborted r1');
    expect(await ended(engine, 'r1')).toMatchObject({ state: 'CANCELLED', cancelReason: 'enough' });
    expect(await effects()).toEqual(['r1 once']);
  });

  test('together keep to a concurrency limit, and give the higher priority the next place', async ({
    stage: { effects, engine, engines, startWorker },
  }) => {
    await Promise.all([startWorker(8), startWorker(8)]);
    const start = (id: string, priority: number) =>
      engine.start({
        ...scope,
        id,
        workflow: { name: 'timed', version: 1 },
        input: { holdMs: 150 },
        priority,
        concurrencyKey: 'gpu',
        concurrencyLimit: 2,
      });
    await start('a', 0);
    await start('b', 0);
    for (let i = 0; i < 4; i++) await start(`low${i}`, -5);
    for (let i = 0; i < 4; i++) await start(`high${i}`, 5);
    await Promise.all(['low', 'high'].flatMap((kind) => [0, 1, 2, 3].map((i) => ended(engine, `${kind}${i}`))));
    let running = 0;
    let most = 0;
    const order: string[] = [];
    for (const name of await effects()) {
      running += name.startsWith('begin') ? 1 : -1;
      most = Math.max(most, running);
      if (name.startsWith('begin')) order.push(name.slice(6));
    }
    expect(most).toBe(2);
    const firstLow = order.findIndex((name) => name.startsWith('low'));
    expect(order.slice(0, firstLow).filter((name) => name.startsWith('high')).length).toBeGreaterThanOrEqual(3);
    const by = new Set((await readEffects(engines.database)).map((effect) => effect.by));
    expect(by.size).toBe(2);
  });

  test('take the higher priority first where places are few', async ({ stage: { effects, engine, startWorker } }) => {
    for (const [id, priority] of [
      ['p1', -10],
      ['p2', 0],
      ['p3', 10],
    ] as const)
      await engine.start({ ...scope, id, workflow: { name: 'timed', version: 1 }, input: { holdMs: 10 }, priority });
    await startWorker(1);
    await Promise.all(['p1', 'p2', 'p3'].map((id) => ended(engine, id)));
    expect((await effects()).filter((name) => name.startsWith('begin'))).toEqual(['begin p3', 'begin p2', 'begin p1']);
  });

  test('fire a schedule once, however many they are', async ({ stage: { effects, engine, startWorker } }) => {
    await Promise.all([startWorker(), startWorker()]);
    await engine.schedule({
      workspaceId: 'w1',
      zone: 'AE',
      principalId: 'u1',
      name: 'every-second',
      cron: '* * * * * *',
      workflow: { name: 'timed', version: 1 },
      input: { holdMs: 1 },
    });
    await sleep(4_500);
    await engine.unschedule({ workspaceId: 'w1', name: 'every-second' });
    await sleep(1_500);
    const begun = (await effects()).filter((name) => name.startsWith('begin'));
    expect(begun.length).toBeGreaterThanOrEqual(2);
    expect(new Set(begun).size).toBe(begun.length);
    expect(begun[0]).toMatch(/^begin every-second@\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/);
    await expect(
      engine.schedule({
        ...scope,
        name: 'bad',
        cron: '99 * * * *',
        workflow: { name: 'timed', version: 1 },
        input: null,
      }),
    ).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});
