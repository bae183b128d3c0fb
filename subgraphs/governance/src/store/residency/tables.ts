import { type GovernedTable, governedTable, shownColumns } from '@falaj/subgraph-kit';
import type { InferSelectModel } from 'drizzle-orm';
import { text } from 'drizzle-orm/pg-core';
import type { WaiverState } from '../compliance/tables.js';
import { governance, instant, ownership } from '../incidents/tables.js';

export const transferInstrument = governance.table('transfer_instrument', {
  id: text('id').primaryKey(),
  ...ownership,
  type: text('type').notNull(),
  dataZone: text('data_zone').notNull(),
  categories: text('categories').array().notNull(),
  targetZones: text('target_zones').array().notNull(),
  reference: text('reference').notNull(),
  documentDigest: text('document_digest'),
  reason: text('reason').notNull(),
  validFrom: instant('valid_from').notNull(),
  validTo: instant('valid_to').notNull(),
  state: text('state').$type<WaiverState>().notNull(),
  decidedById: text('decided_by_id'),
  decision: text('decision'),
  decidedAt: instant('decided_at'),
});

export type TransferInstrumentRow = Omit<InferSelectModel<typeof transferInstrument>, 'workspaceId'>;

export const transferInstruments: GovernedTable<TransferInstrumentRow> = governedTable({
  noun: 'TransferInstrument',
  table: transferInstrument,
  id: transferInstrument.id,
  createdAt: transferInstrument.createdAt,
  fields: shownColumns(transferInstrument, ['workspaceId']),
  attributes: {
    workspaceId: transferInstrument.workspaceId,
    ownerId: transferInstrument.ownerId,
    type: transferInstrument.type,
    dataZone: transferInstrument.dataZone,
    state: transferInstrument.state,
  },
});
