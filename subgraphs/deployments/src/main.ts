// Wires the deployments subgraph; nothing else.
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { periodically } from '@falaj/runtime';
import { type Platform, ReaderZones, referencesTo, type SubgraphDefinition } from '@falaj/subgraph-kit';
import { type InferenceObserver, observeAll } from './domain/inference-observer.js';
import type { InferencePorts } from './inference/index.js';
import { rules } from './policy.js';
import { AbOutcomesResolver } from './schema/ab-outcomes.js';
import { AbTestResolver, EndpointAbTestsResolver } from './schema/ab-test.js';
import type { DeploymentsServices } from './schema/context.js';
import { EndpointResolver, EndpointRevisionResolver, ModelVersionEndpointsResolver } from './schema/endpoint.js';
import { ModelVersion } from './schema/endpoint-types.js';
import { EraseInferenceSubjectResolver } from './schema/erase-subject.js';
import { EndpointInferencesResolver, InferenceLogResolver } from './schema/inference-log.js';
import { EndpointQualityResolver } from './schema/inference-quality.js';
import { InferenceRecordResolver } from './schema/inference-record.js';
import { EndpointMonitorsResolver, MonitorResolver } from './schema/monitor.js';
import { PlacementPolicyResolver } from './schema/placement-policy.js';
import { PredictResolver } from './schema/predict.js';
import { EndpointRolloutsResolver, RolloutResolver } from './schema/rollout.js';
import { EndpointShadowsResolver, ShadowResolver } from './schema/shadow.js';
import { VariantResolver } from './schema/variant.js';
import { servedBy, servedModels } from './store/authorised-models.js';
import { EndpointRoutes } from './store/endpoint-routes.js';
import { EndpointUsage } from './store/endpoint-usage.js';
import { Exposures } from './store/exposures.js';
import {
  abTests,
  endpointRevisions,
  endpoints,
  revisionActivations,
  rollouts,
  shadows,
  trafficSplits,
} from './store/governed.js';
import { inferenceReads } from './store/inference-reads.js';
import { inferenceLogs, inferenceRecords } from './store/inference-record-governed.js';
import { InferenceLog } from './store/inference-record-log.js';
import { sweepInferenceRecords } from './store/inference-record-retention.js';
import { InferenceLogSettings } from './store/inference-record-settings.js';
import { ModelHost } from './store/model-host.js';
import { monitors, monitorWindows } from './store/monitor-governed.js';
import { MonitorSweep } from './store/monitor-sweep.js';
import { PermitWatch } from './store/permit-watch.js';
import { RolloutController } from './store/rollout-controller.js';
import { ShadowRunner } from './store/shadow-runner.js';
import { sweepStudies } from './store/study-retention.js';
import { VariantMetrics } from './store/variant-metrics.js';

const FLUSH_MS = 500;
const LOOK_MS = 1_000;
const RETENTION_MS = 600_000;
const SWEEP_MS = 5_000;
const USAGE_MS = 60_000;

const tables = [
  endpoints,
  endpointRevisions,
  trafficSplits,
  revisionActivations,
  rollouts,
  shadows,
  abTests,
  inferenceLogs,
  inferenceRecords,
  monitors,
  monitorWindows,
];

export interface DeploymentsOptions {
  /** Receives the model side of the inference protocol once the subgraph stands. */
  readonly onInference?: (models: InferencePorts['models'], ready: () => boolean) => void;
}

export function deploymentsSubgraph(options: DeploymentsOptions = {}): SubgraphDefinition<DeploymentsServices> {
  return {
    name: 'deployments',
    resolvers: [
      EndpointResolver,
      EndpointRevisionResolver,
      PlacementPolicyResolver,
      ModelVersionEndpointsResolver,
      PredictResolver,
      VariantResolver,
      RolloutResolver,
      EndpointRolloutsResolver,
      ShadowResolver,
      EndpointShadowsResolver,
      AbTestResolver,
      EndpointAbTestsResolver,
      AbOutcomesResolver,
      InferenceLogResolver,
      EraseInferenceSubjectResolver,
      InferenceRecordResolver,
      EndpointInferencesResolver,
      EndpointQualityResolver,
      MonitorResolver,
      EndpointMonitorsResolver,
    ],
    orphanedTypes: [ModelVersion],
    tables,
    references: {
      ...referencesTo(tables),
      ModelVersion: async (ids) => ids.map((id) => ({ id })),
    },
    rules,
    migrations: { name: 'deployments', folder: fileURLToPath(new URL('../migrations', import.meta.url)) },
    createServices: (platform) => createServices(platform, options),
  };
}

async function createServices(
  platform: Platform,
  options: DeploymentsOptions,
): Promise<{ services: DeploymentsServices; stop: () => Promise<void> }> {
  const logSettings = new InferenceLogSettings(platform);
  const host = new ModelHost(platform, logSettings.subjects);
  // Everything that takes note of inferences stands in this one list.
  const observers: InferenceObserver[] = [];
  const observer = observeAll(observers, platform.log);
  const routes = new EndpointRoutes(platform, host, observer, inferenceReads(platform, logSettings.subjects));
  const { database, log } = platform;
  const processName = `${process.pid}-${randomUUID()}`;
  const metrics = new VariantMetrics(database, routes, processName);
  const exposures = new Exposures(database, routes, (endpointId, subject) =>
    logSettings.digestFor(endpointId, subject),
  );
  const shadows = new ShadowRunner({ database, log, host, routes, observer, process: processName });
  const inferenceLog = new InferenceLog(database, logSettings, log, processName);
  const usage = new EndpointUsage({ graph: platform.graph, log }, processName);
  observers.push(metrics, exposures, shadows, inferenceLog, usage);
  // Before the first answer: nobody would know that it was not written down.
  await logSettings.start();
  await routes.start();
  options.onInference?.(
    {
      list: async (principal) => servedModels(routes, await platform.abilityFor(principal), principal),
      resolve: async (principal, name, version) =>
        servedBy(routes, await platform.abilityFor(principal), principal, name, version),
    },
    () => routes.ready,
  );
  const controller = new RolloutController(platform, host, routes, processName);
  const flush = async (): Promise<void> => {
    await Promise.all([metrics.flush(), exposures.flush(), shadows.flush(), inferenceLog.flush()]);
  };
  const flushing = periodically('writing down what variants did', FLUSH_MS, flush, log, { lastTime: true });
  const looking = periodically('looking at rollouts', LOOK_MS, () => controller.look(), log, { lastTime: false });
  const forget = async (): Promise<void> => {
    await sweepInferenceRecords(database, new Date());
    await sweepStudies(database, new Date());
  };
  const forgetting = periodically('forgetting old inferences and subjects', RETENTION_MS, forget, log, {
    lastTime: false,
  });
  const charging = periodically('reporting what endpoints used', USAGE_MS, () => usage.flush(), log, {
    lastTime: false,
  });
  const permits = new PermitWatch(platform, routes);
  const watching = periodically('looking at transfer instruments', LOOK_MS, () => permits.look(), log, {
    lastTime: false,
  });
  const monitorSweep = new MonitorSweep(platform, processName, () => inferenceLog.flush());
  const sweeping = periodically('judging windows of monitors', SWEEP_MS, () => monitorSweep.look(), log, {
    lastTime: false,
  });
  return {
    services: { host, routes, logSettings, monitorSweep, readers: new ReaderZones(platform.graph) },
    stop: async () => {
      await looking.stop();
      await sweeping.stop();
      await watching.stop();
      await charging.stop();
      await forgetting.stop();
      await flushing.stop();
      await routes.stop();
      await logSettings.stop();
      // Last, and over short faults of the database: an answer that was given is written down.
      await inferenceLog.stop();
    },
  };
}
