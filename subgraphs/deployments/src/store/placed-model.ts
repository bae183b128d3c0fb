import type { TransferInstrument } from '@falaj/policy';
import { permitTransfer, type SubgraphContext } from '@falaj/subgraph-kit';
import {
  type DeployableModel,
  type ModelOrigin,
  type ModelVersionAnswer,
  sourcesOf,
} from '../domain/deployable-model.js';
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
  const own = { zone: model.zone, categories: model.categories };
  const sources = sourcesOf(answer);
  const permitted = await permitTransfer(context, {
    origins: [own, ...sources],
    targetZone: zone,
    operation: 'deploy',
    lawful: () => assertPlacement(model, zone),
  });
  const placed = { ...model, origins: (sources.length > 0 ? sources : [own]).map(known) };
  return permitted
    ? { model: { ...placed, permit: permitted.permit }, instruments: permitted.instruments }
    : { model: placed, instruments: [] };
}

const known = (
  origin: { readonly zone: string | null; readonly categories: readonly string[] | null } | null,
): ModelOrigin =>
  origin?.zone && origin.categories ? { zone: origin.zone, categories: [...origin.categories] } : null;
