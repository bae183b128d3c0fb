/** Everything that the deployments subgraph uses of its inference part. */
export { createFeatureJoin, type FeatureStatus, type JoinedFeatures } from './feature-join.js';
export type { FeaturePlan, FeaturePlanColumn } from './feature-plan.js';
export { MAX_SUBJECT } from './infer-messages.js';
export { newInferenceId } from './inference-id.js';
export { type BatcherStatistics, MicroBatcher } from './micro-batcher.js';
export { createInferenceHandler, type InferenceLimits, type InferencePorts } from './open-inference-protocol.js';
export { createServedModel, type InferenceContext, type ServedModel, type ServedModelOptions } from './served-model.js';
