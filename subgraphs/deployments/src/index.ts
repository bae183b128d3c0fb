export { createInferenceHandler, type InferencePorts } from './inference/index.js';
export { type DeploymentsOptions, deploymentsSubgraph } from './main.js';
