import { clientOf, type Database, type Tx, type WorkspaceScope } from '@falaj/database';
import { PlatformError } from '@falaj/runtime';

export type AuditOutcome = 'SUCCEEDED' | 'REFUSED' | 'FAILED';

/** Who did what to which object, how it ended, and under which policy. */
export interface AuditEntry {
  readonly workspaceId: string;
  readonly actorId: string;
  /** USER, SERVICE or ANONYMOUS. */
  readonly actorKind: string;
  /** Principal for whom a service acted. */
  readonly onBehalfOf?: string;
  /** GraphQL name of the mutation, e.g. `createEndpoint`. */
  readonly action: string;
  readonly subjectType: string;
  readonly subjectId: string | null;
  readonly outcome: AuditOutcome;
  /** Error code of a refusal or failure. */
  readonly reason: string | null;
  readonly requestId: string;
  readonly traceId: string | null;
  readonly policyVersion: number;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Writes the record in the mutation's own transaction: if it cannot be written, the mutation does not happen. */
export async function recordAudit(tx: Tx, entry: AuditEntry): Promise<void> {
  await clientOf(tx).query(
    `insert into audit.record (workspace_id, actor_id, actor_kind, on_behalf_of, action, subject_type, subject_id, outcome,
       reason, request_id, trace_id, policy_version, details)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [
      entry.workspaceId,
      entry.actorId,
      entry.actorKind,
      entry.onBehalfOf ?? null,
      entry.action,
      entry.subjectType,
      entry.subjectId,
      entry.outcome,
      entry.reason,
      entry.requestId,
      entry.traceId,
      entry.policyVersion,
      JSON.stringify(entry.details),
    ],
  );
}

/**
 * Records a refusal in a transaction of its own, for the mutation's was rolled back. Where the caller belongs to no
 * workspace the record goes under the empty one, as the system.
 */
export async function recordRefusal(database: Database, scope: WorkspaceScope, entry: AuditEntry): Promise<void> {
  try {
    if (scope.workspaceId === '') await database.asSystem((tx) => recordAudit(tx, entry));
    else await database.inWorkspace(scope, (tx) => recordAudit(tx, entry));
  } catch (cause) {
    throw new PlatformError('DATABASE_UNAVAILABLE', 'The refusal could not be recorded; nothing was changed.', {
      cause,
    });
  }
}
