import { type GovernedTable, governedTable, shownColumns } from '@falaj/subgraph-kit';
import type { InferSelectModel } from 'drizzle-orm';
import { incident, incidentEvent } from './tables.js';

export type IncidentRecord = InferSelectModel<typeof incident>;
export type IncidentRow = Omit<IncidentRecord, 'workspaceId' | 'responseClock' | 'resolutionClock' | 'clockDueAt'>;
export type IncidentEventRow = Omit<InferSelectModel<typeof incidentEvent>, 'workspaceId'>;

export const incidents: GovernedTable<IncidentRow> = governedTable({
  noun: 'Incident',
  table: incident,
  id: incident.id,
  createdAt: incident.createdAt,
  fields: shownColumns(incident, ['workspaceId', 'responseClock', 'resolutionClock', 'clockDueAt']),
  attributes: {
    workspaceId: incident.workspaceId,
    zone: incident.zone,
    state: incident.state,
    priority: incident.priority,
    category: incident.category,
    ownerId: incident.ownerId,
    assigneeId: incident.assigneeId,
  },
});

export const incidentEvents: GovernedTable<IncidentEventRow> = governedTable({
  noun: 'IncidentEvent',
  table: incidentEvent,
  id: incidentEvent.id,
  createdAt: incidentEvent.createdAt,
  fields: shownColumns(incidentEvent, ['workspaceId']),
  attributes: { workspaceId: incidentEvent.workspaceId, zone: incidentEvent.zone, kind: incidentEvent.kind },
});
