import { type GovernedTable, governedTable, shownColumns } from '@falaj/subgraph-kit';
import type { InferSelectModel } from 'drizzle-orm';
import { pipeline, pipelineDecision, pipelineRun, pipelineStage, pipelineTrigger } from './pipeline-tables.js';

export type PipelineRow = Omit<InferSelectModel<typeof pipeline>, 'workspaceId'>;
export type PipelineRunRow = Omit<InferSelectModel<typeof pipelineRun>, 'workspaceId' | 'requesterIds'>;
export type PipelineStageRow = Omit<InferSelectModel<typeof pipelineStage>, 'workspaceId' | 'zone' | 'cacheKey'>;
export type PipelineDecisionRow = Omit<InferSelectModel<typeof pipelineDecision>, 'workspaceId' | 'zone'>;
export type PipelineTriggerRow = Omit<InferSelectModel<typeof pipelineTrigger>, 'workspaceId'>;

export const pipelines: GovernedTable<PipelineRow> = governedTable({
  noun: 'Pipeline',
  table: pipeline,
  id: pipeline.id,
  createdAt: pipeline.createdAt,
  fields: shownColumns(pipeline, ['workspaceId']),
  attributes: { workspaceId: pipeline.workspaceId, name: pipeline.name, ownerId: pipeline.ownerId },
});

export const pipelineRuns: GovernedTable<PipelineRunRow> = governedTable({
  noun: 'PipelineRun',
  table: pipelineRun,
  id: pipelineRun.id,
  createdAt: pipelineRun.createdAt,
  fields: shownColumns(pipelineRun, ['workspaceId', 'requesterIds']),
  attributes: {
    workspaceId: pipelineRun.workspaceId,
    zone: pipelineRun.zone,
    pipelineName: pipelineRun.pipelineName,
    state: pipelineRun.state,
    ownerId: pipelineRun.ownerId,
  },
});

export const pipelineStages: GovernedTable<PipelineStageRow> = governedTable({
  noun: 'PipelineStage',
  table: pipelineStage,
  id: pipelineStage.id,
  createdAt: pipelineStage.createdAt,
  fields: shownColumns(pipelineStage, ['workspaceId', 'zone', 'cacheKey']),
  attributes: {
    workspaceId: pipelineStage.workspaceId,
    zone: pipelineStage.zone,
    name: pipelineStage.name,
    type: pipelineStage.type,
    state: pipelineStage.state,
  },
});

export const pipelineDecisions: GovernedTable<PipelineDecisionRow> = governedTable({
  noun: 'PipelineDecision',
  table: pipelineDecision,
  id: pipelineDecision.id,
  createdAt: pipelineDecision.createdAt,
  fields: shownColumns(pipelineDecision, ['workspaceId', 'zone']),
  attributes: {
    workspaceId: pipelineDecision.workspaceId,
    zone: pipelineDecision.zone,
    role: pipelineDecision.role,
    ownerId: pipelineDecision.ownerId,
  },
});

export const pipelineTriggers: GovernedTable<PipelineTriggerRow> = governedTable({
  noun: 'PipelineTrigger',
  table: pipelineTrigger,
  id: pipelineTrigger.id,
  createdAt: pipelineTrigger.createdAt,
  fields: shownColumns(pipelineTrigger, ['workspaceId']),
  attributes: {
    workspaceId: pipelineTrigger.workspaceId,
    zone: pipelineTrigger.zone,
    name: pipelineTrigger.name,
    pipelineName: pipelineTrigger.pipelineName,
    ownerId: pipelineTrigger.ownerId,
  },
});
