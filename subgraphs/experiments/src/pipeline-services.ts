// Wires pipelines: defines their workflows, listens for their changes, hands events of the platform to triggers.
import { readEvents, type Tx } from '@falaj/database';
import { createDirectory } from '@falaj/identity';
import {
  currentTraceparent,
  defineWorkflow,
  isPlatformError,
  type Json,
  PlatformError,
  type Step,
  type WorkflowEngine,
} from '@falaj/runtime';
import { type Platform, SubgraphContext } from '@falaj/subgraph-kit';
import type { Values } from './domain/pipeline/definition.js';
import { pipelineWorkflow, storedError } from './domain/pipeline/execute-pipeline.js';
import { resolveEvent } from './domain/pipeline/references.js';
import type { PipelineServices } from './schema/pipeline-context.js';
import { startPipelineRun } from './schema/pipeline-start.js';
import { pipelinePorts, principalNow } from './store/pipeline-ports.js';
import { type Firing, fireTriggers, noteFiring, readTrigger, TRIGGER_WORKFLOW } from './store/pipeline-triggers.js';
import { PIPELINE_CHANNEL } from './store/pipeline-writes.js';

export async function createPipelineServices(
  platform: Platform,
): Promise<{ services: PipelineServices; stop: () => Promise<void> }> {
  const { database } = platform;
  const directory = await createDirectory(database);
  const engine = platform.workflows ?? noEngine();
  const services: PipelineServices = { engine, directory, onPipelineChange };
  const listeners = new Map<string, Set<() => void>>();
  const unlisten = await database.listen(PIPELINE_CHANNEL, (runId) => {
    // An empty notice follows a broken connection: anything may have been missed.
    const told = runId ? [listeners.get(runId)] : [...listeners.values()];
    for (const own of told) for (const callback of own ?? []) callback();
  });
  if (platform.workflows) {
    engine.define(pipelineWorkflow(pipelinePorts(platform, directory)));
    engine.define(triggerWorkflow());
  }
  const events = platform.workflows
    ? await readEvents(database, 'experiments.pipeline-triggers', told, { from: 'now' })
    : undefined;
  return {
    services,
    async stop() {
      await events?.stop();
      await unlisten();
      await directory.close();
    },
  };

  function onPipelineChange(runId: string, callback: () => void): () => void {
    const own = listeners.get(runId) ?? new Set();
    own.add(callback);
    listeners.set(runId, own);
    return () => {
      own.delete(callback);
      if (own.size === 0) listeners.delete(runId);
    };
  }

  async function told(event: { workspaceId: string | undefined; topic: string; position: string; payload: unknown }) {
    const { workspaceId, topic, position } = event;
    if (workspaceId === undefined) return;
    const payload = (typeof event.payload === 'object' ? (event.payload ?? {}) : {}) as Values;
    try {
      await database.asSystem((tx) =>
        fireTriggers(tx, engine, { workspaceId, event: topic, key: position, payload, toldBy: null }),
      );
    } catch (error) {
      // What can never succeed must not hold up the events behind it.
      if (!isPlatformError(error) || error.retryable) throw error;
      platform.log.error('an event could not be handed to triggers', { topic, position, error: error.message });
    }
  }

  /** One firing of a trigger: starts the run as the owner of the trigger, with all that a person's start has. */
  function triggerWorkflow() {
    return defineWorkflow<Firing, Json, Tx>({
      ...TRIGGER_WORKFLOW,
      async run(flow, firing) {
        const trigger = await flow.commit('trigger', async (tx) => (await readTrigger(tx, firing.triggerId)) ?? null);
        if (!trigger?.active) return null;
        try {
          const started = await flow.step('start', { retries: 5 }, async (step) => {
            const context = await contextOf(flow.principalId, flow.workspaceId, step);
            const parameters = resolveEvent(trigger.parameters, firing.event ?? {});
            return startPipelineRun(
              context,
              { pipeline: trigger.pipelineName, idempotencyKey: flow.id.slice(0, 200), parameters, zone: trigger.zone },
              {
                id: trigger.id,
                kind: firing.event === null ? 'SCHEDULE' : 'EVENT',
                event: firing.event,
                toldBy: firing.toldBy,
              },
            );
          });
          await flow.commit('fired', (tx) => noteFiring(tx, trigger.id, null));
          return { runId: started.id };
        } catch (error) {
          if (!isPlatformError(error)) throw error;
          await flow.commit('refused', (tx) => noteFiring(tx, trigger.id, storedError(error)));
          throw error;
        }
      },
    });
  }

  async function contextOf(principalId: string, workspaceId: string, step: Step) {
    const principal = await principalNow(directory, principalId, workspaceId);
    const request = {
      principal,
      requestId: step.idempotencyKey,
      traceparent: currentTraceparent() ?? '',
      signal: step.signal,
      clientName: 'pipeline-trigger',
    };
    return new SubgraphContext(
      request,
      platform,
      { pipelines: services },
      await platform.abilityFor(principal),
      () => [],
    );
  }
}

/** Where no engine is given, pipelines can be read and written, not run. */
function noEngine(): WorkflowEngine<Tx> {
  return new Proxy({} as WorkflowEngine<Tx>, {
    get() {
      throw new PlatformError('PRECONDITION_FAILED', 'This process has no workflow engine; pipelines cannot run here.');
    },
  });
}
