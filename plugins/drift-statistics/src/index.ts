import { definePlugin } from '@falaj/plugin-sdk';
import { z } from 'zod';
import { openDrift } from './drift.js';

/** Drift `statistics`: PSI, Kolmogorov-Smirnov, chi-square, Jensen-Shannon and Wasserstein against a fixed reference. */
export default definePlugin({
  kind: 'drift',
  name: 'statistics',
  contract: 1,
  config: z.strictObject({}),
  create: () => openDrift(),
});
