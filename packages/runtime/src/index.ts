export { canonicalJson } from './canonical-json.js';
export { type ErrorCode, errorCodes, type PlatformErrorCode } from './error-codes.js';
export { createLogger, type Logger } from './logger.js';
export { collectProcessMetrics, counter, duration, gauge, metricsRegistry } from './metrics.js';
export { periodically } from './periodically.js';
export { isPlatformError, PlatformError, type PlatformErrorOptions, publicError } from './platform-error.js';
export { anonymous, type Principal } from './principal.js';
export { randomHex } from './random-hex.js';
export { RateBuckets } from './rate-buckets.js';
export { type Refusal, refusalText, refused, refusedByAll } from './refusal.js';
export { hideSecret, Secret, withoutSecrets } from './secret.js';
export {
  currentTraceId,
  currentTraceparent,
  startTracing,
  type TracingOptions,
  underTraceparent,
  withSpan,
} from './tracing.js';
export {
  defineWorkflow,
  type Flow,
  type Json,
  type StartWorkflow,
  type Step,
  type StepOptions,
  type WorkflowDefinition,
  type WorkflowEnd,
  type WorkflowEngine,
  type WorkflowError,
  type WorkflowLogLine,
  type WorkflowRef,
  type WorkflowSchedule,
  type WorkflowState,
  type WorkflowStatus,
  type WorkflowStep,
} from './workflow-engine.js';
