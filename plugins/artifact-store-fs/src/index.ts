import path from 'node:path';
import { definePlugin } from '@falaj/plugin-sdk';
import { z } from 'zod';
import { openFileStore } from './file-store.js';

export default definePlugin({
  kind: 'artifact-store',
  name: 'fs',
  contract: 1,
  config: z.strictObject({
    /** Default: a folder of its own in the data directory. */
    directory: z.string().min(1).optional(),
  }),
  create: ({ directory }, host) => openFileStore(path.resolve(directory ?? host.directory), host.log),
});
