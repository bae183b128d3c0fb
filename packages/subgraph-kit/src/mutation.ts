import { type AuditEntry, recordAudit, recordRefusal } from '@falaj/audit';
import type { Tx } from '@falaj/database';
import type { Ability } from '@falaj/policy';
import { currentTraceId, isPlatformError, type PlatformError, type PlatformErrorCode } from '@falaj/runtime';
import type { Platform, RequestContext } from './platform.js';

/** Lets the work name what it changed, where that is known only then. */
export interface MutationAudit {
  subject(id: string, details?: AuditEntry['details']): void;
}

/** What a mutation is in the audit trail and to the policy. */
export interface MutationSpec<P = undefined> {
  /** GraphQL name of the mutation, e.g. `createEndpoint`. */
  readonly action: string;
  readonly noun: string;
  /** The verb that rules speak of: `create`, `update`, `delete`, or a verb of the noun such as `deploy`. */
  readonly verb: string;
  /** Attributes of the object for conditional rules; absent = decided by type. */
  readonly row?: Readonly<Record<string, unknown>>;
  readonly subjectId?: string;
  readonly details?: AuditEntry['details'];
  /** Work that needs no transaction and may be long (plugins, files): runs once authorised, before the transaction begins. */
  readonly prepare?: () => Promise<P>;
}

/** What of a request's context a change needs. */
interface MutationContext {
  readonly request: RequestContext;
  readonly platform: Pick<Platform, 'database' | 'policyVersion'>;
  readonly ability: Ability;
  readonly audited: Set<string>;
}

const REFUSALS: ReadonlySet<PlatformErrorCode> = new Set([
  'FORBIDDEN',
  'STEP_UP_REQUIRED',
  'RESIDENCY_VIOLATION',
  'COMPLIANCE_FAILED',
  'MODEL_REFUSED',
  'BUDGET_EXCEEDED',
]);

/** Whether somebody may not, or a rule of the house said no: both belong on record, a mistyped field does not. */
const isRefusal = (error: unknown): error is PlatformError =>
  isPlatformError(error) && (REFUSALS.has(error.code) || 'rule' in error.details || 'refusals' in error.details);

/**
 * Authorises, changes and records in one transaction: either all of it is committed or none. A refusal is recorded in a
 * transaction of its own; if even that cannot be written, the caller gets that error, for nothing goes unrecorded.
 */
export async function runMutation<T, P>(
  context: MutationContext,
  spec: MutationSpec<P>,
  work: (tx: Tx, audit: MutationAudit, prepared: P) => Promise<T>,
): Promise<T> {
  const { principal, requestId } = context.request;
  const { database } = context.platform;
  const scope = { workspaceId: principal.workspaceId, zones: principal.zones, principalId: principal.id };
  const entry = async (): Promise<AuditEntry> => ({
    workspaceId: principal.workspaceId,
    actorId: principal.id,
    actorKind: principal.kind,
    onBehalfOf: principal.onBehalfOf ?? null,
    action: spec.action,
    subjectType: spec.noun,
    subjectId: spec.subjectId ?? null,
    outcome: 'SUCCEEDED',
    reason: null,
    requestId,
    traceId: currentTraceId() ?? null,
    policyVersion: await context.platform.policyVersion(principal.workspaceId),
    details: spec.details ?? {},
  });
  context.audited.add(spec.action);
  try {
    const allowedBy = context.ability.authorize(spec.verb, spec.noun, spec.row);
    const prepared = (await spec.prepare?.()) as P;
    const base = await entry();
    return await database.inWorkspace(scope, async (tx) => {
      let subject: { id: string | null; details: AuditEntry['details'] } = {
        id: base.subjectId ?? null,
        details: { ...base.details, allowedBy },
      };
      const audit: MutationAudit = {
        subject(id, details) {
          subject = { id, details: { ...subject.details, ...details } };
        },
      };
      const result = await work(tx, audit, prepared);
      await recordAudit(tx, { ...base, subjectId: subject.id, details: subject.details });
      return result;
    });
  } catch (error) {
    if (isRefusal(error)) {
      await recordRefusal(database, scope, {
        ...(await entry()),
        outcome: 'REFUSED',
        reason: error.code,
        details: { ...spec.details, message: error.message, ...error.details },
      });
    }
    throw error;
  }
}
