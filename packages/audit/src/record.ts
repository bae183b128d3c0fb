import type { Database, Tx, WorkspaceScope } from '@falaj/database';
import { canonicalJson, PlatformError } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import type { AuditEntry } from './audit-record.js';

/** Where acts of callers without a workspace are recorded; no workspace bears this id. */
export const NO_WORKSPACE = 'none';

/**
 * Writes the record in the caller's transaction: both are committed or neither. An error here must reach the end of the
 * transaction, so do not catch it.
 */
export async function recordAudit(tx: Tx, entry: AuditEntry): Promise<void> {
  await tx.execute(sql`
    insert into audit.record (workspace_id, actor_id, actor_kind, on_behalf_of, action, subject_type, subject_id,
      outcome, reason, request_id, trace_id, policy_version, details)
    values (${entry.workspaceId}, ${entry.actorId}, ${entry.actorKind}, ${entry.onBehalfOf ?? null}, ${entry.action},
      ${entry.subjectType}, ${entry.subjectId}, ${entry.outcome}, ${entry.reason}, ${entry.requestId},
      ${entry.traceId}, ${entry.policyVersion}, ${canonicalJson(entry.details)}::jsonb)`);
}

/**
 * Records a refusal in a transaction of its own, for the refused one was rolled back. Throws DATABASE_UNAVAILABLE when
 * it cannot be written: answer the caller with that, for nothing goes unrecorded.
 */
export async function recordRefusal(
  database: Pick<Database, 'inWorkspace'>,
  scope: WorkspaceScope,
  entry: AuditEntry,
): Promise<void> {
  const workspaceId = entry.workspaceId || NO_WORKSPACE;
  try {
    await database.inWorkspace({ ...scope, workspaceId }, (tx) => recordAudit(tx, { ...entry, workspaceId }));
  } catch (cause) {
    throw new PlatformError('DATABASE_UNAVAILABLE', 'The refusal could not be recorded; nothing was changed.', {
      cause,
    });
  }
}
