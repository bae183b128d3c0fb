import { definePlugin } from '@falaj/plugin-sdk';
import { z } from 'zod';

export default definePlugin({
  kind: 'offline-store',
  name: 'duckdb',
  contract: 1,
  config: z.strictObject({
    /** Folders that sources may be read from; a relative one is relative to the data directory. */
    folders: z.array(z.string().min(1)).min(1).default(['landing']),
    memoryLimit: z
      .string()
      .regex(/^\d+(\.\d+)?\s*(KB|MB|GB|TB)$/i, 'expected a size such as 2GB')
      .default('2GB'),
    threads: z.number().int().min(1).max(256).default(2),
    /** Largest source that is accepted, bytes. */
    maxSourceBytes: z
      .number()
      .int()
      .positive()
      .default(64 * 1024 ** 3),
  }),
  capabilities: ['window-features', 'known-time'],
  async create(config, host) {
    // The native library is loaded only when the plugin is opened.
    const { openOfflineStore } = await import('./offline-store.js');
    return openOfflineStore(config, host);
  },
});
