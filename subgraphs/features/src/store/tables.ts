import type { FeatureStatistics, TrainingColumn } from '@falaj/contracts';
import { bigint, integer, jsonb, pgSchema, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import type { SourceColumn } from '../domain/data-source.js';
import type { ServiceRequestFeature, ServiceView } from '../domain/feature-service.js';
import type { FeatureDefinition, ViewDefinition } from '../domain/feature-view.js';
import type { FeaturePlan, TrainingSetManifest } from '../domain/training-set.js';

const schema = pgSchema('features');
const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });
const count = (name: string) => bigint(name, { mode: 'number' });
const ownership = {
  workspaceId: text('workspace_id').notNull(),
  ownerId: text('owner_id').notNull(),
  owner: text('owner').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
};

export const dataSource = schema.table('data_source', {
  id: text('id').primaryKey(),
  ...ownership,
  zone: text('zone').notNull(),
  name: text('name').notNull(),
  format: text('format').$type<'JSON' | 'CSV' | 'PARQUET'>().notNull(),
  path: text('path').notNull(),
  columns: jsonb('columns').$type<SourceColumn[]>().notNull(),
  rows: count('rows').notNull(),
  bytes: count('bytes').notNull(),
  digest: text('digest').notNull(),
  categories: text('categories').array().notNull(),
});

export const entity = schema.table('entity', {
  id: text('id').primaryKey(),
  ...ownership,
  name: text('name').notNull(),
  description: text('description').notNull(),
  keys: text('keys').array().notNull(),
  subjectKey: text('subject_key'),
});

export const featureView = schema.table('feature_view', {
  id: text('id').primaryKey(),
  ...ownership,
  zone: text('zone').notNull(),
  name: text('name').notNull(),
  version: integer('version').notNull(),
  description: text('description').notNull(),
  entityId: text('entity_id').notNull(),
  sourceId: text('source_id').notNull(),
  ttlSeconds: count('ttl_seconds'),
  definition: jsonb('definition').$type<ViewDefinition>().notNull(),
  features: jsonb('features').$type<FeatureDefinition[]>().notNull(),
  categories: text('categories').array().notNull(),
  state: text('state').$type<'CREATED' | 'BUILT'>().notNull(),
  rows: count('rows'),
  keys: count('keys'),
  digest: text('digest'),
  firstEventTime: instant('first_event_time'),
  lastEventTime: instant('last_event_time'),
  statistics: jsonb('statistics').$type<FeatureStatistics[]>(),
});

export const featureViewName = schema.table(
  'feature_view_name',
  {
    workspaceId: text('workspace_id').notNull(),
    name: text('name').notNull(),
    versions: integer('versions').notNull(),
  },
  (table) => [primaryKey({ columns: [table.workspaceId, table.name] })],
);

export const featureService = schema.table('feature_service', {
  id: text('id').primaryKey(),
  ...ownership,
  name: text('name').notNull(),
  description: text('description').notNull(),
  views: jsonb('views').$type<ServiceView[]>().notNull(),
  requestFeatures: jsonb('request_features').$type<ServiceRequestFeature[]>().notNull(),
});

export const trainingSet = schema.table('training_set', {
  id: text('id').primaryKey(),
  ...ownership,
  zone: text('zone').notNull(),
  name: text('name').notNull(),
  featureServiceId: text('feature_service_id').notNull(),
  labelSourceId: text('label_source_id').notNull(),
  rows: count('rows').notNull(),
  digest: text('digest').notNull(),
  manifest: jsonb('manifest').$type<TrainingSetManifest>().notNull(),
  columns: jsonb('columns').$type<TrainingColumn[]>().notNull(),
  artifactKey: text('artifact_key').notNull(),
  artifactDigest: text('artifact_digest').notNull(),
  servingPlan: jsonb('serving_plan').$type<FeaturePlan>().notNull(),
  categories: text('categories').array().notNull(),
  allowedZones: text('allowed_zones').array().notNull(),
  firstEventTime: instant('first_event_time'),
  lastEventTime: instant('last_event_time'),
  transferInstruments: text('transfer_instruments').array().notNull().default([]),
  permittedUntil: instant('permitted_until'),
});

export const trainingSetView = schema.table(
  'training_set_view',
  {
    workspaceId: text('workspace_id').notNull(),
    trainingSetId: text('training_set_id').notNull(),
    featureViewId: text('feature_view_id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.trainingSetId, table.featureViewId] })],
);

export const erasedSubject = schema.table(
  'erased_subject',
  {
    workspaceId: text('workspace_id').notNull(),
    zone: text('zone').notNull(),
    lookup: text('lookup').notNull(),
    erasureId: text('erasure_id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.workspaceId, table.zone, table.lookup] })],
);

export const trainingSetRedaction = schema.table(
  'training_set_redaction',
  {
    workspaceId: text('workspace_id').notNull(),
    zone: text('zone').notNull(),
    trainingSetId: text('training_set_id').notNull(),
    erasureId: text('erasure_id').notNull(),
    rowsRemoved: count('rows_removed').notNull(),
    digestBefore: text('digest_before').notNull(),
    artifactDigestBefore: text('artifact_digest_before').notNull(),
    redactedAt: instant('redacted_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.trainingSetId, table.erasureId] })],
);

export const materialization = schema.table('materialization', {
  id: text('id').primaryKey(),
  ...ownership,
  zone: text('zone').notNull(),
  featureViewId: text('feature_view_id').notNull(),
  asOf: instant('as_of').notNull(),
  rowsWritten: count('rows_written').notNull(),
  rowsStale: count('rows_stale').notNull(),
  startedAt: instant('started_at').notNull(),
  finishedAt: instant('finished_at').notNull(),
});
