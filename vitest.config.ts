import { createRequire } from 'node:module';
import { defineConfig } from 'vitest/config';

const require = createRequire(import.meta.url);

export default defineConfig({
  resolve: {
    conditions: ['source', 'node'],
    // Vite would take graphql's ES module while externals take CommonJS: two realms, no schema works.
    alias: [{ find: /^graphql$/, replacement: require.resolve('graphql/index.js') }],
  },
  ssr: { resolve: { conditions: ['source', 'node'], externalConditions: ['source', 'node'] } },
  test: {
    include: [
      '{gateway,packages,plugins,subgraphs}/**/src/**/*.test.ts',
      'test/{journeys,security,conformance}/**/*.test.ts',
    ],
    globalSetup: 'test/run-setup.ts',
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // Most of the long files wait for leases, children and databases: two at a time keep two cores busy.
    maxWorkers: 2,
  },
});
