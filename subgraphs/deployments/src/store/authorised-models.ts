// The one way to a served model, for the graph and for the inference protocol: the same rule decides on both.
import type { Ability } from '@falaj/policy';
import { PlatformError, type Principal } from '@falaj/runtime';
import type { ServedModel } from '../inference/index.js';
import type { EndpointRecord, ModelHost } from './model-host.js';

const attributes = (record: EndpointRecord) => ({
  workspaceId: record.workspaceId,
  zone: record.zone,
  name: record.name,
  state: record.state,
  ownerId: record.ownerId,
});

/** Throws NOT_FOUND where there is no such endpoint or the principal may not see it, FORBIDDEN where it may see but not use it. */
export async function servedBy(
  host: ModelHost,
  ability: Ability,
  principal: Principal,
  name: string,
  version?: string,
): Promise<{ model: ServedModel; record: EndpointRecord }> {
  const record = await host.find(principal, name);
  if (!record || !ability.can('read', 'Endpoint', attributes(record))) {
    throw new PlatformError('NOT_FOUND', `Endpoint "${name}" not found.`, { details: { type: 'Endpoint' } });
  }
  ability.authorize('predict', 'Endpoint', attributes(record));
  return { model: await host.serve(record, version), record };
}

/** Endpoints that the principal may use, each with its served model. */
export async function servedModels(host: ModelHost, ability: Ability, principal: Principal): Promise<ServedModel[]> {
  const records = await host.list(principal);
  return Promise.all(
    records
      .filter((record) => ability.can('predict', 'Endpoint', attributes(record)))
      .map((record) => host.serve(record)),
  );
}
