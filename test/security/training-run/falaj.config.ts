// The repository's own configuration, with a trainer whose programs may ask the graph as their run.
import { join } from 'node:path';
import { defineConfig } from '@falaj/cli';
import base from '../../../falaj.config.ts';

export default defineConfig({
  ...base,
  plugins: [
    ...base.plugins,
    {
      use: '@falaj/plugin-trainer-process',
      config: {
        commands: {
          // Hands its token to the test and waits to be let go on.
          hold: {
            argv: [process.execPath, join(import.meta.dirname, 'hold.mjs')],
            environment: { MEETING_PLACE: process.env.FALAJ_TEST_MEETING_PLACE ?? '' },
            platformAccess: true,
          },
          deaf: { argv: [process.execPath, join(import.meta.dirname, 'deaf.mjs')] },
          linear: {
            argv: ['python3', join(import.meta.dirname, 'linear.py')],
            parameters: { epochs: 3, learningRate: 0.05, batchSize: 512 },
            platformAccess: true,
          },
        },
      },
    },
  ],
});
