// Wires the models subgraph; nothing else.
import { fileURLToPath } from 'node:url';
import { referencesTo, type SubgraphDefinition } from '@falaj/subgraph-kit';
import { rules } from './policy.js';
import { ModelResolver } from './schema/model.js';
import { AliasChangeResolver, ModelAliasResolver } from './schema/model-alias.js';
import { Run, TrainingSet } from './schema/model-types.js';
import { ModelVersionResolver } from './schema/model-version.js';
import { RunModelVersionsResolver } from './schema/run.js';
import { aliasChanges, modelAliases, models, modelVersions } from './store/governed.js';

export const modelsSubgraph: SubgraphDefinition<undefined> = {
  name: 'models',
  resolvers: [ModelResolver, ModelVersionResolver, ModelAliasResolver, AliasChangeResolver, RunModelVersionsResolver],
  orphanedTypes: [Run, TrainingSet],
  tables: [models, modelVersions, modelAliases, aliasChanges],
  references: {
    ...referencesTo([models, modelVersions]),
    Run: async (ids) => ids.map((id) => ({ id })),
  },
  rules,
  migrations: { name: 'models', folder: fileURLToPath(new URL('../migrations', import.meta.url)) },
  createServices: async () => ({ services: undefined }),
};
