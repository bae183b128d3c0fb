// The house's rules of direction. Each says what to do instead.
/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-cycle',
      comment:
        'Two files that need each other are one thing or lack a third: move the shared part out. (Entity classes of one schema folder refer to each other by Relation<T>.)',
      severity: 'error',
      from: { pathNot: '^subgraphs/[^/]+/src/schema/' },
      to: { circular: true, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'domain-is-pure',
      comment:
        'Domain code knows no graphql, drizzle, pg or casl: declare a port in domain/ and implement it in store/ or main.ts.',
      severity: 'error',
      from: { path: '^subgraphs/[^/]+/src/domain/' },
      to: {
        path: '(^subgraphs/[^/]+/src/(schema|store)/|node_modules/(graphql|type-graphql|drizzle-orm|pg|@casl)/|^packages/(database|policy|subgraph-kit)/)',
      },
    },
    {
      name: 'subgraphs-are-strangers',
      comment: 'Subgraphs meet by entity key through the graph (context.platform.graph) or by events; never by import.',
      severity: 'error',
      from: { path: '^subgraphs/([^/]+)/' },
      to: { path: '^subgraphs/([^/]+)/', pathNot: '^subgraphs/$1/' },
    },
    {
      name: 'plugins-see-only-sdk',
      comment:
        'A plugin imports @falaj/plugin-sdk, the contracts and its own dependencies; what it needs of the platform comes through the host.',
      severity: 'error',
      from: { path: '^plugins/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(packages|subgraphs|gateway)/', pathNot: '^packages/(plugin-sdk|contracts)/' },
    },
    {
      name: 'packages-look-down',
      comment:
        'Packages never import subgraphs, plugins or the gateway. The one exception is cli, the composition root.',
      severity: 'error',
      from: { path: '^packages/', pathNot: '(^packages/cli/|\\.test\\.ts$)' },
      to: { path: '^(subgraphs|plugins|gateway)/' },
    },
    {
      name: 'gateway-holds-no-business',
      comment:
        'The gateway knows the runtime only; what it needs of identity, policy or data is a port that the composition root fills.',
      severity: 'error',
      from: { path: '^gateway/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(packages|subgraphs|plugins)/', pathNot: '^packages/runtime/' },
    },
    {
      name: 'decorators-live-in-schema',
      comment:
        'type-graphql is used in schema/ folders and in subgraph-kit only, so that everything else runs without decorators.',
      severity: 'error',
      from: { pathNot: '(^subgraphs/[^/]+/src/schema/|^packages/subgraph-kit/|\\.test\\.ts$)' },
      to: { path: 'node_modules/type-graphql/' },
    },
    {
      name: 'no-deep-imports',
      comment: 'Import a package by its name: its exports are its promise.',
      severity: 'error',
      from: { path: '^(?:gateway|(packages|subgraphs|plugins)/([^/]+))/' },
      to: {
        path: '^(packages|subgraphs|plugins)/[^/]+/src/(?!index\\.ts|testing\\.ts|testing/requests\\.ts|inference/index\\.ts|onnx/index\\.ts|certificates/index\\.ts)',
        pathNot: '^$1/$2/',
      },
    },
    {
      name: 'tests-are-leaves',
      comment: 'Nothing that ships imports a test or the test folder.',
      severity: 'error',
      from: { pathNot: '(\\.test\\.ts$|^test/)' },
      to: { path: '(\\.test\\.ts$|^test/)' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(/dist/|\\.d\\.ts$)' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'node', 'default'],
      extensions: ['.ts', '.js', '.json'],
    },
  },
};
