import { anonymous } from '@falaj/runtime';
import { Kind, parse } from 'graphql';
import type { RemoteSubgraph } from './contract.js';
import { createGateway } from './gateway.js';

export interface SupergraphServer {
  /** Base URL; GraphQL is at `/graphql`. */
  readonly url: string;
  close(): Promise<void>;
}

/** Subgraphs and their addresses as the supergraph's `@join__graph` directives tell. */
function subgraphsOf(supergraphSdl: string): RemoteSubgraph[] {
  const graphs = parse(supergraphSdl, { noLocation: true }).definitions.find(
    (node) => node.kind === Kind.ENUM_TYPE_DEFINITION && node.name.value === 'join__Graph',
  );
  if (graphs?.kind !== Kind.ENUM_TYPE_DEFINITION) return [];
  return (graphs.values ?? []).map((value) => {
    const join = value.directives?.find(({ name }) => name.value === 'join__graph');
    const argument = (name: string): string => {
      const found = join?.arguments?.find((each) => each.name.value === name)?.value;
      return found?.kind === Kind.STRING ? found.value : '';
    };
    return { name: argument('name') || value.name.value, url: argument('url') };
  });
}

/**
 * Serves any supergraph on 127.0.0.1 without authentication: for trying a composition and for compatibility suites.
 * `subgraphUrls` (name -> URL) go before the supergraph's own.
 */
export async function serveSupergraph(options: {
  readonly supergraphSdl: string;
  readonly subgraphUrls?: Readonly<Record<string, string>>;
  readonly port?: number;
}): Promise<SupergraphServer> {
  const subgraphs = subgraphsOf(options.supergraphSdl).map((subgraph) => ({
    ...subgraph,
    url: options.subgraphUrls?.[subgraph.name] ?? subgraph.url,
  }));
  const gateway = await createGateway({
    supergraphSdl: options.supergraphSdl,
    subgraphs,
    authenticate: async () => anonymous,
    identityHeaders: async () => ({}),
    profile: 'development',
    health: async () => ({ ready: true, checks: {} }),
  });
  const url = await gateway.listen({ host: '127.0.0.1', port: options.port ?? 0 });
  return { url, close: () => gateway.close() };
}
