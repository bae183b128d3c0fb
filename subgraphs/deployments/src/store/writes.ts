// Statements that change this subgraph's tables; each runs in the caller's transaction.
import type { Tx } from '@falaj/database';
import { PlatformError } from '@falaj/runtime';
import { newId } from '@falaj/subgraph-kit';
import { eq } from 'drizzle-orm';
import type { Deployment } from './deploy.js';
import { endpoint, endpointRevision } from './tables.js';

interface Owned {
  readonly workspaceId: string;
  readonly ownerId: string;
  readonly owner: string;
}

const live = ({ model, compliance, inputs, outputs, device }: Deployment) => ({
  modelVersionId: model.id,
  modelName: model.name,
  modelVersion: model.version,
  compliance,
  inputs,
  outputs,
  device,
});

export async function insertEndpoint(
  tx: Tx,
  row: Owned & { readonly id: string; readonly name: string; readonly zone: string },
  deployment: Deployment,
): Promise<void> {
  await tx.insert(endpoint).values({ ...row, ...live(deployment), state: 'READY', revision: 1 });
  await insertRevision(tx, { ...row, endpointId: row.id, revision: 1 }, deployment);
}

/** Holds the endpoint until the end of the transaction; CONFLICT where somebody else deployed meanwhile. */
export async function lockEndpoint(tx: Tx, id: string, expectedRevision: number): Promise<void> {
  const [row] = await tx
    .select({ revision: endpoint.revision, state: endpoint.state })
    .from(endpoint)
    .where(eq(endpoint.id, id))
    .for('update');
  if (row?.revision !== expectedRevision || row.state !== 'READY') {
    throw new PlatformError(
      'CONFLICT',
      `The endpoint changed meanwhile: expected revision ${expectedRevision}, found ${row?.revision ?? 'none'}. Look again and repeat.`,
    );
  }
}

export async function commitRevision(
  tx: Tx,
  row: Owned & { readonly endpointId: string; readonly revision: number; readonly zone: string },
  deployment: Deployment,
): Promise<void> {
  await tx
    .update(endpoint)
    .set({ ...live(deployment), revision: row.revision })
    .where(eq(endpoint.id, row.endpointId));
  await insertRevision(tx, row, deployment);
}

export async function retireEndpoint(tx: Tx, id: string): Promise<void> {
  await tx.update(endpoint).set({ state: 'RETIRED' }).where(eq(endpoint.id, id));
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
  });
}
