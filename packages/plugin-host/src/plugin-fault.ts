import { isPluginError, type PluginErrorCode } from '@falaj/plugin-sdk';
import { isPlatformError, PlatformError, type PlatformErrorCode, withoutSecrets } from '@falaj/runtime';

const codes: Readonly<Record<PluginErrorCode, PlatformErrorCode>> = {
  BAD_INPUT: 'BAD_USER_INPUT',
  NOT_FOUND: 'NOT_FOUND',
  CONFLICT: 'CONFLICT',
  UNSUPPORTED: 'PLUGIN_FAILED',
  UNAVAILABLE: 'PLUGIN_UNAVAILABLE',
  CORRUPT: 'ARTIFACT_CORRUPT',
  CANCELLED: 'PLUGIN_FAILED',
  FAILED: 'PLUGIN_FAILED',
};

/** Detail of the error of every call that ran when the plugin's process ended. */
export const PROCESS_ENDED = 'processEnded';

/** What the platform throws for whatever a plugin threw; the original stays as the cause. */
export function platformErrorOf(plugin: string, method: string, thrown: unknown): PlatformError {
  if (isPlatformError(thrown)) return thrown;
  if (isPluginError(thrown)) {
    return new PlatformError(codes[thrown.code], `Plugin ${plugin}, ${method}: ${withoutSecrets(thrown.message)}`, {
      cause: thrown,
      details: {
        ...thrown.details,
        plugin,
        method,
        pluginCode: thrown.code,
        ...(thrown.code === 'CANCELLED' ? { cancelled: true } : {}),
      },
    });
  }
  // A foreign error's message may hold anything (a connection string, a row): it goes to the log, not to the caller.
  return new PlatformError('PLUGIN_FAILED', `Plugin ${plugin}, ${method}: it failed with an unexpected error.`, {
    cause: thrown,
    details: { plugin, method },
  });
}

/** Does it speak against the plugin (false), or is it an answer (true), or neither (null)? */
export function speaksForPlugin(thrown: unknown): boolean | null {
  if (isPluginError(thrown)) {
    if (thrown.code === 'CANCELLED') return null;
    // One crash fails many calls, and the process host already waits, restarts and quarantines.
    if (thrown.details[PROCESS_ENDED]) return null;
    return thrown.code !== 'UNAVAILABLE' && thrown.code !== 'FAILED';
  }
  return false;
}
