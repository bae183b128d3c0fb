/** The statistics of A/B tests, for benchmarks and other tests of the platform. */
export { compareSequentially, smallestLook } from './always-valid.js';
export { compareMeans, compareProportions } from './fixed-horizon.js';
export type { ArmSample } from './samples.js';
