// Placements beyond the law: only with an instrument for every origin of the training data.
import { person } from '@falaj/subgraph-kit/testing/requests';
import { expect, it } from 'vitest';
import type { DeployableModel, ModelVersionAnswer } from '../domain/deployable-model.js';
import { placedModel } from './placed-model.js';
import { assertPlacement } from './placement.js';

const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
const model: DeployableModel = {
  id: 'mv_1',
  name: 'triage',
  version: 1,
  artifactKey: 'k',
  digest: 'sha256:1',
  zone: 'AE',
  categories: ['health'],
  allowedZones: ['AE', 'AE-ADGM', 'AE-DIFC'],
  servingPlan: {} as never,
};
const source = (zone: string | null, ...categories: string[]) => ({ name: 's', zone, categories });
const answer = (...sources: ReturnType<typeof source>[]) =>
  ({
    trainingSetDigest: 'sha256:2',
    maskedFields: [],
    trainingSet: { labelSource: sources[0] ?? null, featureViews: sources.slice(1).map((each) => ({ source: each })) },
  }) as unknown as ModelVersionAnswer;
const exception = {
  id: 'ins_1',
  type: 'MOH_EXCEPTION',
  dataZone: 'AE',
  categories: ['health'],
  targetZones: ['GB'],
  validFrom: day(-1),
  validTo: day(30),
};
let asked = 0;
const contextWith = (...instruments: Record<string, unknown>[]) => {
  asked = 0;
  const edges = instruments.map((node) => ({ node }));
  const query = async () => {
    asked += 1;
    return { transferInstruments: { edges, pageInfo: { hasNextPage: false, endCursor: null } } };
  };
  return {
    platform: { graph: { query } },
    request: {},
    principal: person('approver', { zones: ['AE', 'GB'] }),
  } as unknown as Parameters<typeof placedModel>[0];
};
const refused = expect.objectContaining({ code: 'RESIDENCY_VIOLATION' });

it('asks for no instrument where the law allows it', async () => {
  const placed = await placedModel(contextWith(exception), model, answer(source('AE', 'health')), 'AE-DIFC');
  // What it learned from goes along, for the law on its readers.
  expect(placed).toEqual({ model: { ...model, origins: [{ zone: 'AE', categories: ['health'] }] }, instruments: [] });
  expect(asked).toBe(0);
});

it('places abroad what an instrument in force permits, and says by which and until when', async () => {
  const placed = await placedModel(contextWith(exception), model, answer(source('AE', 'health')), 'GB');
  expect(placed.instruments.map(({ id }) => id)).toEqual(['ins_1']);
  expect(placed.model.permit).toEqual({ instruments: ['ins_1'], validTo: exception.validTo });
  // Until its end it may begin to serve again, then no more.
  assertPlacement(placed.model, 'GB');
  const ended = { ...placed.model, permit: { instruments: ['ins_1'], validTo: day(-1) } };
  expect(() => assertPlacement(ended, 'GB')).toThrow(
    expect.objectContaining({
      code: 'RESIDENCY_VIOLATION',
      details: expect.objectContaining({ rule: 'INSTRUMENT_ENDED' }),
    }),
  );
});

it.each([
  ['none is recorded', [], answer(source('AE', 'health'))],
  ['it has ended', [{ ...exception, validTo: day(-1) }], answer(source('AE', 'health'))],
  ['it has not begun', [{ ...exception, validFrom: day(1) }], answer(source('AE', 'health'))],
  ['a field of it is withheld', [{ ...exception, targetZones: null }], answer(source('AE', 'health'))],
  ['it opens another zone', [{ ...exception, targetZones: ['US'] }], answer(source('AE', 'health'))],
  ['a source is under another law', [exception], answer(source('AE', 'health'), source('AE-DIFC', 'personal'))],
  ['a source is withheld', [exception], answer(source('AE', 'health'), source(null))],
  ['the whole training set is withheld', [exception], { ...answer(), trainingSet: null } as ModelVersionAnswer],
])('refuses it where %s', async (_, instruments, lineage) => {
  await expect(placedModel(contextWith(...instruments), model, lineage, 'GB')).rejects.toEqual(refused);
});
