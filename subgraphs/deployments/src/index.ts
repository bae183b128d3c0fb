export { adjustedPValues, type FalseDiscoveryRule } from './domain/monitor/false-discovery.js';
export { type Persistence, persists } from './domain/monitor/persistence.js';
export { createInferenceHandler, type InferencePorts } from './inference/index.js';
export { type DeploymentsOptions, deploymentsSubgraph } from './main.js';
