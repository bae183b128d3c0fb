export { completeResult } from './completion.js';
export { composeSupergraph } from './compose.js';
export type {
  GatewayOptions,
  Health,
  LocalSubgraph,
  RemoteSubgraph,
  RequestContext,
  SubgraphRequest,
} from './contract.js';
export { type Graph, loadGraph } from './graph.js';
export { defaultLimits, type Limits, refuseOversized } from './limits.js';
