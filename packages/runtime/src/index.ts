export { type ErrorCode, errorCodes, type PlatformErrorCode } from './error-codes.js';
export { createLogger, type Logger } from './logger.js';
export { collectProcessMetrics, counter, duration, gauge, metricsRegistry } from './metrics.js';
export { isPlatformError, PlatformError, type PlatformErrorOptions, publicError } from './platform-error.js';
export { anonymous, type Principal } from './principal.js';
export {
  currentTraceId,
  currentTraceparent,
  startTracing,
  type TracingOptions,
  underTraceparent,
  withSpan,
} from './tracing.js';
