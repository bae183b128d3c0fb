// Where a model may be served: by the law that its training data carries, or by an instrument in addition to it.
import { assertResidency, assertZoneAmong } from '@falaj/policy';
import { type PlatformError, refused } from '@falaj/runtime';
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
export function assertInForce(model: DeployableModel): void {
  if (model.permit && Date.parse(model.permit.validTo) <= Date.now())
    throw instrumentEnded(model, `until ${model.permit.validTo}`);
}

/** A revision with what became of its permit. */
export type PlacedRevision = Pick<typeof endpointRevision.$inferSelect, 'model' | 'permitEnd' | 'permitEndedAt'>;

/** Throws RESIDENCY_VIOLATION where the permit of a revision has ended, also before its time: nothing begins to serve then. */
export function assertMayBegin({ model, permitEnd, permitEndedAt }: PlacedRevision): void {
  if (permitEnd)
    throw instrumentEnded(model, `${permitEnd === 'REVOKED' ? 'revoked' : 'until'} ${permitEndedAt?.toISOString()}`);
  assertInForce(model);
}

/** What a caller is told of a placement that may not serve any more. */
export const instrumentEnded = ({ name, version, permit }: DeployableModel, end: string): PlatformError =>
  refused(
    {
      rule: 'INSTRUMENT_ENDED',
      found: `${name} v${version}, placed by ${permit?.instruments.join(', ')}, ${end}`,
      limit: 'a transfer instrument in force',
      whatToDo: 'record the instrument that follows it and deploy the version anew',
    },
    'RESIDENCY_VIOLATION',
    { instruments: permit?.instruments ?? [] },
  );
