// Wires the deployments subgraph; nothing else.
import { fileURLToPath } from 'node:url';
import { type Platform, referencesTo, type SubgraphDefinition } from '@falaj/subgraph-kit';
import { type InferenceObserver, observeAll } from './domain/inference-observer.js';
import type { InferencePorts } from './inference/index.js';
import { rules } from './policy.js';
import type { DeploymentsServices } from './schema/context.js';
import { EndpointResolver, EndpointRevisionResolver, ModelVersionEndpointsResolver } from './schema/endpoint.js';
import { ModelVersion } from './schema/endpoint-types.js';
import { PredictResolver } from './schema/predict.js';
import { VariantResolver } from './schema/variant.js';
import { servedBy, servedModels } from './store/authorised-models.js';
import { EndpointRoutes } from './store/endpoint-routes.js';
import { endpointRevisions, endpoints, revisionActivations, trafficSplits } from './store/governed.js';
import { ModelHost } from './store/model-host.js';

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
      ModelVersionEndpointsResolver,
      PredictResolver,
      VariantResolver,
    ],
    orphanedTypes: [ModelVersion],
    tables: [endpoints, endpointRevisions, trafficSplits, revisionActivations],
    references: {
      ...referencesTo([endpoints, endpointRevisions, trafficSplits, revisionActivations]),
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
  const host = new ModelHost(platform);
  // Everything that takes note of inferences stands in this one list.
  const observers: InferenceObserver[] = [];
  const routes = new EndpointRoutes(platform, host, observeAll(observers, platform.log));
  await routes.start();
  options.onInference?.(
    {
      list: async (principal) => servedModels(routes, await platform.abilityFor(principal), principal),
      resolve: async (principal, name, version) =>
        servedBy(routes, await platform.abilityFor(principal), principal, name, version),
    },
    () => routes.ready,
  );
  return { services: { host, routes }, stop: () => routes.stop() };
}
