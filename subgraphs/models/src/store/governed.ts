import { type GovernedTable, governedTable } from '@falaj/subgraph-kit';
import type { InferSelectModel } from 'drizzle-orm';
import { aliasChange, model, modelAlias, modelVersion } from './tables.js';

export type ModelRow = Omit<InferSelectModel<typeof model>, 'workspaceId' | 'ownerId' | 'lastVersion'>;
export type ModelVersionRow = Omit<InferSelectModel<typeof modelVersion>, 'workspaceId' | 'ownerId' | 'trainedById'>;
export type ModelAliasRow = Omit<InferSelectModel<typeof modelAlias>, 'workspaceId' | 'setById' | 'modelId'>;
export type AliasChangeRow = Omit<
  InferSelectModel<typeof aliasChange>,
  'workspaceId' | 'byId' | 'modelId' | 'sequence'
>;

export const models: GovernedTable<ModelRow> = governedTable({
  noun: 'Model',
  table: model,
  id: model.id,
  createdAt: model.createdAt,
  fields: {
    id: model.id,
    name: model.name,
    description: model.description,
    owner: model.owner,
    createdAt: model.createdAt,
  },
  attributes: { workspaceId: model.workspaceId, name: model.name, ownerId: model.ownerId },
  relations: {
    versions: {
      to: () => modelVersions,
      on: [
        [model.workspaceId, modelVersion.workspaceId],
        [model.id, modelVersion.modelId],
      ],
    },
  },
});

export const modelVersions: GovernedTable<ModelVersionRow> = governedTable({
  noun: 'ModelVersion',
  table: modelVersion,
  id: modelVersion.id,
  createdAt: modelVersion.createdAt,
  fields: {
    id: modelVersion.id,
    modelId: modelVersion.modelId,
    modelName: modelVersion.modelName,
    version: modelVersion.version,
    state: modelVersion.state,
    origin: modelVersion.origin,
    runId: modelVersion.runId,
    trainingSetId: modelVersion.trainingSetId,
    trainingSetDigest: modelVersion.trainingSetDigest,
    featureViewVersions: modelVersion.featureViewVersions,
    signature: modelVersion.signature,
    servingPlan: modelVersion.servingPlan,
    artifactKey: modelVersion.artifactKey,
    digest: modelVersion.digest,
    format: modelVersion.format,
    evaluation: modelVersion.evaluation,
    parity: modelVersion.parity,
    intake: modelVersion.intake,
    codeReference: modelVersion.codeReference,
    environment: modelVersion.environment,
    categories: modelVersion.categories,
    allowedZones: modelVersion.allowedZones,
    zone: modelVersion.zone,
    owner: modelVersion.owner,
    createdAt: modelVersion.createdAt,
  },
  attributes: {
    workspaceId: modelVersion.workspaceId,
    zone: modelVersion.zone,
    modelName: modelVersion.modelName,
    version: modelVersion.version,
    ownerId: modelVersion.ownerId,
  },
  relations: {
    model: {
      to: () => models,
      on: [
        [modelVersion.workspaceId, model.workspaceId],
        [modelVersion.modelId, model.id],
      ],
    },
  },
});

export const modelAliases: GovernedTable<ModelAliasRow> = governedTable({
  noun: 'ModelAlias',
  table: modelAlias,
  id: modelAlias.id,
  createdAt: modelAlias.setAt,
  fields: {
    id: modelAlias.id,
    modelName: modelAlias.modelName,
    alias: modelAlias.alias,
    modelVersionId: modelAlias.modelVersionId,
    setAt: modelAlias.setAt,
    setBy: modelAlias.setBy,
  },
  attributes: { workspaceId: modelAlias.workspaceId, alias: modelAlias.alias, modelName: modelAlias.modelName },
});

export const aliasChanges: GovernedTable<AliasChangeRow> = governedTable({
  noun: 'AliasChange',
  table: aliasChange,
  id: aliasChange.id,
  // Instants of two changes may be equal; their sequence never is.
  createdAt: aliasChange.sequence,
  fields: {
    id: aliasChange.id,
    modelName: aliasChange.modelName,
    alias: aliasChange.alias,
    action: aliasChange.action,
    modelVersionId: aliasChange.modelVersionId,
    cause: aliasChange.cause,
    reason: aliasChange.reason,
    promotionId: aliasChange.promotionId,
    at: aliasChange.at,
    by: aliasChange.by,
  },
  attributes: { workspaceId: aliasChange.workspaceId, alias: aliasChange.alias, modelName: aliasChange.modelName },
});
