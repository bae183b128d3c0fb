import { bigint, pgSchema, text, timestamp } from 'drizzle-orm/pg-core';

/** Read events with their fields by name, for reads under policy: a view, under the row-level security of its tables. */
export const dataAccessTable = pgSchema('audit').table('data_access', {
  id: text('event_id').notNull(),
  workspaceId: text('workspace_id').notNull(),
  at: timestamp('at', { withTimezone: true }).notNull(),
  readerId: text('principal_id').notNull(),
  readerKind: text('principal_kind').notNull(),
  onBehalfOf: text('on_behalf_of'),
  readerZone: text('reader_zone').notNull(),
  purpose: text('purpose'),
  operationHash: text('operation_hash'),
  policyVersion: bigint('policy_version', { mode: 'number' }).notNull(),
  subjectType: text('subject_type').notNull(),
  subjectIds: text('subject_ids').array().notNull(),
  fields: text('fields').array().notNull(),
  requestId: text('request_id').notNull(),
  traceId: text('trace_id'),
});
