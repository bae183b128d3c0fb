/** The way of an A/B test through the database, for benchmarks of the platform. */
export { bucketOf, variantOf } from '../domain/rollout/assignment.js';
export { abTestResult } from './ab-test-result.js';
export { Exposures } from './exposures.js';
export { saveOutcomes } from './outcomes.js';
