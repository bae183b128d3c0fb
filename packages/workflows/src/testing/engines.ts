// Engines as separate processes would have them: each with a pool, a listener and a pg-boss of its own.
import { type Database, openDatabase, type Tx } from '@falaj/database';
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import type { WorkflowDefinition, WorkflowEngine, WorkflowStatus } from '@falaj/runtime';
import { createWorkflowEngine, workflowMigrations } from '../index.js';
import { createEffects } from './effects.js';

export const scope = { workspaceId: 'w1', zone: 'AE', principalId: 'u1' };
export const ref = (id: string) => ({ workspaceId: 'w1', id });
export const ended = (engine: WorkflowEngine<Tx>, id: string): Promise<WorkflowStatus> =>
  engine.untilEnded(ref(id), AbortSignal.timeout(40_000));

// biome-ignore lint/suspicious/noExplicitAny: a list of definitions of any input and output
type Workflow = WorkflowDefinition<any, any, Tx>;

export interface TestEngines {
  readonly url: string;
  readonly database: Database;
  open(
    workflows: readonly Workflow[],
    options?: { concurrency?: number; workers?: boolean },
  ): Promise<WorkflowEngine<Tx>>;
  close(): Promise<void>;
}

export async function openTestEngines(): Promise<TestEngines> {
  const test: TestDatabase = await createTestDatabase({ migrations: [workflowMigrations] });
  await createEffects(test.url);
  const closers: (() => Promise<void>)[] = [];
  return {
    url: test.url,
    database: test.database,
    async open(workflows, { concurrency, workers = true } = {}) {
      const database = await openDatabase({ url: test.url, applicationName: 'falaj workflow test' });
      const engine = await createWorkflowEngine({ database });
      closers.push(async () => {
        await engine.stop();
        await database.close();
      });
      for (const workflow of workflows) engine.define(workflow);
      if (workers) await engine.startWorkers(concurrency === undefined ? {} : { concurrency });
      return engine;
    },
    async close() {
      await Promise.all(closers.map((close) => close()));
      await test.close();
    },
  };
}
