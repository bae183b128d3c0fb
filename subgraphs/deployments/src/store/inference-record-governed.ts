import { type GovernedTable, governedTable, shownColumns } from '@falaj/subgraph-kit';
import type { InferSelectModel } from 'drizzle-orm';
import { inferenceLog, inferenceRecord } from './inference-record-tables.js';

type Shown = Omit<InferSelectModel<typeof inferenceLog>, 'workspaceId' | 'wrappedKey' | 'endpointId'>;
/** An endpoint has one log: the log's id is that of its endpoint. */
export type InferenceLogRow = Shown & { readonly id: string };

export const inferenceLogs: GovernedTable<InferenceLogRow> = governedTable({
  noun: 'InferenceLog',
  table: inferenceLog,
  id: inferenceLog.endpointId,
  createdAt: inferenceLog.updatedAt,
  fields: { ...shownColumns(inferenceLog, ['workspaceId', 'wrappedKey', 'endpointId']), id: inferenceLog.endpointId },
  attributes: { workspaceId: inferenceLog.workspaceId, zone: inferenceLog.zone, ownerId: inferenceLog.ownerId },
});

export type InferenceRecordRow = Omit<InferSelectModel<typeof inferenceRecord>, 'workspaceId' | 'scores'>;

export const inferenceRecords: GovernedTable<InferenceRecordRow> = governedTable({
  noun: 'InferenceRecord',
  table: inferenceRecord,
  id: inferenceRecord.id,
  createdAt: inferenceRecord.at,
  fields: shownColumns(inferenceRecord, ['workspaceId', 'scores']),
  attributes: { workspaceId: inferenceRecord.workspaceId, zone: inferenceRecord.zone },
});
