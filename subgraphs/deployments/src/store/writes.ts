// Statements that change endpoints and their revisions; each runs in the caller's transaction.
import type { Tx } from '@falaj/database';
import { PlatformError, refused } from '@falaj/runtime';
import { newId, permitColumns } from '@falaj/subgraph-kit';
import { and, eq, sql } from 'drizzle-orm';
import type { Deployment } from './deploy.js';
import type { EndpointRecord } from './model-host.js';
import { assertMayBegin } from './placement.js';
import { type ActivationCause, abTest, revisionActivation, rollout, shadow, trafficSplit } from './rollout-tables.js';
import { endpoint, endpointRevision } from './tables.js';

export interface Owned {
  readonly workspaceId: string;
  readonly ownerId: string;
  readonly owner: string;
}

export async function insertEndpoint(
  tx: Tx,
  row: Owned & { readonly id: string; readonly name: string; readonly zone: string },
  deployment: Deployment,
): Promise<void> {
  const { model, compliance, inputs, outputs, device } = deployment;
  await tx.insert(endpoint).values({
    ...row,
    state: 'READY',
    revision: 1,
    modelVersionId: model.id,
    modelName: model.name,
    modelVersion: model.version,
    compliance,
    inputs,
    outputs,
    device,
  });
  await insertRevision(tx, { ...row, endpointId: row.id, revision: 1 }, deployment);
  await recordActivation(tx, row, row.ownerId, 1, 'DEPLOYED');
}

/** As it stands, without a lock. */
export async function endpointRecord(tx: Tx, id: string): Promise<EndpointRecord> {
  const [record] = await tx.select().from(endpoint).where(eq(endpoint.id, id));
  if (!record) throw new PlatformError('NOT_FOUND', 'Endpoint not found.', { details: { type: 'Endpoint' } });
  return record;
}

/** Holds the endpoint until the end of the transaction. */
export async function lockEndpoint(tx: Tx, id: string): Promise<EndpointRecord> {
  const [row] = await tx.select().from(endpoint).where(eq(endpoint.id, id)).for('update');
  if (row?.state !== 'READY') {
    throw refused({
      rule: 'CHANGE_WHAT_IS_READY',
      found: `an endpoint that is ${row?.state ?? 'gone'}`,
      limit: 'READY',
      whatToDo: 'make another one by createEndpoint',
    });
  }
  return row;
}

/** Adds a revision, which answers nobody until it is activated or gets a share of the traffic. */
export async function addRevision(
  tx: Tx,
  owned: Owned,
  record: EndpointRecord,
  deployment: Deployment,
): Promise<number> {
  const [newest] = await tx
    .select({ revision: sql<number>`max(${endpointRevision.revision})::int` })
    .from(endpointRevision)
    .where(eq(endpointRevision.endpointId, record.id));
  const revision = (newest?.revision ?? 0) + 1;
  await insertRevision(tx, { ...owned, endpointId: record.id, revision, zone: record.zone }, deployment);
  return revision;
}

/** How a revision runs, as its endpoint shows it. */
export type RunningFacts = Pick<Deployment, 'inputs' | 'outputs' | 'device'>;

/** Sends all traffic that no split directs to this revision, and notes it in the endpoint's history. */
export async function activateRevision(
  tx: Tx,
  record: Pick<EndpointRecord, 'id' | 'workspaceId' | 'zone'>,
  revision: number,
  facts: RunningFacts,
  cause: ActivationCause,
  actorId: string,
): Promise<void> {
  const own = await revisionOf(tx, record.id, revision);
  // A model that is loaded from before is not permitted from now on.
  assertMayBegin(own);
  const { inputs, outputs, device } = facts;
  await tx
    .update(endpoint)
    .set({
      revision,
      modelVersionId: own.modelVersionId,
      modelName: own.model.name,
      modelVersion: own.modelVersion,
      compliance: own.compliance,
      inputs,
      outputs,
      device,
    })
    .where(eq(endpoint.id, record.id));
  await recordActivation(tx, record, actorId, revision, cause);
}

/** Throws NOT_FOUND. */
export async function revisionOf(tx: Tx, endpointId: string, revision: number) {
  const [row] = await tx
    .select()
    .from(endpointRevision)
    .where(and(eq(endpointRevision.endpointId, endpointId), eq(endpointRevision.revision, revision)));
  if (!row) throw new PlatformError('NOT_FOUND', `The endpoint has no revision ${revision}.`);
  return row;
}

/** Ends with the endpoint whatever was studied on it. */
export async function retireEndpoint(tx: Tx, id: string): Promise<void> {
  await tx.update(endpoint).set({ state: 'RETIRED' }).where(eq(endpoint.id, id));
  await endStudies(tx, id, 'The endpoint was retired.');
  await tx
    .update(shadow)
    .set({ state: 'STOPPED', stoppedAt: new Date() })
    .where(and(eq(shadow.endpointId, id), eq(shadow.state, 'ACTIVE')));
}

/** Takes away the endpoint's split, and ends the rollout or A/B test that it belonged to. */
export async function endStudies(tx: Tx, endpointId: string, reason: string): Promise<void> {
  const now = new Date();
  await tx.delete(trafficSplit).where(eq(trafficSplit.endpointId, endpointId));
  await tx
    .update(rollout)
    .set({ state: 'ROLLED_BACK', reason, decidedAt: now, leaseOwner: null, leaseUntil: null })
    .where(and(eq(rollout.endpointId, endpointId), eq(rollout.state, 'RUNNING')));
  await tx
    .update(abTest)
    .set({ state: 'STOPPED', decision: 'ROLLED_BACK', stopReason: reason, stoppedAt: now })
    .where(and(eq(abTest.endpointId, endpointId), eq(abTest.state, 'RUNNING')));
}

async function recordActivation(
  tx: Tx,
  { id, workspaceId, zone }: { readonly id: string; readonly workspaceId: string; readonly zone: string },
  actorId: string,
  revision: number,
  cause: ActivationCause,
): Promise<void> {
  await tx.insert(revisionActivation).values({
    id: newId('act'),
    workspaceId,
    zone,
    endpointId: id,
    revision,
    cause,
    actorId,
  });
}

async function insertRevision(
  tx: Tx,
  row: Owned & { readonly endpointId: string; readonly revision: number; readonly zone: string },
  { model, compliance }: Deployment,
): Promise<void> {
  await tx.insert(endpointRevision).values({
    id: newId('rev'),
    workspaceId: row.workspaceId,
    ownerId: row.ownerId,
    owner: row.owner,
    zone: row.zone,
    endpointId: row.endpointId,
    revision: row.revision,
    modelVersionId: model.id,
    modelVersion: model.version,
    model,
    compliance,
    ...permitColumns(model.permit),
  });
}
