export { governanceSubgraph } from './main.js';
export type { GovernanceServices } from './schema/context.js';
