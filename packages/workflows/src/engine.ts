import type { Database, Tx } from '@falaj/database';
import {
  createLogger,
  type Logger,
  PlatformError,
  type WorkflowDefinition,
  type WorkflowEngine,
  type WorkflowRef,
  type WorkflowStatus,
} from '@falaj/runtime';
import { queueOf } from './dispatch.js';
import type { AnyWorkflow } from './held-run.js';
import { type Notices, openNotices } from './notices.js';
import { insertRun, readLogs, readStatus, reopen, requestCancel, saveSignal } from './runs.js';
import { removeSchedule, saveSchedule } from './schedules.js';
import { hookOf, startWorkers, type Workers } from './workers.js';

const ENDED: ReadonlySet<string> = new Set(['SUCCEEDED', 'FAILED', 'CANCELLED']);
const LOOK_AGAIN_MS = 2_000;

/** The engine of this process on a database whose migrations include `workflowMigrations`. It works once workers are started. */
export async function createWorkflowEngine(options: { database: Database; log?: Logger }): Promise<WorkflowEngine<Tx>> {
  const { database, log = createLogger('workflows') } = options;
  const definitions = new Map<string, AnyWorkflow>();
  const notices: Notices = await openNotices(database);
  let workers: Promise<Workers> | undefined;

  const within = <T>(transaction: Tx | undefined, work: (tx: Tx) => Promise<T>): Promise<T> =>
    transaction ? work(transaction) : database.asSystem(work);
  const status = (ref: WorkflowRef, transaction?: Tx) => within(transaction, (tx) => readStatus(tx, ref));

  return {
    define<Input, Output>(workflow: WorkflowDefinition<Input, Output, Tx>) {
      const queue = queueOf(workflow);
      if (!/^[a-z][a-z0-9-]{0,60}$/.test(workflow.name) || !Number.isInteger(workflow.version) || workflow.version < 1)
        throw new PlatformError(
          'CONFIG_INVALID',
          `A workflow's name is kebab-case and its version 1 or more; found ${queue}.`,
        );
      if (definitions.has(queue)) throw new PlatformError('CONFIG_INVALID', `Workflow ${queue} is defined twice.`);
      if (workers) throw new PlatformError('CONFIG_INVALID', `Define ${queue} before the workers start.`);
      definitions.set(queue, workflow as unknown as AnyWorkflow);
    },
    async start(request) {
      const started = await within(request.transaction, (tx) => insertRun(tx, request));
      return { id: request.id, started };
    },
    async signal(ref, name, payload, transaction) {
      return { delivered: await within(transaction, (tx) => saveSignal(tx, ref, name, payload)) };
    },
    async cancel(ref, reason, transaction) {
      const hook = (run: { workflow: string; version: number }) => {
        const definition = definitions.get(queueOf({ name: run.workflow, version: run.version }));
        return definition && hookOf(definition);
      };
      return { cancelled: await within(transaction, (tx) => requestCancel(tx, ref, reason, hook)) };
    },
    retry: (ref, transaction, forget) => within(transaction, (tx) => reopen(tx, ref, forget)),
    status,
    logs: (ref, range, transaction) => within(transaction, (tx) => readLogs(tx, ref, range)),
    untilEnded: (ref, signal) => untilEnded(ref, signal),
    onChange: (ref, callback) => notices.onRun(ref, callback),
    schedule: (schedule, transaction) => within(transaction, (tx) => saveSchedule(tx, schedule)),
    unschedule: (schedule, transaction) => within(transaction, (tx) => removeSchedule(tx, schedule)),
    async startWorkers({ concurrency = 4 } = {}) {
      if (workers) throw new PlatformError('CONFIG_INVALID', 'The workers of this engine run already.');
      if (definitions.size === 0) return;
      workers = startWorkers({ database, notices, log, workflows: [...definitions.values()], concurrency });
      await workers;
    },
    async stop() {
      await (await workers?.catch(() => undefined))?.stop();
      await notices.close();
    },
  };

  async function untilEnded(ref: WorkflowRef, signal: AbortSignal): Promise<WorkflowStatus> {
    let changed = Promise.withResolvers<void>();
    const wake = () => changed.resolve();
    const unwatch = notices.onRun(ref, wake);
    const timer = setInterval(wake, LOOK_AGAIN_MS);
    signal.addEventListener('abort', wake);
    try {
      for (;;) {
        signal.throwIfAborted();
        const found = await status(ref);
        if (ENDED.has(found.state)) return found;
        await changed.promise;
        changed = Promise.withResolvers<void>();
      }
    } finally {
      unwatch();
      clearInterval(timer);
      signal.removeEventListener('abort', wake);
    }
  }
}
