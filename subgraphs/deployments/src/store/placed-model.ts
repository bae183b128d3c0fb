import type { TransferInstrument } from '@falaj/policy';
import { isPlatformError } from '@falaj/runtime';
import { assertTransfers, type SubgraphContext } from '@falaj/subgraph-kit';
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
  try {
    assertPlacement(model, zone);
    return { model, instruments: [] };
  } catch (error) {
    const origins = [{ zone: model.zone, categories: model.categories }, ...sourcesOf(answer)].map((origin) => ({
      dataZone: origin?.zone,
      categories: origin?.categories,
    }));
    // What the caller may not see could be under a stricter law.
    const known = origins.filter((origin): origin is { dataZone: string; categories: string[] } =>
      Boolean(origin.dataZone && origin.categories),
    );
    if (!isPlatformError(error) || error.code !== 'RESIDENCY_VIOLATION' || known.length < origins.length) throw error;
    const question = { targetZone: zone, workspaceZones: context.principal.zones, operation: 'deploy' };
    const instruments = await assertTransfers(
      context,
      known.map((origin) => ({ ...origin, ...question })),
    );
    const [first] = instruments.map(({ validTo }) => validTo).sort((a, b) => Date.parse(a) - Date.parse(b));
    if (first === undefined) throw error;
    return {
      model: { ...model, permit: { instruments: instruments.map(({ id }) => id), validTo: first } },
      instruments,
    };
  }
}
