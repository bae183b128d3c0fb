// Where a model may be served: by the law that its training data carries, or by an instrument in addition to it.
import { assertResidency, assertZoneAmong } from '@falaj/policy';
import { refused } from '@falaj/runtime';
import type { DeployableModel } from '../domain/deployable-model.js';

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

/** Throws RESIDENCY_VIOLATION where a permit has ended: nothing new begins to serve then. */
export function assertInForce({ name, version, permit }: DeployableModel): void {
  if (!permit || Date.parse(permit.validTo) > Date.now()) return;
  throw refused(
    {
      rule: 'INSTRUMENT_ENDED',
      found: `${name} v${version}, placed by ${permit.instruments.join(', ')} until ${permit.validTo}`,
      limit: 'a transfer instrument in force',
      whatToDo: 'record the instrument that follows it and deploy the version anew',
    },
    'RESIDENCY_VIOLATION',
    { instruments: permit.instruments },
  );
}
