import { auditUnavailable } from '@falaj/audit';
import { currentTraceId } from '@falaj/runtime';
import type { SubgraphContext } from './context.js';
import type { Platform, RequestContext } from './platform.js';
import type { Shown } from './shown.js';

/** Who reads, and why. */
export type Reader = Pick<RequestContext, 'principal' | 'requestId' | 'purpose' | 'operationHash'>;

/**
 * Writes down what was shown since the last call: one entry for each type and set of fields. Returns once it is durable.
 * Throws AUDIT_UNAVAILABLE; the answer must then not be sent.
 */
export async function logReads({ platform, request, shown }: SubgraphContext): Promise<void> {
  await writeReads(platform, request, shown.take());
}

/** The same for what leaves by another door than the graph. */
export async function writeReads(
  platform: Pick<Platform, 'readLog' | 'policyVersion'>,
  { principal, requestId, purpose, operationHash }: Reader,
  shown: readonly Shown[],
): Promise<void> {
  if (shown.length === 0 || !platform.readLog) return;
  const policyVersion = await platform.policyVersion(principal.workspaceId).catch((cause: unknown) => {
    throw auditUnavailable(cause);
  });
  await platform.readLog.append(
    shown.map(({ type, ids, fields }) => ({
      workspaceId: principal.workspaceId,
      readerId: principal.id,
      readerKind: principal.kind,
      onBehalfOf: principal.onBehalfOf ?? null,
      readerZone: principal.zone,
      purpose: purpose ?? null,
      operationHash: operationHash ?? null,
      policyVersion,
      subjectType: type,
      subjectIds: ids,
      fields,
      requestId,
      traceId: currentTraceId() ?? null,
    })),
  );
}
