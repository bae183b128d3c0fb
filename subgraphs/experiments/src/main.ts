// Wires the experiments subgraph; nothing else.
import { fileURLToPath } from 'node:url';
import { type Platform, ReaderZones, referencesTo, type SubgraphDefinition } from '@falaj/subgraph-kit';
import { startRunWorker } from './domain/run-worker.js';
import { createPipelineServices } from './pipeline-services.js';
import { rules } from './policy.js';
import type { ExperimentsServices } from './schema/context.js';
import { ExperimentResolver } from './schema/experiment.js';
import { PipelineResolver } from './schema/pipeline.js';
import { PipelineRunProgressResolver } from './schema/pipeline-progress.js';
import { PipelineRunResolver, PipelineStageResolver } from './schema/pipeline-run.js';
import { PipelineTriggerResolver } from './schema/pipeline-trigger.js';
import { ModelVersion, ModelVersionReproductionsResolver, ReproductionResolver } from './schema/reproduce.js';
import { RunResolver } from './schema/run.js';
import { RunLogResolver } from './schema/run-log.js';
import { RunLoggedResolver } from './schema/run-logged.js';
import { RunProgressResolver } from './schema/run-progress.js';
import { RunSearchResolver } from './schema/run-search.js';
import { TrainingSet } from './schema/run-types.js';
import { TrainingSetRunsResolver } from './schema/training-set.js';
import { experiments, runs } from './store/governed.js';
import {
  pipelineDecisions,
  pipelineRuns,
  pipelineStages,
  pipelines,
  pipelineTriggers,
} from './store/pipeline-governed.js';
import { startReproductionWatch } from './store/reproduce-watch.js';
import { reproductions } from './store/reproduction-tables.js';
import { RUN_CHANNEL } from './store/run-queue.js';
import { workerPorts } from './store/worker-ports.js';

const tables = [
  experiments,
  runs,
  reproductions,
  pipelines,
  pipelineRuns,
  pipelineStages,
  pipelineDecisions,
  pipelineTriggers,
];

export const experimentsSubgraph: SubgraphDefinition<ExperimentsServices> = {
  name: 'experiments',
  resolvers: [
    ExperimentResolver,
    RunResolver,
    RunLoggedResolver,
    RunLogResolver,
    RunSearchResolver,
    RunProgressResolver,
    TrainingSetRunsResolver,
    ReproductionResolver,
    PipelineResolver,
    PipelineRunResolver,
    PipelineStageResolver,
    PipelineRunProgressResolver,
    PipelineTriggerResolver,
    ModelVersionReproductionsResolver,
  ],
  orphanedTypes: [TrainingSet, ModelVersion],
  tables,
  attributes: { PipelineCommand: { workspaceId: 'string', pipeline: 'string', program: 'string' } },
  references: {
    ...referencesTo(tables),
    ModelVersion: async (ids) => ids.map((id) => ({ id })),
    TrainingSet: async (ids) => ids.map((id) => ({ id })),
  },
  filterFields: {
    'RunFilter.experimentId': 'Run.experiment',
    'RunFilter.archived': 'Run.archivedAt',
    'PipelineFilter.newestOnly': 'Pipeline.version',
  },
  rules,
  migrations: { name: 'experiments', folder: fileURLToPath(new URL('../migrations', import.meta.url)) },
  createServices,
};

async function createServices(
  platform: Platform,
): Promise<{ services: ExperimentsServices; stop: () => Promise<void> }> {
  const listeners = new Map<string, Set<() => void>>();
  const unlisten = await platform.database.listen(RUN_CHANNEL, (runId) => {
    // An empty notice follows a broken connection: anything may have been missed.
    for (const callback of runId ? (listeners.get(runId) ?? []) : [...listeners.values()].flatMap((own) => [...own]))
      callback();
  });
  const { ports, stop } = await workerPorts(platform);
  const worker = startRunWorker(ports, platform.log);
  const stopWatch = await startReproductionWatch(platform);
  const pipelining = await createPipelineServices(platform);
  return {
    services: {
      onRunChange(runId, callback) {
        const own = listeners.get(runId) ?? new Set();
        own.add(callback);
        listeners.set(runId, own);
        return () => {
          own.delete(callback);
          if (own.size === 0) listeners.delete(runId);
        };
      },
      pipelines: pipelining.services,
      readers: new ReaderZones(platform.graph),
    },
    stop: async () => {
      await pipelining.stop();
      await worker.stop();
      await stop();
      await stopWatch();
      await unlisten();
    },
  };
}
