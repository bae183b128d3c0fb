import { type GovernedTable, governedTable, shownColumns } from '@falaj/subgraph-kit';
import type { InferSelectModel } from 'drizzle-orm';
import { dataSource, entity, featureService, featureView, materialization, trainingSet } from './tables.js';

type Shown<T> = Omit<T, 'workspaceId'>;

export type DataSourceRow = Shown<InferSelectModel<typeof dataSource>>;
export type EntityRow = Shown<InferSelectModel<typeof entity>>;
export type FeatureViewRow = Shown<InferSelectModel<typeof featureView>>;
export type FeatureServiceRow = Shown<InferSelectModel<typeof featureService>>;
export type TrainingSetRow = Shown<InferSelectModel<typeof trainingSet>>;
export type MaterializationRow = Shown<InferSelectModel<typeof materialization>>;

export const dataSources: GovernedTable<DataSourceRow> = governedTable({
  noun: 'DataSource',
  table: dataSource,
  id: dataSource.id,
  createdAt: dataSource.createdAt,
  fields: shownColumns(dataSource, ['workspaceId']),
  attributes: {
    workspaceId: dataSource.workspaceId,
    zone: dataSource.zone,
    name: dataSource.name,
    ownerId: dataSource.ownerId,
  },
});

export const entities: GovernedTable<EntityRow> = governedTable({
  noun: 'Entity',
  table: entity,
  id: entity.id,
  createdAt: entity.createdAt,
  fields: shownColumns(entity, ['workspaceId']),
  attributes: { workspaceId: entity.workspaceId, name: entity.name, ownerId: entity.ownerId },
});

export const featureViews: GovernedTable<FeatureViewRow> = governedTable({
  noun: 'FeatureView',
  table: featureView,
  id: featureView.id,
  createdAt: featureView.createdAt,
  fields: shownColumns(featureView, ['workspaceId']),
  attributes: {
    id: featureView.id,
    workspaceId: featureView.workspaceId,
    zone: featureView.zone,
    name: featureView.name,
    state: featureView.state,
    ownerId: featureView.ownerId,
  },
});

export const featureServices: GovernedTable<FeatureServiceRow> = governedTable({
  noun: 'FeatureService',
  table: featureService,
  id: featureService.id,
  createdAt: featureService.createdAt,
  fields: shownColumns(featureService, ['workspaceId']),
  attributes: { workspaceId: featureService.workspaceId, name: featureService.name, ownerId: featureService.ownerId },
});

export const trainingSets: GovernedTable<TrainingSetRow> = governedTable({
  noun: 'TrainingSet',
  table: trainingSet,
  id: trainingSet.id,
  createdAt: trainingSet.createdAt,
  fields: shownColumns(trainingSet, ['workspaceId']),
  attributes: {
    id: trainingSet.id,
    workspaceId: trainingSet.workspaceId,
    zone: trainingSet.zone,
    name: trainingSet.name,
    ownerId: trainingSet.ownerId,
  },
});

export const materializations: GovernedTable<MaterializationRow> = governedTable({
  noun: 'Materialization',
  table: materialization,
  id: materialization.id,
  createdAt: materialization.createdAt,
  fields: shownColumns(materialization, ['workspaceId']),
  attributes: {
    workspaceId: materialization.workspaceId,
    zone: materialization.zone,
    ownerId: materialization.ownerId,
  },
});
