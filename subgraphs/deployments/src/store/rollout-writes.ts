// Statements that change how an endpoint's traffic is split; each runs in the caller's transaction.
import type { Tx } from '@falaj/database';
import { refused } from '@falaj/runtime';
import { newId } from '@falaj/subgraph-kit';
import { eq } from 'drizzle-orm';
import { checkVariants, type Variant } from '../domain/rollout/assignment.js';
import { goodBefore } from '../domain/rollout/last-good.js';
import type { EndpointRecord } from './model-host.js';
import { assertPlacement } from './placement.js';
import { revisionActivation, type SplitKind, trafficSplit } from './rollout-tables.js';
import { type Owned, revisionOf } from './writes.js';

const ENDS: Readonly<Record<SplitKind, string>> = {
  MANUAL: 'send everything to the live revision first (splitTraffic without variants)',
  ROLLOUT: 'end the rollout first (rollbackEndpoint or promoteRollout)',
  AB_TEST: 'stop the A/B test first (stopAbTest)',
};

/** Throws PRECONDITION_FAILED naming what holds the endpoint's traffic, and what to do. */
export async function assertUnsplit(tx: Tx, endpointId: string): Promise<void> {
  const split = await splitOf(tx, endpointId);
  if (!split) return;
  const { kind, studyId } = split;
  throw refused(
    {
      rule: 'TRAFFIC_SPLIT_ONCE',
      found: `traffic that is split by ${studyId ?? 'hand'} (${kind})`,
      limit: 'traffic that goes to one revision',
      whatToDo: ENDS[kind],
    },
    'PRECONDITION_FAILED',
    { kind, studyId },
  );
}

export async function splitOf(tx: Tx, endpointId: string) {
  const [split] = await tx.select().from(trafficSplit).where(eq(trafficSplit.endpointId, endpointId));
  return split ?? null;
}

export interface NewSplit {
  readonly kind: SplitKind;
  readonly studyId: string | null;
  readonly salt: string;
  readonly variants: readonly Variant[];
  /** Under which each subject's first exposure is recorded; null = none is. */
  readonly exposureKey: string | null;
}

/** Declares the split; every revision must exist and may be served in the endpoint's zone. */
export async function putSplit(tx: Tx, owned: Owned, record: EndpointRecord, split: NewSplit): Promise<void> {
  checkVariants(split.variants);
  for (const { revision } of split.variants) {
    const { model } = await revisionOf(tx, record.id, revision);
    assertPlacement(model, record.zone);
  }
  const { workspaceId, ownerId, owner } = owned;
  const values = { ...split, variants: [...split.variants], workspaceId, ownerId, owner, zone: record.zone };
  await tx
    .insert(trafficSplit)
    .values({ ...values, id: newId('spl'), endpointId: record.id })
    .onConflictDoUpdate({ target: trafficSplit.endpointId, set: values });
}

export async function setWeights(
  tx: Tx,
  endpointId: string,
  variants: readonly Variant[],
  exposureKey: string | null,
): Promise<void> {
  checkVariants(variants);
  await tx
    .update(trafficSplit)
    .set({ variants: [...variants], exposureKey })
    .where(eq(trafficSplit.endpointId, endpointId));
}

export async function clearSplit(tx: Tx, endpointId: string): Promise<void> {
  await tx.delete(trafficSplit).where(eq(trafficSplit.endpointId, endpointId));
}

/**
 * The revision to go back to: where the traffic is split, the live one; otherwise the one that was live before it and was
 * not itself rolled back. Throws PRECONDITION_FAILED where there is none.
 */
export async function lastGoodRevision(tx: Tx, record: EndpointRecord): Promise<number> {
  if (await splitOf(tx, record.id)) return record.revision;
  const history = await tx
    .select({ revision: revisionActivation.revision, cause: revisionActivation.cause })
    .from(revisionActivation)
    .where(eq(revisionActivation.endpointId, record.id))
    .orderBy(revisionActivation.position);
  const earlier = goodBefore(history);
  if (earlier !== null) return earlier;
  throw refused({
    rule: 'ROLLBACK_TO_WHAT_WAS_LIVE',
    found: `revision ${record.revision}, before which none was ever live`,
    limit: 'an earlier live revision',
    whatToDo: 'name the revision with toRevision',
  });
}
