// Generates src/generated from the checked-in supergraph's API schema and the operations beside it.
export default {
  importExtension: '.js',
  schema: '../../schema.graphql',
  documents: ['src/operations/*.graphql'],
  generates: {
    'src/generated/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        useTypeImports: true,
        enumsAsTypes: true,
        scalars: { DateTime: 'string', JSONObject: 'Record<string, unknown>' },
        documentMode: 'documentNode',
      },
    },
  },
};
