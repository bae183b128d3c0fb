export { depotSubgraph } from './depot-subgraph.js';
export { type Depot, openDepot } from './open-depot.js';
export { person } from './requests.js';
export { unguardedDepot } from './unguarded-depot.js';
