import { setTimeout as sleep } from 'node:timers/promises';
import { clientOf, openDatabase, type Tx } from '@falaj/database';
import { defineWorkflow, type Flow, type Json, PlatformError, type WorkflowDefinition } from '@falaj/runtime';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createWorkflowEngine } from './index.js';
import { readEffects, writeEffect } from './testing/effects.js';
import { ended, openTestEngines, ref, scope, type TestEngines } from './testing/engines.js';

let engines: TestEngines;
beforeEach(async () => {
  engines = await openTestEngines();
});
afterEach(() => engines.close());

const workflow = <I, O>(
  name: string,
  run: (flow: Flow<Tx>, input: I) => Promise<O>,
  onEnd?: Parameters<typeof defineWorkflow<I, O, Tx>>[0]['onEnd'],
) =>
  // biome-ignore lint/suspicious/noExplicitAny: what only throws has no output, and stands in a list with the others.
  defineWorkflow<I, O, Tx>({ name, version: 1, run, ...(onEnd ? { onEnd } : {}) }) as WorkflowDefinition<I, any, Tx>;

const begin = (name: string, id: string, input: Json = null) => ({
  ...scope,
  id,
  workflow: { name, version: 1 },
  input,
});

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let waited = 0; waited < 30_000; waited += 25) {
    if (await condition()) return;
    await sleep(25);
  }
  throw new Error('It did not come about.');
}

describe('a run', () => {
  test('performs each step once, keeps what it returned, and is idempotent by id', async () => {
    const engine = await engines.open([
      workflow('sum', async (flow, input: { a: number }) => {
        const doubled = await flow.step('double', () => input.a * 2);
        const [x, y] = await Promise.all([
          flow.step('x', async () => doubled + 1),
          flow.step('y', async () => ({ at: new Date(0), lost: undefined }) as unknown as Json),
        ]);
        flow.log('added', { x });
        flow.progress({ done: 3 });
        return { x, y };
      }),
    ]);
    expect(await engine.start(begin('sum', 'r1', { a: 4 }))).toEqual({ id: 'r1', started: true });
    const status = await ended(engine, 'r1');
    expect(status).toMatchObject({
      state: 'SUCCEEDED',
      output: { x: 9, y: { at: '1970-01-01T00:00:00.000Z' } },
      progress: { done: 3 },
      claims: 1,
      holder: null,
    });
    expect(status.steps.map(({ key, state, attempts }) => [key, state, attempts]).sort()).toEqual([
      ['double', 'SUCCEEDED', 1],
      ['x', 'SUCCEEDED', 1],
      ['y', 'SUCCEEDED', 1],
    ]);
    expect((await engine.logs(ref('r1'))).map(({ message, facts }) => [message, facts])).toEqual([['added', { x: 9 }]]);
    expect(await engine.start(begin('sum', 'r1', { a: 5 }))).toEqual({ id: 'r1', started: false });
    await expect(engine.start(begin('other', 'r1'))).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  test('exists exactly if its caller commits, and only in its workspace and zone', async () => {
    const engine = await engines.open([workflow('noop', async () => 'done')]);
    const caller = { workspaceId: 'w1', zones: ['AE'], principalId: 'u1' };
    await expect(
      engines.database.inWorkspace(caller, async (transaction) => {
        await engine.start({ ...begin('noop', 'undone'), transaction });
        throw new Error('undo');
      }),
    ).rejects.toThrow('undo');
    await expect(engine.status(ref('undone'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await engines.database.inWorkspace(caller, (transaction) =>
      engine.start({ ...begin('noop', 'done'), transaction }),
    );
    expect((await ended(engine, 'done')).output).toBe('done');
    for (const other of [
      { ...caller, workspaceId: 'w2' },
      { ...caller, zones: ['DE'] },
    ])
      await engines.database.inWorkspace(other, async (transaction) => {
        await expect(engine.status(ref('done'), transaction)).rejects.toMatchObject({ code: 'NOT_FOUND' });
        await expect(engine.cancel(ref('done'), 'mine', transaction)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      });
  });

  test('refuses a key used twice and a step that became a commit', async () => {
    const engine = await engines.open([
      workflow('twice', async (flow) => {
        await flow.step('a', () => 1);
        await flow.step('a', () => 2);
      }),
    ]);
    await engine.start(begin('twice', 'r1'));
    expect((await ended(engine, 'r1')).error).toMatchObject({
      code: 'PRECONDITION_FAILED',
      message: /"a" is used twice/,
    });
  });

  test('fails with a reason where its output is no JSON or too large', async () => {
    const engine = await engines.open([
      workflow('large', (flow) => flow.step('much', () => 'x'.repeat(1024 * 1024))),
      workflow('bigint', (flow) => flow.step('big', () => 1n)),
    ]);
    await engine.start(begin('large', 'r1'));
    await engine.start(begin('bigint', 'r2'));
    expect((await ended(engine, 'r1')).error).toMatchObject({ code: 'PAYLOAD_TOO_LARGE', step: 'much' });
    expect((await ended(engine, 'r2')).error).toMatchObject({ code: 'BAD_USER_INPUT', step: 'big' });
  });
});

describe('a database user who may not create schemas', () => {
  test('is told what to grant', async () => {
    const owner = new pg.Client({ connectionString: engines.url });
    await owner.connect();
    const user = `limited_${process.pid}`;
    await owner.query(`create role ${user} login password 'limited'; grant falaj_app, falaj_system to ${user}`);
    const url = Object.assign(new URL(engines.url), { username: user, password: 'limited' });
    const database = await openDatabase({ url: url.href });
    try {
      const engine = await createWorkflowEngine({ database });
      engine.define(workflow('noop', async () => null));
      await expect(engine.startWorkers()).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: /Grant CREATE/ });
      await engine.stop();
    } finally {
      await database.close();
      await owner.query(`drop role ${user}`);
      await owner.end();
    }
  });
});

describe('several workflows', () => {
  test('take turns: a backlog of one does not keep another waiting', async () => {
    const order: string[] = [];
    const noted = (name: string) =>
      workflow(name, (flow) => flow.step('note', () => sleep(20).then(() => void order.push(name))));
    const starter = await engines.open([], { workers: false });
    for (let i = 0; i < 8; i++) await starter.start(begin('many', `many${i}`));
    await starter.start(begin('few', 'few'));
    const engine = await engines.open([noted('many'), noted('few')], { concurrency: 1 });
    await Promise.all([ended(engine, 'few'), ended(engine, 'many7')]);
    expect(order.indexOf('few')).toBeLessThan(3);
  });
});

describe('a step', () => {
  test('is tried again with growing waits, under one idempotency key', async () => {
    const keys = new Set<string>();
    const starts: number[] = [];
    const engine = await engines.open([
      workflow('shaky', (flow) =>
        flow.step('shake', { retries: 3, backoffMs: 40 }, ({ attempt, idempotencyKey }) => {
          keys.add(idempotencyKey);
          starts.push(performance.now());
          if (attempt < 4) throw new Error(`not yet ${attempt}`);
          return attempt;
        }),
      ),
    ]);
    await engine.start(begin('shaky', 'r1'));
    const status = await ended(engine, 'r1');
    expect(status).toMatchObject({ state: 'SUCCEEDED', output: 4, steps: [{ attempts: 4 }] });
    expect([...keys]).toEqual(['w1/r1/shake']);
    const waits = starts.slice(1).map((at, index) => at - (starts[index] ?? 0));
    for (const [index, least] of [39, 79, 159].entries()) expect(waits[index]).toBeGreaterThanOrEqual(least);
    expect((await engine.logs(ref('r1'))).map(({ message }) => message)).toEqual([
      'attempt 1 failed: not yet 1',
      'attempt 2 failed: not yet 2',
      'attempt 3 failed: not yet 3',
    ]);
  });

  test('is not tried again where another attempt cannot help', async () => {
    let attempts = 0;
    const engine = await engines.open([
      workflow('refused', (flow) =>
        flow.step('gate', { retries: 5, backoffMs: 1 }, () => {
          attempts++;
          throw new PlatformError('COMPLIANCE_FAILED', 'The gate is shut.', { details: { limit: 3 } });
        }),
      ),
    ]);
    await engine.start(begin('refused', 'r1'));
    expect(await ended(engine, 'r1')).toMatchObject({
      state: 'FAILED',
      error: { code: 'COMPLIANCE_FAILED', message: 'The gate is shut.', details: { limit: 3 }, step: 'gate' },
      steps: [{ key: 'gate', state: 'FAILED', attempts: 1 }],
    });
    expect(attempts).toBe(1);
  });

  test('times out after silence, not after work', async () => {
    const engine = await engines.open([
      workflow('silent', (flow) =>
        flow.step('hang', { timeoutMs: 100 }, ({ signal }) => sleep(20_000, null, { signal })),
      ),
      workflow('lively', (flow) =>
        flow.step('beat', { timeoutMs: 400 }, async ({ heartbeat }) => {
          for (let beat = 0; beat < 6; beat++) {
            await sleep(100);
            heartbeat();
          }
          return 'alive';
        }),
      ),
    ]);
    await engine.start(begin('silent', 'r1'));
    await engine.start(begin('lively', 'r2'));
    expect((await ended(engine, 'r1')).error?.message).toContain('silent for 100 ms');
    expect((await ended(engine, 'r2')).output).toBe('alive');
  });

  test('that failed and was caught fails the same way when the function runs again', async () => {
    let attempts = 0;
    const engine = await engines.open([
      workflow('caught', async (flow) => {
        const caught = await flow
          .step('fail', () => {
            attempts++;
            throw new PlatformError('NOT_FOUND', 'gone');
          })
          .catch((error: PlatformError) => `${error.code} ${error.message} ${error.details.step}`);
        await flow.waitFor('go');
        return caught;
      }),
    ]);
    await engine.start(begin('caught', 'r1'));
    await until(async () => (await engine.status(ref('r1'))).state === 'WAITING');
    await engine.signal(ref('r1'), 'go', null);
    expect(await ended(engine, 'r1')).toMatchObject({ output: 'NOT_FOUND gone fail', claims: 2 });
    expect(attempts).toBe(1);
  });

  test('is stopped when its sibling fails, and is not taken for failed itself', async () => {
    let stopped = false;
    const engine = await engines.open([
      workflow('siblings', (flow) =>
        Promise.all([
          flow.step('long', async ({ signal }) => {
            await sleep(20_000, null, { signal }).catch(() => undefined);
            stopped = signal.aborted;
            signal.throwIfAborted();
          }),
          flow.step('short', async () => {
            await sleep(50);
            throw new Error('broken');
          }),
        ]),
      ),
    ]);
    await engine.start(begin('siblings', 'r1'));
    const status = await ended(engine, 'r1');
    expect(status.error).toMatchObject({ message: 'broken', step: 'short' });
    expect(stopped).toBe(true);
    expect(status.steps.map(({ key, state }) => [key, state]).sort()).toEqual([
      ['long', 'ABORTED'],
      ['short', 'FAILED'],
    ]);
  });
});

describe('what stops its process', () => {
  const noop = workflow('noop', (flow) => flow.step('s', () => 'ran'));
  const change = (text: string) =>
    engines.database.asSystem((tx) => clientOf(tx).query(text)).then(({ rowCount }) => expect(rowCount).toBe(1));

  test('in a step ten times fails the step; retry begins anew', async () => {
    const starter = await engines.open([], { workers: false });
    await starter.start(begin('noop', 'r1'));
    await change(`insert into workflows.step (workspace_id, zone, run_id, kind, key, state, attempts)
      values ('w1', 'AE', 'r1', 'STEP', 's', 'RUNNING', 10)`);
    const engine = await engines.open([noop]);
    expect((await ended(engine, 'r1')).error).toMatchObject({ message: /ended 10 times while step "s"/, step: 's' });
    await engine.retry(ref('r1'));
    expect((await ended(engine, 'r1')).output).toBe('ran');
  });

  test('without recording anything fails the run', async () => {
    const starter = await engines.open([], { workers: false });
    await starter.start(begin('noop', 'r1'));
    await change(`update workflows.run set fruitless_claims = 20`);
    const engine = await engines.open([noop]);
    expect((await ended(engine, 'r1')).error?.message).toContain('taken up 21 times');
  });
});

describe('a commit', () => {
  test('is saved with its record, within the workspace and zone of the run', async () => {
    const engine = await engines.open([
      workflow('good', (flow) => flow.commit('write', (tx) => writeEffect(tx, 'good').then(() => 'written'))),
      workflow('bad', (flow) =>
        flow.commit('write', async (tx) => {
          await writeEffect(tx, 'bad');
          throw new Error('changed its mind');
        }),
      ),
      workflow('foreign', (flow) =>
        flow.commit('write', (tx) => writeEffect(tx, 'foreign', { workspaceId: 'w2', zone: 'AE' })),
      ),
      workflow('elsewhere', (flow) =>
        flow.commit('write', (tx) => writeEffect(tx, 'elsewhere', { workspaceId: 'w1', zone: 'DE' })),
      ),
    ]);
    for (const name of ['good', 'bad', 'foreign', 'elsewhere']) await engine.start(begin(name, name));
    expect(await ended(engine, 'good')).toMatchObject({ state: 'SUCCEEDED', output: 'written' });
    expect((await ended(engine, 'bad')).error).toMatchObject({ message: 'changed its mind', step: 'write' });
    expect((await ended(engine, 'foreign')).error).toMatchObject({ code: 'FORBIDDEN' });
    expect((await ended(engine, 'elsewhere')).error).toMatchObject({ code: 'FORBIDDEN' });
    expect((await readEffects(engines.database)).map(({ name }) => name)).toEqual(['good']);
  });

  test('of the end of a run happens with it', async () => {
    const engine = await engines.open([
      workflow(
        'ok',
        async () => 7,
        (tx, end) => writeEffect(tx, `${end.id} ${end.state} ${end.output}`),
      ),
      workflow(
        'broken',
        async () => Promise.reject(new Error('no')),
        (tx, end) => writeEffect(tx, `${end.id} ${end.state} ${end.error?.message}`),
      ),
      workflow(
        'hook',
        async () => 7,
        async (_, end) => {
          if (end.state === 'SUCCEEDED') throw new PlatformError('CONFLICT', 'The row is gone.');
        },
      ),
    ]);
    for (const name of ['ok', 'broken', 'hook']) await engine.start(begin(name, name));
    await Promise.all(['ok', 'broken'].map((id) => ended(engine, id)));
    expect(await ended(engine, 'hook')).toMatchObject({ state: 'FAILED', error: { message: 'The row is gone.' } });
    expect((await readEffects(engines.database)).map(({ name }) => name).sort()).toEqual([
      'broken FAILED no',
      'ok SUCCEEDED 7',
    ]);
  });
});

describe('a signal', () => {
  const approval = workflow('approval', async (flow) => {
    const before = await flow.step('before', () => 1);
    const { role } = await flow.waitFor<{ role: string }>('approve');
    return flow.step('after', () => `${before} ${role}`);
  });

  test('that came first is there when it is waited for, and counts once', async () => {
    const starter = await engines.open([approval], { workers: false });
    await starter.start(begin('approval', 'r1'));
    expect(await starter.signal(ref('r1'), 'approve', { role: 'first' })).toEqual({ delivered: true });
    expect(await starter.signal(ref('r1'), 'approve', { role: 'second' })).toEqual({ delivered: false });
    const engine = await engines.open([approval]);
    expect(await ended(engine, 'r1')).toMatchObject({ output: '1 first', claims: 1 });
    expect(await engine.signal(ref('r1'), 'approve', { role: 'third' })).toEqual({ delivered: false });
  });

  test('reaches a run that outlived every process', async () => {
    const first = await engines.open([approval]);
    await first.start(begin('approval', 'r1'));
    await until(async () => (await first.status(ref('r1'))).state === 'WAITING');
    expect(await first.status(ref('r1'))).toMatchObject({ waitingFor: ['approve'], holder: null });
    await first.stop();
    const second = await engines.open([approval]);
    await second.signal(ref('r1'), 'approve', { role: 'approver' });
    const status = await ended(second, 'r1');
    expect(status).toMatchObject({ output: '1 approver', claims: 2 });
    expect(status.steps.map(({ key, kind, attempts }) => [key, kind, attempts])).toEqual([
      ['before', 'STEP', 1],
      ['approve', 'SIGNAL', 1],
      ['after', 'STEP', 1],
    ]);
  });

  test('is waited for while other branches go on', async () => {
    const engine = await engines.open([
      workflow('branches', (flow) =>
        Promise.all([
          flow.waitFor<number>('go'),
          (async () => {
            let sum = 0;
            for (let i = 0; i < 3; i++) sum += await flow.step(`s${i}`, () => sleep(30, i));
            await flow.sleepUntil('nap', new Date(Date.now() + 100));
            return sum;
          })(),
        ]),
      ),
    ]);
    await engine.start(begin('branches', 'r1'));
    await until(async () => (await engine.status(ref('r1'))).state === 'WAITING');
    expect((await engine.status(ref('r1'))).steps.filter(({ state }) => state === 'SUCCEEDED')).toHaveLength(4);
    await engine.signal(ref('r1'), 'go', 5);
    expect((await ended(engine, 'r1')).output).toEqual([5, 3]);
  });

  test('a sleep is let go of, and ends when it was first to end', async () => {
    const engine = await engines.open([
      workflow('nap', async (flow) => {
        await flow.sleepUntil('nap', new Date(Date.now() + 2_500));
        return flow.step('awake', () => Date.now());
      }),
    ]);
    const asked = Date.now();
    await engine.start(begin('nap', 'r1'));
    await until(async () => (await engine.status(ref('r1'))).state === 'WAITING');
    const status = await ended(engine, 'r1');
    expect(status.claims).toBe(2);
    expect(Number(status.output) - asked).toBeGreaterThanOrEqual(2_490);
  });
});

describe('cancel', () => {
  test('aborts the step in another process, and nothing commits after it', async () => {
    let aborted = false;
    const endless = workflow(
      'endless',
      async (flow) => {
        await flow.commit('begin', (tx) => writeEffect(tx, 'begun'));
        await flow
          .step('long', async ({ signal }) => {
            await sleep(60_000, null, { signal }).catch(() => undefined);
            aborted = true;
            signal.throwIfAborted();
          })
          .catch(() => undefined);
        await flow.commit('late', (tx) => writeEffect(tx, 'too late'));
      },
      (tx, end) => writeEffect(tx, `${end.state} ${end.reason}`),
    );
    await engines.open([endless]);
    const other = await engines.open([], { workers: false });
    await other.start(begin('endless', 'r1'));
    await until(async () => (await readEffects(engines.database)).length === 1);
    expect(await other.cancel(ref('r1'), 'not needed')).toEqual({ cancelled: true });
    expect(await ended(other, 'r1')).toMatchObject({ state: 'CANCELLED', cancelReason: 'not needed' });
    expect(aborted).toBe(true);
    expect((await readEffects(engines.database)).map(({ name }) => name)).toEqual(['begun', 'CANCELLED not needed']);
    expect(await other.cancel(ref('r1'), 'again')).toEqual({ cancelled: false });
  });

  test('ends at once what waits, and through a worker what only a worker knows how to end', async () => {
    const waiting = workflow(
      'waiting',
      (flow) => flow.waitFor('never'),
      (tx, end) => writeEffect(tx, end.id),
    );
    const engine = await engines.open([waiting]);
    const stranger = await engines.open([], { workers: false });
    for (const id of ['here', 'there']) await engine.start(begin('waiting', id));
    await until(async () => (await engine.status(ref('here'))).state === 'WAITING');
    await until(async () => (await engine.status(ref('there'))).state === 'WAITING');
    await engine.cancel(ref('here'), 'a');
    expect((await engine.status(ref('here'))).state).toBe('CANCELLED');
    await stranger.cancel(ref('there'), 'b');
    expect((await ended(engine, 'there')).state).toBe('CANCELLED');
    expect((await readEffects(engines.database)).map(({ name }) => name)).toEqual(['here', 'there']);
  });
});

describe('retry', () => {
  test('keeps recorded outputs and runs the failed step again', async () => {
    const performed: string[] = [];
    let broken = true;
    const engine = await engines.open([
      workflow('fix', async (flow) => {
        const data = await flow.step('prepare', () => {
          performed.push('prepare');
          return 'data';
        });
        await flow.commit('register', (tx) => writeEffect(tx, 'registered'));
        const { ok } = await flow.waitFor<{ ok: boolean }>('approve');
        if (!ok) throw new PlatformError('FORBIDDEN', 'The approval was refused.');
        return flow.step('train', () => {
          performed.push('train');
          if (broken) throw new Error('out of memory');
          return `model of ${data}`;
        });
      }),
    ]);
    await engine.start(begin('fix', 'r1'));
    await engine.signal(ref('r1'), 'approve', { ok: false });
    expect((await ended(engine, 'r1')).error?.code).toBe('FORBIDDEN');
    await engine.retry(ref('r1'), undefined, { signals: ['approve'] });
    await engine.signal(ref('r1'), 'approve', { ok: true });
    expect((await ended(engine, 'r1')).error?.message).toBe('out of memory');
    broken = false;
    await engine.retry(ref('r1'));
    expect(await ended(engine, 'r1')).toMatchObject({ state: 'SUCCEEDED', output: 'model of data', error: null });
    expect(performed).toEqual(['prepare', 'train', 'train']);
    expect(await readEffects(engines.database)).toHaveLength(1);
    await expect(engine.retry(ref('r1'))).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      details: { rule: 'RESUME_WHAT_HAS_FAILED', found: 'run r1, which is SUCCEEDED', whatToDo: 'start another run' },
    });
  });
});
