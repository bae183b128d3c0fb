// Where a model may be served: by the law that its training data carries, or by an instrument in addition to it.
import { assertResidency, assertZoneAmong } from '@falaj/policy';
import type { PlatformError } from '@falaj/runtime';
import { assertPermitInForce, instrumentEnded, permitColumns } from '@falaj/subgraph-kit';
import type { DeployableModel } from '../domain/deployable-model.js';
import type { endpointRevision } from './tables.js';

/** Throws RESIDENCY_VIOLATION where the model may be served in the zone neither by law nor by its permit. */
export function assertPlacement(model: DeployableModel, zone: string): void {
  if (model.permit) {
    assertInForce(model);
    return;
  }
  assertResidency({
    dataZone: model.zone,
    categories: model.categories,
    targetZone: zone,
    workspaceZones: model.allowedZones,
    operation: 'deploy',
  });
  assertZoneAmong({
    targetZone: zone,
    allowedZones: model.allowedZones,
    ruleId: 'INHERITED_ZONES',
    operation: 'deploy',
  });
}

/** Throws RESIDENCY_VIOLATION where a permit has ended by its recorded time. */
export function assertInForce({ name, version, permit }: DeployableModel): void {
  assertPermitInForce(`${name} v${version}`, permitColumns(permit));
}

/** A revision with what became of its permit. */
export type PlacedRevision = Pick<typeof endpointRevision.$inferSelect, 'model' | 'permitEnd' | 'permitEndedAt'>;

/** Throws RESIDENCY_VIOLATION where the permit of a revision has ended, also before its time: nothing begins to serve then. */
export function assertMayBegin({ model, permitEnd, permitEndedAt }: PlacedRevision): void {
  if (permitEnd)
    throw placementEnded(model, `${permitEnd === 'REVOKED' ? 'revoked' : 'until'} ${permitEndedAt?.toISOString()}`);
  assertInForce(model);
}

/** What a caller is told of a placement that may not serve any more. */
export const placementEnded = ({ name, version, permit }: DeployableModel, end: string): PlatformError =>
  instrumentEnded(`${name} v${version}`, permit?.instruments ?? [], end);
