import { definePlugin } from '@falaj/plugin-sdk';
import { z } from 'zod';
import { openOnlineStore } from './online-store.js';

export default definePlugin({
  kind: 'online-store',
  name: 'postgres',
  contract: 1,
  config: z.strictObject({
    /** Default: the secret `database-url`. */
    url: z.string().min(1).optional(),
    schema: z
      .string()
      .regex(/^[a-z_][a-z0-9_]{0,62}$/, 'expected a lower-case name')
      .default('online'),
    maxConnections: z.number().int().min(1).max(100).default(4),
  }),
  create: (config, host) => openOnlineStore({ ...config, url: config.url ?? host.secret('database-url') }),
});
