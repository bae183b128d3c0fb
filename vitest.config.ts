import { createRequire } from 'node:module';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const require = createRequire(import.meta.url);

/** What starts whole platforms takes longest: last, it would keep one worker busy while the others have nothing left. */
class PlatformsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) =>
      ['/test/journeys/', '/test/security/', '/test/'].findIndex((folder) => moduleId.includes(folder)) >>> 0;
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

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
    sequence: { sequencer: PlatformsFirst },
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // The long files start platforms, which have processes of their own: two at a time keep two cores busy.
    maxWorkers: 2,
  },
});
