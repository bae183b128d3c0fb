import { auditUnavailable } from '@falaj/audit';
import { currentTraceId } from '@falaj/runtime';
import type { SubgraphContext } from './context.js';

/**
 * Writes down what was shown since the last call: one entry for each type and set of fields. Returns once it is durable.
 * Throws AUDIT_UNAVAILABLE; the answer must then not be sent.
 */
export async function logReads({ platform, request, shown }: SubgraphContext): Promise<void> {
  const taken = shown.take();
  if (taken.length === 0 || !platform.readLog) return;
  const { principal } = request;
  const policyVersion = await platform.policyVersion(principal.workspaceId).catch((cause: unknown) => {
    throw auditUnavailable(cause);
  });
  await platform.readLog.append(
    taken.map(({ type, ids, fields }) => ({
      workspaceId: principal.workspaceId,
      readerId: principal.id,
      readerKind: principal.kind,
      onBehalfOf: principal.onBehalfOf ?? null,
      readerZone: principal.zone,
      purpose: request.purpose ?? null,
      operationHash: request.operationHash ?? null,
      policyVersion,
      subjectType: type,
      subjectIds: ids,
      fields,
      requestId: request.requestId,
      traceId: currentTraceId() ?? null,
    })),
  );
}
