// What updateEndpoint and stageRevision share: a new revision of an endpoint, prepared as createEndpoint does.
import type { Tx } from '@falaj/database';
import type { Governed } from '@falaj/subgraph-kit';
import { type Deployment, deploying, permitOf } from '../store/deploy.js';
import { type EndpointRow, endpoints } from '../store/governed.js';
import type { EndpointRecord } from '../store/model-host.js';
import { addRevision, lockEndpoint } from '../store/writes.js';
import type { DeploymentsContext } from './context.js';

/** Attributes of an endpoint for conditional rules. */
export const attributesOf = (context: DeploymentsContext, row: Governed<EndpointRow>) => ({
  workspaceId: context.principal.workspaceId,
  zone: row.zone,
  name: row.name,
  state: row.state,
  ownerId: row.ownerId,
});

/** Residency, compliance, digest and load first; then the revision and what `also` does with it, all or nothing. */
export async function addRevisionTo(
  context: DeploymentsContext,
  action: string,
  { endpointId, modelVersionId }: { readonly endpointId: string; readonly modelVersionId: string },
  also: (tx: Tx, record: EndpointRecord, revision: number, deployment: Deployment) => Promise<void>,
): Promise<number> {
  const { host, routes } = context.services;
  const row = await context.reads.required(endpoints, endpointId);
  const target = { id: endpointId, name: row.name ?? '', zone: row.zone ?? '', isNew: false };
  const revision = await deploying(context, target, modelVersionId, async (prepare) => {
    const added = await context.mutate(
      {
        action,
        noun: 'Endpoint',
        verb: 'update',
        row: attributesOf(context, row),
        subjectId: endpointId,
        details: { modelVersionId },
        prepare,
      },
      async (tx, audit, deployment) => {
        const record = await lockEndpoint(tx, endpointId);
        const number = await addRevision(tx, context.ownership, record, deployment);
        await also(tx, record, number, deployment);
        await routes.announce(tx, endpointId);
        audit.subject(endpointId, { revision: number, ...permitOf(deployment) });
        return { number, loaded: deployment.loaded };
      },
    );
    host.adopt(endpointId, added.number, added.loaded);
    return added.number;
  });
  await routes.refresh(endpointId);
  return revision;
}
