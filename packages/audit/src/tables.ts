import { bigint, jsonb, pgSchema, text, timestamp } from 'drizzle-orm/pg-core';

/** For reads under policy. The order of the log is not among the columns: `listAudit` reads by it. */
export const auditRecordTable = pgSchema('audit').table('record', {
  id: text('record_id').notNull(),
  workspaceId: text('workspace_id').notNull(),
  at: timestamp('at', { withTimezone: true }).notNull(),
  actorId: text('actor_id').notNull(),
  actorKind: text('actor_kind').notNull(),
  onBehalfOf: text('on_behalf_of'),
  action: text('action').notNull(),
  subjectType: text('subject_type').notNull(),
  subjectId: text('subject_id'),
  outcome: text('outcome').notNull(),
  reason: text('reason'),
  requestId: text('request_id').notNull(),
  traceId: text('trace_id'),
  policyVersion: bigint('policy_version', { mode: 'number' }),
  details: jsonb('details').$type<Record<string, unknown>>().notNull(),
});
