export { type CallOptions, createCall } from './call.js';
export { loadPlugins } from './load-plugins.js';
export type {
  LoadOptions,
  PluginCallRecord,
  PluginConfigEntry,
  PluginState,
  PluginStatus,
} from './plugin-config.js';
export type { PluginRegistry } from './registry.js';
export {
  type ArtifactPlace,
  type ArtifactVault,
  type CorruptArtifact,
  createArtifactVault,
  type RewrappedPage,
  type SealedArtifact,
} from './vault.js';
