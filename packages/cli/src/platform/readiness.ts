import type { Database } from '@falaj/database';
import type { PluginRegistry } from '@falaj/plugin-host';

/** Whether everything that requests need answers, and what does not. */
export async function readiness(database: Database, plugins: PluginRegistry) {
  const [stored, loaded] = await Promise.all([database.health(), plugins.health()]);
  const failing = loaded.plugins
    .filter((plugin) => plugin.state !== 'READY')
    .map((plugin) => `${plugin.kind}/${plugin.name}: ${plugin.detail}`);
  return {
    ready: stored.ok && loaded.ok,
    checks: {
      database: stored,
      plugins: { ok: loaded.ok, ...(failing.length > 0 ? { detail: failing.join('; ') } : {}) },
    },
  };
}
