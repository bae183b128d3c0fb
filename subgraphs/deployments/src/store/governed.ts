import { type GovernedTable, governedTable } from '@falaj/subgraph-kit';
import type { InferSelectModel } from 'drizzle-orm';
import { endpoint, endpointRevision } from './tables.js';

export type EndpointRow = Omit<InferSelectModel<typeof endpoint>, 'workspaceId'>;
export type EndpointRevisionRow = Omit<InferSelectModel<typeof endpointRevision>, 'workspaceId' | 'model'>;

export const endpoints: GovernedTable<EndpointRow> = governedTable({
  noun: 'Endpoint',
  table: endpoint,
  id: endpoint.id,
  createdAt: endpoint.createdAt,
  fields: {
    id: endpoint.id,
    name: endpoint.name,
    state: endpoint.state,
    revision: endpoint.revision,
    modelVersionId: endpoint.modelVersionId,
    modelName: endpoint.modelName,
    modelVersion: endpoint.modelVersion,
    inputs: endpoint.inputs,
    outputs: endpoint.outputs,
    device: endpoint.device,
    compliance: endpoint.compliance,
    zone: endpoint.zone,
    ownerId: endpoint.ownerId,
    owner: endpoint.owner,
    createdAt: endpoint.createdAt,
  },
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
  fields: {
    id: endpointRevision.id,
    endpointId: endpointRevision.endpointId,
    revision: endpointRevision.revision,
    modelVersionId: endpointRevision.modelVersionId,
    modelVersion: endpointRevision.modelVersion,
    compliance: endpointRevision.compliance,
    zone: endpointRevision.zone,
    ownerId: endpointRevision.ownerId,
    owner: endpointRevision.owner,
    createdAt: endpointRevision.createdAt,
  },
  attributes: {
    workspaceId: endpointRevision.workspaceId,
    zone: endpointRevision.zone,
    ownerId: endpointRevision.ownerId,
  },
});
