// A process with one subgraph and no gateway.
import type { Database } from '@falaj/database';
import { PlatformError } from '@falaj/runtime';
import { createSubgraphServer, type GraphClient, type Subgraph } from '@falaj/subgraph-kit';
import type { ResolvedConfig } from '../config.js';
import type { Transport } from '../transport/open-transport.js';
import { neededGatewayUrl } from './addresses.js';
import { remoteGraph } from './graph-executor.js';
import type { IdentityServices } from './identity.js';
import { mountInference } from './inference-routes.js';
import type { InferenceService } from './open-gateway.js';

interface Parts {
  readonly local: readonly Subgraph[];
  readonly graph: GraphClient;
  readonly identity: IdentityServices;
  readonly database: Database;
  /** The data plane, where this is the deployments subgraph. */
  readonly inference: InferenceService | undefined;
  readonly transport: Transport;
  /** Is told where programs that this process starts reach the graph, or why they do not. */
  readonly listensAt: (address: string | PlatformError) => void;
}

/** Resolves once it listens. Throws CONFIG_INVALID. */
export async function serveSubgraph(
  config: ResolvedConfig,
  { local, graph, identity, database, inference, transport, listensAt }: Parts,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const [subgraph] = local;
  if (!subgraph || local.length !== 1)
    throw new PlatformError(
      'CONFIG_INVALID',
      'A process without the gateway serves exactly one subgraph: --role subgraph:<name>.',
    );
  const gatewayUrl = neededGatewayUrl();
  const { internal } = transport;
  graph.install(remoteGraph(gatewayUrl, identity.tokens, internal?.fetchFrom('gateway')));
  listensAt(internal ? (config.publicUrl ?? unreachable()) : gatewayUrl);
  const app = await createSubgraphServer({
    subgraph,
    verify: (token, audience, body) => identity.tokens.verify(token, audience, body),
    health: () => database.health(),
    ...(internal ? { createServer: internal.serve(['gateway']) } : {}),
    ...(inference ? { mount: mountInference(inference.models, inference.ready, identity.authenticate) } : {}),
  });
  return { url: await app.listen(config.listen), close: () => app.close() };
}

const unreachable = (): PlatformError =>
  new PlatformError(
    'CONFIG_INVALID',
    'Programs of training runs cannot ask at the listener of internalTls: set publicUrl to the address of the edge.',
  );
