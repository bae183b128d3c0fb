export { composeSupergraph } from './compose.js';
export type {
  Gateway,
  GatewayOptions,
  Health,
  LocalSubgraph,
  MaskedField,
  MaskedPath,
  RemoteSubgraph,
  RequestContext,
  SubgraphRequest,
} from './contract.js';
export { createGateway } from './gateway.js';
export { type Graph, loadGraph } from './graph.js';
export { defaultLimits, type Limits } from './limits.js';
export type { PersistedDocuments } from './persisted-documents.js';
export { type SupergraphServer, serveSupergraph } from './serve-supergraph.js';
