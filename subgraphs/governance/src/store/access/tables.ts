import { type GovernedTable, governedTable, shownColumns } from '@falaj/subgraph-kit';
import type { InferSelectModel } from 'drizzle-orm';
import { integer, text } from 'drizzle-orm/pg-core';
import type { WaiverState } from '../compliance/tables.js';
import { governance, instant, ownership } from '../incidents/tables.js';

export const accessRequest = governance.table('access_request', {
  id: text('id').primaryKey(),
  ...ownership,
  kind: text('kind').$type<'REQUEST' | 'BREAK_GLASS'>().notNull(),
  role: text('role').notNull(),
  durationSeconds: integer('duration_seconds').notNull(),
  reason: text('reason').notNull(),
  state: text('state').$type<WaiverState>().notNull(),
  beginsAt: instant('begins_at'),
  endsAt: instant('ends_at'),
  bindingId: text('binding_id'),
  decidedById: text('decided_by_id'),
  decision: text('decision'),
  decidedAt: instant('decided_at'),
  incidentId: text('incident_id'),
  reviewedById: text('reviewed_by_id'),
  review: text('review'),
  reviewedAt: instant('reviewed_at'),
});

export type AccessRequestRow = Omit<InferSelectModel<typeof accessRequest>, 'workspaceId' | 'bindingId'>;

export const accessRequests: GovernedTable<AccessRequestRow> = governedTable({
  noun: 'AccessRequest',
  table: accessRequest,
  id: accessRequest.id,
  createdAt: accessRequest.createdAt,
  fields: shownColumns(accessRequest, ['workspaceId', 'bindingId']),
  attributes: {
    workspaceId: accessRequest.workspaceId,
    ownerId: accessRequest.ownerId,
    kind: accessRequest.kind,
    role: accessRequest.role,
    state: accessRequest.state,
  },
});
