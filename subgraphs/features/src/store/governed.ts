import { type GovernedTable, governedTable } from '@falaj/subgraph-kit';
import type { InferSelectModel } from 'drizzle-orm';
import { dataSource, entity, featureService, featureView, materialization, trainingSet } from './tables.js';

type Shown<T, Hidden extends keyof T> = Omit<T, Hidden | 'workspaceId'>;

export type DataSourceRow = Shown<InferSelectModel<typeof dataSource>, never>;
export type EntityRow = Shown<InferSelectModel<typeof entity>, never>;
export type FeatureViewRow = Shown<InferSelectModel<typeof featureView>, never>;
export type FeatureServiceRow = Shown<InferSelectModel<typeof featureService>, never>;
export type TrainingSetRow = Shown<InferSelectModel<typeof trainingSet>, never>;
export type MaterializationRow = Shown<InferSelectModel<typeof materialization>, never>;

export const dataSources: GovernedTable<DataSourceRow> = governedTable({
  noun: 'DataSource',
  table: dataSource,
  id: dataSource.id,
  createdAt: dataSource.createdAt,
  fields: {
    id: dataSource.id,
    name: dataSource.name,
    format: dataSource.format,
    path: dataSource.path,
    columns: dataSource.columns,
    rows: dataSource.rows,
    bytes: dataSource.bytes,
    digest: dataSource.digest,
    categories: dataSource.categories,
    zone: dataSource.zone,
    ownerId: dataSource.ownerId,
    owner: dataSource.owner,
    createdAt: dataSource.createdAt,
  },
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
  fields: {
    id: entity.id,
    name: entity.name,
    description: entity.description,
    keys: entity.keys,
    ownerId: entity.ownerId,
    owner: entity.owner,
    createdAt: entity.createdAt,
  },
  attributes: { workspaceId: entity.workspaceId, name: entity.name, ownerId: entity.ownerId },
});

export const featureViews: GovernedTable<FeatureViewRow> = governedTable({
  noun: 'FeatureView',
  table: featureView,
  id: featureView.id,
  createdAt: featureView.createdAt,
  fields: {
    id: featureView.id,
    name: featureView.name,
    version: featureView.version,
    description: featureView.description,
    entityId: featureView.entityId,
    sourceId: featureView.sourceId,
    ttlSeconds: featureView.ttlSeconds,
    definition: featureView.definition,
    features: featureView.features,
    categories: featureView.categories,
    state: featureView.state,
    rows: featureView.rows,
    keys: featureView.keys,
    digest: featureView.digest,
    firstEventTime: featureView.firstEventTime,
    lastEventTime: featureView.lastEventTime,
    statistics: featureView.statistics,
    zone: featureView.zone,
    ownerId: featureView.ownerId,
    owner: featureView.owner,
    createdAt: featureView.createdAt,
  },
  attributes: {
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
  fields: {
    id: featureService.id,
    name: featureService.name,
    description: featureService.description,
    views: featureService.views,
    requestFeatures: featureService.requestFeatures,
    ownerId: featureService.ownerId,
    owner: featureService.owner,
    createdAt: featureService.createdAt,
  },
  attributes: { workspaceId: featureService.workspaceId, name: featureService.name, ownerId: featureService.ownerId },
});

export const trainingSets: GovernedTable<TrainingSetRow> = governedTable({
  noun: 'TrainingSet',
  table: trainingSet,
  id: trainingSet.id,
  createdAt: trainingSet.createdAt,
  fields: {
    id: trainingSet.id,
    name: trainingSet.name,
    featureServiceId: trainingSet.featureServiceId,
    labelSourceId: trainingSet.labelSourceId,
    rows: trainingSet.rows,
    digest: trainingSet.digest,
    manifest: trainingSet.manifest,
    columns: trainingSet.columns,
    artifactKey: trainingSet.artifactKey,
    artifactDigest: trainingSet.artifactDigest,
    servingPlan: trainingSet.servingPlan,
    categories: trainingSet.categories,
    allowedZones: trainingSet.allowedZones,
    firstEventTime: trainingSet.firstEventTime,
    lastEventTime: trainingSet.lastEventTime,
    zone: trainingSet.zone,
    ownerId: trainingSet.ownerId,
    owner: trainingSet.owner,
    createdAt: trainingSet.createdAt,
  },
  attributes: {
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
  fields: {
    id: materialization.id,
    featureViewId: materialization.featureViewId,
    asOf: materialization.asOf,
    rowsWritten: materialization.rowsWritten,
    rowsStale: materialization.rowsStale,
    startedAt: materialization.startedAt,
    finishedAt: materialization.finishedAt,
    zone: materialization.zone,
    ownerId: materialization.ownerId,
    owner: materialization.owner,
    createdAt: materialization.createdAt,
  },
  attributes: {
    workspaceId: materialization.workspaceId,
    zone: materialization.zone,
    ownerId: materialization.ownerId,
  },
});
