import { type GovernedTable, governedTable, shownColumns } from '@falaj/subgraph-kit';
import type { InferSelectModel } from 'drizzle-orm';
import { abTest, revisionActivation, rollout, shadow, trafficSplit } from './rollout-tables.js';
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
  relations: {
    endpoint: {
      to: () => endpoints,
      on: [
        [endpointRevision.workspaceId, endpoint.workspaceId],
        [endpointRevision.endpointId, endpoint.id],
      ],
    },
  },
});

export type TrafficSplitRow = Omit<InferSelectModel<typeof trafficSplit>, 'workspaceId'>;

export const trafficSplits: GovernedTable<TrafficSplitRow> = governedTable({
  noun: 'TrafficSplit',
  table: trafficSplit,
  id: trafficSplit.id,
  createdAt: trafficSplit.createdAt,
  fields: shownColumns(trafficSplit, ['workspaceId']),
  attributes: { workspaceId: trafficSplit.workspaceId, zone: trafficSplit.zone, ownerId: trafficSplit.ownerId },
});

export type RevisionActivationRow = Omit<InferSelectModel<typeof revisionActivation>, 'workspaceId'>;

export const revisionActivations: GovernedTable<RevisionActivationRow> = governedTable({
  noun: 'RevisionActivation',
  table: revisionActivation,
  id: revisionActivation.id,
  createdAt: revisionActivation.at,
  fields: shownColumns(revisionActivation, ['workspaceId']),
  attributes: { workspaceId: revisionActivation.workspaceId, zone: revisionActivation.zone },
});

export type RolloutRow = Omit<
  InferSelectModel<typeof rollout>,
  'workspaceId' | 'incidentDue' | 'leaseOwner' | 'leaseUntil'
>;

export const rollouts: GovernedTable<RolloutRow> = governedTable({
  noun: 'Rollout',
  table: rollout,
  id: rollout.id,
  createdAt: rollout.createdAt,
  fields: shownColumns(rollout, ['workspaceId', 'incidentDue', 'leaseOwner', 'leaseUntil']),
  attributes: { workspaceId: rollout.workspaceId, zone: rollout.zone, ownerId: rollout.ownerId },
});

export type ShadowRow = Omit<InferSelectModel<typeof shadow>, 'workspaceId'>;

export const shadows: GovernedTable<ShadowRow> = governedTable({
  noun: 'Shadow',
  table: shadow,
  id: shadow.id,
  createdAt: shadow.createdAt,
  fields: shownColumns(shadow, ['workspaceId']),
  attributes: { workspaceId: shadow.workspaceId, zone: shadow.zone, ownerId: shadow.ownerId },
});

export type AbTestRow = Omit<InferSelectModel<typeof abTest>, 'workspaceId'>;

export const abTests: GovernedTable<AbTestRow> = governedTable({
  noun: 'AbTest',
  table: abTest,
  id: abTest.id,
  createdAt: abTest.createdAt,
  fields: shownColumns(abTest, ['workspaceId']),
  attributes: { workspaceId: abTest.workspaceId, zone: abTest.zone, ownerId: abTest.ownerId },
});
