import { type GovernedTable, governedTable, shownColumns } from '@falaj/subgraph-kit';
import type { InferSelectModel } from 'drizzle-orm';
import { monitor, monitorWindow } from './monitor-tables.js';

export type MonitorRow = Omit<
  InferSelectModel<typeof monitor>,
  'workspaceId' | 'reference' | 'positionId' | 'leaseOwner' | 'leaseUntil'
>;

export const monitors: GovernedTable<MonitorRow> = governedTable({
  noun: 'Monitor',
  table: monitor,
  id: monitor.id,
  createdAt: monitor.createdAt,
  fields: shownColumns(monitor, ['workspaceId', 'reference', 'positionId', 'leaseOwner', 'leaseUntil']),
  attributes: {
    workspaceId: monitor.workspaceId,
    zone: monitor.zone,
    name: monitor.name,
    state: monitor.state,
    ownerId: monitor.ownerId,
  },
});

export type MonitorWindowRow = Omit<InferSelectModel<typeof monitorWindow>, 'workspaceId'>;

export const monitorWindows: GovernedTable<MonitorWindowRow> = governedTable({
  noun: 'MonitorWindow',
  table: monitorWindow,
  id: monitorWindow.id,
  createdAt: monitorWindow.createdAt,
  fields: shownColumns(monitorWindow, ['workspaceId']),
  attributes: { workspaceId: monitorWindow.workspaceId, zone: monitorWindow.zone },
});
