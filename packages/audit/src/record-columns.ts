import { type SQL, sql } from 'drizzle-orm';

/** Every member of an AuditRecord, of the table by the name `r`: what is listed is what is hashed. */
export const recordColumns: SQL = sql`r.record_id as "id", r.xid::text || '.' || r.id::text as "position",
  r.workspace_id as "workspaceId", to_char(r.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "at",
  r.actor_id as "actorId", r.actor_kind as "actorKind", r.on_behalf_of as "onBehalfOf", r.action as "action",
  r.subject_type as "subjectType", r.subject_id as "subjectId", r.outcome as "outcome", r.reason as "reason",
  r.request_id as "requestId", r.trace_id as "traceId", r.policy_version as "policyVersion", r.details as "details"`;
