import type { TransferInstrument } from '@falaj/policy';
import { permitTransfer, type SubgraphContext } from '@falaj/subgraph-kit';
import { type DeployableModel, type ModelVersionAnswer, sourcesOf } from '../domain/deployable-model.js';
import { assertPlacement } from './placement.js';

/**
 * The model as it may be served in the zone: by law, or with the permit of what is recorded in addition to it. An
 * instrument must open the zone to every source of the training set, not to the model's own zone alone. Throws
 * RESIDENCY_VIOLATION.
 */
export async function placedModel(
  context: Pick<SubgraphContext, 'platform' | 'request' | 'principal'>,
  model: DeployableModel,
  answer: ModelVersionAnswer,
  zone: string,
): Promise<{ readonly model: DeployableModel; readonly instruments: readonly TransferInstrument[] }> {
  const permitted = await permitTransfer(context, {
    origins: [{ zone: model.zone, categories: model.categories }, ...sourcesOf(answer)],
    targetZone: zone,
    operation: 'deploy',
    lawful: () => assertPlacement(model, zone),
  });
  return permitted
    ? { model: { ...model, permit: permitted.permit }, instruments: permitted.instruments }
    : { model, instruments: [] };
}
