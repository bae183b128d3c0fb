import type { DeploymentsContext } from '../schema/context.js';
import { assertMayBegin, assertPlacement } from './placement.js';
import { endpointRecord, revisionOf } from './writes.js';

/**
 * Loads revisions of an endpoint that are about to answer, before the change locks it: a rollback must never wait for a
 * model. Residency comes first. Throws NOT_FOUND, RESIDENCY_VIOLATION.
 */
export async function loadRevisions(
  context: DeploymentsContext,
  endpointId: string,
  revisions: readonly number[],
): Promise<void> {
  const record = await context.transaction(async (tx) => {
    const found = await endpointRecord(tx, endpointId);
    for (const revision of revisions) {
      const row = await revisionOf(tx, endpointId, revision);
      assertMayBegin(row);
      assertPlacement(row.model, found.zone);
    }
    return found;
  });
  await Promise.all(revisions.map((revision) => context.services.host.load(record, revision)));
}
