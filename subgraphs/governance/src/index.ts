export { governanceSubgraph } from './main.js';
export type { GovernanceServices } from './schema/context.js';
export { assertExportZone } from './store/residency/export-zone.js';
