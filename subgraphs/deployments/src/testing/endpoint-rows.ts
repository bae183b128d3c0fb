import type { TestDatabase } from '@falaj/database/testing';
import type { DeployableModel } from '../domain/deployable-model.js';
import { revisionActivation } from '../store/rollout-tables.js';
import { endpoint, endpointRevision } from '../store/tables.js';

/** A version that may be served in AE; its file lies in the vault under the key. */
export const testModel = (version: number, artifactKey: string, digest = ''): DeployableModel => ({
  id: `mv_${version}`,
  name: 'm',
  version,
  artifactKey,
  digest,
  zone: 'AE',
  categories: [],
  allowedZones: ['AE'],
  servingPlan: {} as never,
});

/** An endpoint whose revisions 1, 2, ... serve these models; the first is live. Its id is its name. */
export async function insertEndpoint(
  { database }: Pick<TestDatabase, 'database'>,
  name: string,
  models: readonly DeployableModel[] = [testModel(1, 'm')],
): Promise<void> {
  const own = { workspaceId: 'w1', zone: 'AE', ownerId: 'p', owner: 'p' };
  await database.asSystem(async (tx) => {
    await tx.insert(endpoint).values({
      ...own,
      id: name,
      name,
      state: 'READY',
      revision: 1,
      modelVersionId: 'mv_1',
      modelName: 'm',
      modelVersion: 1,
      inputs: [],
      outputs: [],
      device: 'cpu',
      compliance: [],
    });
    await tx.insert(endpointRevision).values(
      models.map((model, place) => ({
        ...own,
        id: `${name}-${place + 1}`,
        endpointId: name,
        revision: place + 1,
        modelVersionId: model.id,
        modelVersion: model.version,
        model,
        compliance: [],
      })),
    );
    await tx.insert(revisionActivation).values({
      id: `${name}-live`,
      workspaceId: 'w1',
      zone: 'AE',
      endpointId: name,
      revision: 1,
      cause: 'DEPLOYED',
      actorId: 'p',
    });
  });
}
