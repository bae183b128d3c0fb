import { definePlugin } from '@falaj/plugin-sdk';
import { z } from 'zod';
import { openLocalKeys } from './local-keys.js';

export default definePlugin({
  kind: 'keys',
  name: 'local',
  contract: 1,
  config: z.strictObject({
    /** `secret` takes the secret `keys-local-master` instead of a file beside the keys. */
    master: z.enum(['file', 'secret']).default('file'),
  }),
  create: ({ master }, host) => openLocalKeys(master, host),
});
