import type { Database } from '@falaj/database';
import type { PluginRegistry } from '@falaj/plugin-host';
import type { ResolvedConfig } from '../config.js';
import { describeTransport } from '../transport/secure-profile.js';

/** Whether everything that requests need answers, and what does not. */
export async function readiness(config: ResolvedConfig, database: Database, plugins: PluginRegistry) {
  const [stored, loaded] = await Promise.all([database.health(), plugins.health()]);
  const failing = loaded.plugins
    .filter((plugin) => plugin.state !== 'READY')
    .map((plugin) => `${plugin.kind}/${plugin.name}: ${plugin.detail}`);
  return {
    ready: stored.ok && loaded.ok,
    checks: {
      database: stored,
      transport: describeTransport(config),
      plugins: { ok: loaded.ok, ...(failing.length > 0 ? { detail: failing.join('; ') } : {}) },
    },
  };
}
