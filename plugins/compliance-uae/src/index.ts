import { definePlugin } from '@falaj/plugin-sdk';
import { z } from 'zod';
import { openCompliance } from './compliance.js';
import { residencyRules, uaeResidency } from './residency-rules.js';

export type { ResidencyRule } from './residency-rules.js';
export { type DeploymentSnapshot, deploymentSnapshot } from './snapshot.js';

/** Compliance `uae`: residency under UAE law, and a model's evaluation, integrity and provenance, before it is deployed. */
export default definePlugin({
  kind: 'compliance',
  name: 'uae',
  contract: 1,
  config: z.strictObject({
    /** Replaces the built-in table of residency rules as a whole. */
    residency: residencyRules.default([...uaeResidency]),
  }),
  capabilities: ['deployment'],
  create: ({ residency }) => openCompliance(residency),
});
