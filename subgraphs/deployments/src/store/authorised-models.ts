// The one way to a served model, for the graph and for the inference protocol: the same rule decides on both.
import type { Ability } from '@falaj/policy';
import { isPlatformError, PlatformError, type Principal } from '@falaj/runtime';
import type { ServedModel } from '../inference/index.js';
import type { EndpointRoutes } from './endpoint-routes.js';
import type { EndpointRecord } from './model-host.js';

const attributes = (record: EndpointRecord) => ({
  workspaceId: record.workspaceId,
  zone: record.zone,
  name: record.name,
  state: record.state,
  ownerId: record.ownerId,
});

/**
 * Throws NOT_FOUND where there is no such endpoint or the principal may not see it, FORBIDDEN where it may see but not
 * use it. Who names a version gets it, whatever the split.
 */
export async function servedBy(
  routes: EndpointRoutes,
  ability: Ability,
  principal: Principal,
  name: string,
  version?: string,
): Promise<ServedModel> {
  const route = await routes.find(principal, name);
  if (!route || !ability.can('read', 'Endpoint', attributes(route.record))) {
    throw new PlatformError('NOT_FOUND', `Endpoint "${name}" not found.`, { details: { type: 'Endpoint' } });
  }
  ability.authorize('predict', 'Endpoint', attributes(route.record));
  return version === undefined ? route.serve() : routes.version(route, version);
}

/** Endpoints that the principal may use, each with its served model. */
export async function servedModels(
  routes: EndpointRoutes,
  ability: Ability,
  principal: Principal,
): Promise<ServedModel[]> {
  const found = await routes.list(principal);
  const served = await Promise.all(
    found
      .filter(({ record }) => ability.can('predict', 'Endpoint', attributes(record)))
      .map((route) => route.serve().catch(unlessItMayNotServe)),
  );
  return served.filter((model) => model !== null);
}

/** One that its instrument does not permit any more hides none of the others. */
function unlessItMayNotServe(error: unknown): null {
  if (isPlatformError(error) && error.code === 'RESIDENCY_VIOLATION') return null;
  throw error;
}
