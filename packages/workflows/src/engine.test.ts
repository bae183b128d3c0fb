import { clientOf, type Database, openDatabase, type Tx } from '@falaj/database';
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import { defineWorkflow, type Flow, type Json, PlatformError, type WorkflowEngine } from '@falaj/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createWorkflowEngine, workflowMigrations } from './index.js';

let testDatabase: TestDatabase;
let engines: WorkflowEngine<Tx>[];
let databases: Database[];

const scope = { workspaceId: 'w1', zone: 'AE', principalId: 'u1' };
const ref = (id: string) => ({ workspaceId: 'w1', id });

beforeEach(async () => {
  testDatabase = await createTestDatabase({ migrations: [workflowMigrations] });
  engines = [];
  databases = [];
  await testDatabase.database.asSystem((tx) =>
    clientOf(tx)
      .query(`select 1`)
      .then(() => undefined),
  );
});

afterEach(async () => {
  await Promise.all(engines.map((engine) => engine.stop()));
  await Promise.all(databases.map((database) => database.close()));
  await testDatabase.close();
});

/** As another process would have it: a pool, a listener and a pg-boss of its own. */
async function engineOf(
  workflows: readonly { name: string; run: (flow: Flow<Tx>, input: never) => Promise<unknown>; onEnd?: unknown }[],
  options: { concurrency?: number; workers?: boolean } = {},
): Promise<WorkflowEngine<Tx>> {
  const database = await openDatabase({ url: testDatabase.url, applicationName: 'falaj workflow test' });
  databases.push(database);
  const engine = await createWorkflowEngine({ database });
  engines.push(engine);
  for (const workflow of workflows) engine.define({ version: 1, ...workflow } as never);
  if (options.workers !== false)
    await engine.startWorkers(options.concurrency === undefined ? {} : { concurrency: options.concurrency });
  return engine;
}

const ended = (engine: WorkflowEngine<Tx>, id: string) => engine.untilEnded(ref(id), AbortSignal.timeout(40_000));

describe('a run', () => {
  test('performs each step once, in order, and keeps what it returned', async () => {
    const performed: string[] = [];
    const engine = await engineOf([
      {
        name: 'sum',
        run: async (flow, input: { a: number }) => {
          const doubled = await flow.step('double', () => {
            performed.push('double');
            return input.a * 2;
          });
          const [x, y] = await Promise.all([
            flow.step('x', async () => doubled + 1),
            flow.step('y', async () => ({ at: new Date(0), lost: undefined })),
          ]);
          flow.log('added', { x });
          flow.progress({ done: 3 });
          return { x, y };
        },
      },
    ]);
    expect(await engine.start({ ...scope, id: 'r1', workflow: { name: 'sum', version: 1 }, input: { a: 4 } })).toEqual({
      id: 'r1',
      started: true,
    });
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
    expect(performed).toEqual(['double']);
    expect(await engine.start({ ...scope, id: 'r1', workflow: { name: 'sum', version: 1 }, input: { a: 5 } })).toEqual({
      id: 'r1',
      started: false,
    });
    await expect(
      engine.start({ ...scope, id: 'r1', workflow: { name: 'other', version: 1 }, input: null }),
    ).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});
