import { definePlugin } from '@falaj/plugin-sdk';
import { z } from 'zod';
import { openCompliance } from './compliance.js';

export type { WorkspaceSnapshot } from './snapshot.js';

/** Compliance `workspace`: residency, access, logging, cryptography, models and operations of a whole workspace. */
export default definePlugin({
  kind: 'compliance',
  name: 'workspace',
  contract: 1,
  config: z.strictObject({}),
  capabilities: ['workspace', 'severity'],
  create: () => openCompliance(),
});
