// Wires the deployments subgraph; nothing else.
import { fileURLToPath } from 'node:url';
import { type Platform, referencesTo, type SubgraphDefinition } from '@falaj/subgraph-kit';
import type { InferencePorts } from './inference/index.js';
import { rules } from './policy.js';
import type { DeploymentsServices } from './schema/context.js';
import { EndpointResolver, EndpointRevisionResolver, ModelVersionEndpointsResolver } from './schema/endpoint.js';
import { ModelVersion } from './schema/endpoint-types.js';
import { PredictResolver } from './schema/predict.js';
import { servedBy, servedModels } from './store/authorised-models.js';
import { endpointRevisions, endpoints } from './store/governed.js';
import { ModelHost } from './store/model-host.js';

export interface DeploymentsOptions {
  /** Receives the model side of the inference protocol once the subgraph stands. */
  readonly onInference?: (models: InferencePorts['models'], ready: () => boolean) => void;
}

export function deploymentsSubgraph(options: DeploymentsOptions = {}): SubgraphDefinition<DeploymentsServices> {
  return {
    name: 'deployments',
    resolvers: [EndpointResolver, EndpointRevisionResolver, ModelVersionEndpointsResolver, PredictResolver],
    orphanedTypes: [ModelVersion],
    tables: [endpoints, endpointRevisions],
    references: {
      ...referencesTo([endpoints, endpointRevisions]),
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
  await host.start();
  options.onInference?.(
    {
      list: async (principal) => servedModels(host, await platform.abilityFor(principal), principal),
      resolve: async (principal, name, version) =>
        (await servedBy(host, await platform.abilityFor(principal), principal, name, version)).model,
    },
    () => host.ready,
  );
  return { services: { host }, stop: () => host.stop() };
}
