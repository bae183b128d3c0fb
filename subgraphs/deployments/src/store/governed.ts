import { type GovernedTable, governedTable, shownColumns } from '@falaj/subgraph-kit';
import type { InferSelectModel } from 'drizzle-orm';
import { endpoint, endpointRevision } from './tables.js';

export type EndpointRow = Omit<InferSelectModel<typeof endpoint>, 'workspaceId'>;
export type EndpointRevisionRow = Omit<InferSelectModel<typeof endpointRevision>, 'workspaceId' | 'model'>;

export const endpoints: GovernedTable<EndpointRow> = governedTable({
  noun: 'Endpoint',
  table: endpoint,
  id: endpoint.id,
  createdAt: endpoint.createdAt,
  fields: shownColumns(endpoint, ['workspaceId']),
  attributes: {
    workspaceId: endpoint.workspaceId,
    zone: endpoint.zone,
    name: endpoint.name,
    state: endpoint.state,
    ownerId: endpoint.ownerId,
  },
});

export const endpointRevisions: GovernedTable<EndpointRevisionRow> = governedTable({
  noun: 'EndpointRevision',
  table: endpointRevision,
  id: endpointRevision.id,
  createdAt: endpointRevision.createdAt,
  fields: shownColumns(endpointRevision, ['workspaceId', 'model']),
  attributes: {
    workspaceId: endpointRevision.workspaceId,
    zone: endpointRevision.zone,
    ownerId: endpointRevision.ownerId,
  },
});
