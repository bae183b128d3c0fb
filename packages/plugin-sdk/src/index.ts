export type * from '@falaj/contracts';
export type { StandardSchemaV1 } from '@standard-schema/spec';
export { definePlugin } from './define-plugin.js';
export { jsonDigest } from './json-digest.js';
export {
  isPluginError,
  PluginError,
  type PluginErrorCode,
  type PluginErrorOptions,
  throwIfCancelled,
} from './plugin-error.js';
export { checkTrainRequest, type TrainLimits } from './train-request.js';
