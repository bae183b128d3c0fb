import type { Principal } from '@falaj/runtime';

export type AuditOutcome = 'SUCCEEDED' | 'REFUSED' | 'FAILED';

/** What somebody did, as the one who writes the record knows it. No secret and no personal value belongs in `details`. */
export interface AuditEntry {
  readonly workspaceId: string;
  readonly actorId: string;
  readonly actorKind: Principal['kind'];
  /** Who is answerable, where a service acts for a person. */
  readonly onBehalfOf?: string | null;
  /** Name of the mutation or of the system's act, e.g. `createEndpoint`. */
  readonly action: string;
  /** GraphQL type of what was acted on, e.g. `Endpoint`. */
  readonly subjectType: string;
  /** Null where nothing came to be. */
  readonly subjectId: string | null;
  readonly outcome: AuditOutcome;
  /** Error code of a refusal or failure; null when it succeeded. */
  readonly reason: string | null;
  readonly requestId: string;
  readonly traceId: string | null;
  /** Version of the rules that decided; null where none did. */
  readonly policyVersion: number | null;
  readonly details: Readonly<Record<string, unknown>>;
}

/** An entry as it stands in the log. */
export interface AuditRecord extends Required<AuditEntry> {
  /** Opaque, `aud_` and 32 hex digits. */
  readonly id: string;
  /** ISO 8601 in UTC with microseconds. */
  readonly at: string;
  /** Place in the log's order; the cursor after this record. */
  readonly position: string;
}
