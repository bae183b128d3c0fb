// The edge of the platform: subgraphs of this process and others behind one graph, with what is mounted beside it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '@falaj/database';
import {
  composeSupergraph,
  createGateway,
  type Gateway,
  type LocalSubgraph,
  type RemoteSubgraph,
} from '@falaj/gateway';
import type { PolicyStore } from '@falaj/policy';
import type { InferencePorts } from '@falaj/subgraph-deployments';
import type { Subgraph } from '@falaj/subgraph-kit';
import type { ResolvedConfig } from '../config.js';
import type { Transport } from '../transport/open-transport.js';
import { neededSubgraphUrl, subgraphUrl } from './addresses.js';
import { mountAuth } from './auth-routes.js';
import { edgeRates } from './edge-rates.js';
import { INTERNAL_TOKEN_HEADER } from './graph-executor.js';
import type { IdentityServices } from './identity.js';
import { proxyInference } from './inference-proxy.js';
import { mountInference } from './inference-routes.js';
import { internalGraphRoute } from './internal-graph-route.js';
import { mountLogout } from './logout-route.js';
import { subgraphNames } from './roles.js';
import { mountScim } from './scim-routes.js';
import type { SubgraphDescription } from './subgraphs.js';

/** What the deployments subgraph hands out for `/v2`. */
export interface InferenceService {
  readonly models: InferencePorts['models'];
  readonly ready: () => boolean;
}

/** Throws CONFIG_INVALID where a subgraph neither runs here nor has an address. */
export async function openGateway(
  config: ResolvedConfig,
  parts: {
    /** Subgraphs of this process; the others are reached by their addresses. */
    readonly local: readonly Subgraph[];
    readonly descriptions: readonly SubgraphDescription[];
    readonly identity: IdentityServices;
    readonly database: Database;
    readonly policy: PolicyStore;
    readonly health: Parameters<typeof createGateway>[0]['health'];
    /** The data plane, where this process runs the deployments subgraph. */
    readonly inference: InferenceService | undefined;
    readonly transport: Transport;
  },
): Promise<Gateway> {
  const { local, descriptions, identity, database, policy, health, inference, transport } = parts;
  const { edge, internal } = transport;
  const subgraphs: (LocalSubgraph | RemoteSubgraph)[] = subgraphNames.map((name) => {
    const here = local.find((subgraph) => subgraph.name === name);
    if (here) return here;
    const url = new URL('/graphql', neededSubgraphUrl(name)).href;
    return { name, url, ...(internal ? { fetch: internal.fetchFrom(`subgraph/${name}`) } : {}) };
  });
  const { supergraphSdl } = composeSupergraph(
    descriptions.map(({ name, sdl }) => ({ name, sdl, url: `http://127.0.0.1/${name}/graphql` })),
  );
  const deployments = subgraphUrl('deployments');
  const dataPlane = inference
    ? mountInference(inference.models, inference.ready, identity.authenticate)
    : deployments
      ? proxyInference(deployments, internal?.dispatcherTo('subgraph/deployments'))
      : undefined;
  const rates = edgeRates(config);
  const gateway: Gateway = await createGateway({
    supergraphSdl,
    subgraphs,
    authenticate: identity.authenticate,
    onAuthorisationChange: identity.directory.onChange,
    identityHeaders: async (request, subgraph, body) => ({
      [INTERNAL_TOKEN_HEADER]: identity.tokens.mint(request.principal, {
        audience: subgraph,
        body,
        requestId: request.requestId,
      }),
      'x-request-id': request.requestId,
    }),
    ...(edge ? { createServer: edge } : {}),
    profile: config.profile,
    rates: config.rates,
    persistedDocuments: { mode: config.persistedDocuments.mode, documents: persistedDocuments(config) },
    mount: [
      // By mutual TLS it is answered at a listener of its own.
      ...(internal ? [] : [internalGraphRoute(identity.tokens, () => gateway)]),
      ...(config.localIssuer ? [mountAuth(config, database, identity, rates)] : []),
      mountLogout(config, database, rates),
      ...(config.provisioning.length > 0 ? [mountScim(config, database, identity, policy, rates)] : []),
      ...(dataPlane ? [dataPlane] : []),
    ],
    health,
  });
  return gateway;
}

function persistedDocuments(config: ResolvedConfig): Map<string, string> {
  const { manifest } = config.persistedDocuments;
  if (!manifest) return new Map();
  const documents = JSON.parse(readFileSync(join(config.directory, manifest), 'utf8')) as Record<string, string>;
  // Code generation writes ids as `sha256:<hex>`; the gateway knows documents by the hex alone.
  return new Map(Object.entries(documents).map(([id, text]) => [id.replace(/^sha256:/, ''), text]));
}
