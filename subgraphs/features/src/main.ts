// Wires the features subgraph; nothing else.
import { fileURLToPath } from 'node:url';
import { ReaderZones, referencesTo, type SubgraphDefinition, SubjectKeys } from '@falaj/subgraph-kit';
import { rules } from './policy.js';
import type { FeaturesServices } from './schema/context.js';
import { DataSourceResolver } from './schema/data-source.js';
import { EntityResolver } from './schema/entity.js';
import { EraseSubjectResolver } from './schema/erase-subject.js';
import { FeatureServiceResolver } from './schema/feature-service.js';
import { FeatureViewResolver } from './schema/feature-view.js';
import { MaterializationResolver } from './schema/online.js';
import { TrainingSetResolver } from './schema/training-set.js';
import {
  dataSources,
  entities,
  featureServices,
  featureViews,
  materializations,
  trainingSets,
} from './store/governed.js';

const tables = [dataSources, entities, featureViews, featureServices, trainingSets, materializations];

export const featuresSubgraph: SubgraphDefinition<FeaturesServices> = {
  name: 'features',
  resolvers: [
    DataSourceResolver,
    EntityResolver,
    FeatureViewResolver,
    FeatureServiceResolver,
    TrainingSetResolver,
    MaterializationResolver,
    EraseSubjectResolver,
  ],
  tables,
  attributes: {
    SampleCell: { columnClass: 'string' },
    OnlineValue: { columnClass: 'string' },
    FeatureStatistics: { columnClass: 'string' },
  },
  references: referencesTo(tables),
  filterFields: { 'FeatureViewFilter.entityId': 'FeatureView.entity' },
  rules,
  migrations: { name: 'features', folder: fileURLToPath(new URL('../migrations', import.meta.url)) },
  createServices: async ({ database, plugins, graph }) => {
    const subjects = new SubjectKeys(database, plugins);
    await subjects.start();
    return { services: { subjects, readers: new ReaderZones(graph) }, stop: () => subjects.stop() };
  },
};
