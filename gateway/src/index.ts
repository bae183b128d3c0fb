export { completeResult } from './completion.js';
export { composeSupergraph } from './compose.js';
export type {
  Gateway,
  GatewayOptions,
  Health,
  LocalSubgraph,
  RemoteSubgraph,
  RequestContext,
  SubgraphRequest,
} from './contract.js';
export { defaultLimits, type Limits, refuseOversized } from './limits.js';
