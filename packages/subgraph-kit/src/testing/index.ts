export { type Depot, openDepot, person } from './open-depot.js';
export { unguardedDepot } from './unguarded-depot.js';
