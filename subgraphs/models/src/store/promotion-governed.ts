import { type GovernedTable, governedTable, shownColumns } from '@falaj/subgraph-kit';
import type { InferSelectModel } from 'drizzle-orm';
import { aliasProtection, gateSet, modelCard, promotion, promotionDecision } from './promotion-tables.js';

export type GateSetRow = Omit<InferSelectModel<typeof gateSet>, 'workspaceId' | 'ownerId' | 'modelId'>;
export type AliasProtectionRow = Omit<InferSelectModel<typeof aliasProtection>, 'workspaceId' | 'ownerId'>;
export type ModelCardRow = Omit<InferSelectModel<typeof modelCard>, 'workspaceId' | 'ownerId'>;
export type PromotionRow = Omit<InferSelectModel<typeof promotion>, 'workspaceId' | 'ownerId' | 'modelId'>;
export type PromotionDecisionRow = Omit<
  InferSelectModel<typeof promotionDecision>,
  'workspaceId' | 'byId' | 'sequence' | 'promotionId'
>;

export const gateSets: GovernedTable<GateSetRow> = governedTable({
  noun: 'GateSet',
  table: gateSet,
  id: gateSet.id,
  createdAt: gateSet.createdAt,
  fields: shownColumns(gateSet, ['workspaceId', 'ownerId', 'modelId']),
  attributes: { workspaceId: gateSet.workspaceId, modelName: gateSet.modelName },
});

export const aliasProtections: GovernedTable<AliasProtectionRow> = governedTable({
  noun: 'AliasProtection',
  table: aliasProtection,
  id: aliasProtection.id,
  createdAt: aliasProtection.createdAt,
  fields: shownColumns(aliasProtection, ['workspaceId', 'ownerId']),
  attributes: { workspaceId: aliasProtection.workspaceId },
});

export const modelCards: GovernedTable<ModelCardRow> = governedTable({
  noun: 'ModelCard',
  table: modelCard,
  id: modelCard.id,
  createdAt: modelCard.createdAt,
  fields: shownColumns(modelCard, ['workspaceId', 'ownerId']),
  attributes: { workspaceId: modelCard.workspaceId, zone: modelCard.zone, ownerId: modelCard.ownerId },
});

export const promotions: GovernedTable<PromotionRow> = governedTable({
  noun: 'Promotion',
  table: promotion,
  id: promotion.id,
  createdAt: promotion.createdAt,
  fields: shownColumns(promotion, ['workspaceId', 'ownerId', 'modelId']),
  attributes: {
    workspaceId: promotion.workspaceId,
    zone: promotion.zone,
    modelName: promotion.modelName,
    alias: promotion.alias,
    state: promotion.state,
    ownerId: promotion.ownerId,
  },
});

export const promotionDecisions: GovernedTable<PromotionDecisionRow> = governedTable({
  noun: 'PromotionDecision',
  table: promotionDecision,
  id: promotionDecision.id,
  createdAt: promotionDecision.sequence,
  fields: shownColumns(promotionDecision, ['workspaceId', 'byId', 'sequence', 'promotionId']),
  attributes: {
    workspaceId: promotionDecision.workspaceId,
    zone: promotionDecision.zone,
    role: promotionDecision.role,
  },
});
