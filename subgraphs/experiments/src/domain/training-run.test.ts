import type { ColumnValues, TrainRequest, TrainResult } from '@falaj/contracts';
import { describe, expect, it } from 'vitest';
import {
  executeTrainingRun,
  featureColumns,
  type TrainingPorts,
  type TrainingSetFacts,
  trainingRunInput,
} from './training-run.js';

const facts = (columns: TrainingSetFacts['columns']): TrainingSetFacts => ({
  artifactKey: 'k',
  artifactDigest: 'd',
  digest: 'd',
  zone: 'AE',
  servingPlan: {},
  featureViews: [],
  columns,
});
const set = facts([
  { name: 'late', role: 'LABEL', type: 'FLOAT64' },
  { name: 'route', role: 'CARRY', type: 'STRING' },
  { name: 'a', role: 'FEATURE', type: 'FLOAT64' },
  { name: 'b', role: 'FEATURE', type: 'FLOAT64' },
] as TrainingSetFacts['columns']);
const request = (changes: object = {}) =>
  trainingRunInput.parse({
    experimentId: 'e',
    name: 'n',
    trainingSetId: 't',
    holdoutFraction: 0.25,
    validationFraction: 0.5,
    ...changes,
  });

/** Eight rows in the order of time; `a` counts them. */
const columns = (label: number[] = [0, 1, 0, 1, 0, 1, 0, 1]): ColumnValues[] =>
  [
    { name: 'a', values: Float64Array.from(label, (_, i) => i) },
    { name: 'b', values: Float64Array.from(label, (_, i) => -i) },
    { name: 'late', values: Float64Array.from(label) },
    { name: 'route', values: label.map((_, i) => (i % 2 ? 'x' : 'y')) },
  ] as ColumnValues[];

function ports(read: ColumnValues[], own = [0.25, 0.75], served = own) {
  const seen: { request?: TrainRequest; columns?: readonly string[] } = {};
  const fake: TrainingPorts = {
    async readTrainingSet(_facts, wanted) {
      seen.columns = wanted;
      return { rows: read[0]?.values.length ?? 0, columns: read };
    },
    async train(_trainer, wanted) {
      seen.request = wanted;
      return {
        model: new Uint8Array(),
        input: { name: 'features', columns: ['a', 'b'] },
        output: { name: 'score', width: 1 },
        holdoutPredictions: Float32Array.from(own),
        bestStep: 1,
        importance: [],
        parameters: {},
      } as unknown as TrainResult;
    },
    predict: async () => Float32Array.from(served),
  };
  return { fake, seen };
}
const execute = (given: ReturnType<typeof ports>, changes: object = {}, of = set) =>
  executeTrainingRun(request(changes), of, given.fake, () => {});

describe('a training run', () => {
  it('splits by time: fits the oldest, stops early on the next, never sees the newest', async () => {
    const given = ports(columns());
    const { evaluation } = await execute(given);
    const { features, labels, validation, holdout } = given.seen.request as TrainRequest;
    expect([...features.values]).toEqual([0, -0, 1, -1, 2, -2]);
    expect([...labels]).toEqual([0, 1, 0]);
    expect([...(validation?.features.values ?? [])]).toEqual([3, -3, 4, -4, 5, -5]);
    expect([...(validation?.labels ?? [])]).toEqual([1, 0, 1]);
    expect([...(holdout?.values ?? [])]).toEqual([6, -6, 7, -7]);
    expect(features.columns).toEqual(['a', 'b']);
    expect(evaluation).toMatchObject({ rows: 2, trainedRows: 6, baseRate: 0.5 });
  });

  it('reads features, label and the columns of the group baseline only, and names the baseline', async () => {
    const given = ports(columns());
    const { evaluation } = await execute(given, { groupBaseline: ['route'] });
    expect(given.seen.columns).toEqual(['a', 'b', 'late', 'route']);
    expect(evaluation.baselines.map((baseline) => baseline.name)).toEqual(['base rate', 'mean by route']);
  });

  it('has no validation part where none is wanted', async () => {
    const given = ports(columns());
    await execute(given, { validationFraction: 0 });
    expect(given.seen.request).not.toHaveProperty('validation');
    expect(given.seen.request?.features.rows).toBe(6);
  });

  it('refuses a label that is null in a row, and trains nothing', async () => {
    const given = ports(columns([0, 1, Number.NaN, 1, 0, 1, 0, 1]));
    await expect(execute(given)).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      message: expect.stringContaining('"late" is null'),
    });
    expect(given.seen.request).toBeUndefined();
  });

  it('refuses a feature that is text, by name', () => {
    const text = [{ name: 'carrier', role: 'FEATURE', type: 'STRING' }] as unknown as TrainingSetFacts['columns'];
    expect(() => featureColumns({ columns: text })).toThrow(
      expect.objectContaining({ code: 'PRECONDITION_FAILED', message: expect.stringContaining('"carrier"') }),
    );
  });

  it('refuses a set without label, and one with too few rows', async () => {
    const unlabelled = facts(set.columns.filter((column) => column.role !== 'LABEL'));
    await expect(execute(ports(columns()), {}, unlabelled)).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
    await expect(execute(ports(columns([1])))).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
  });

  it.each([
    [[0.25, 0.75], true],
    [[0.250001, 0.75], true],
    [[0.26, 0.75], false],
    [[Number.NaN, 0.75], false],
  ])('records whether the exported model agrees with the trainer: %j', async (served, passed) => {
    const { parity } = await execute(ports(columns(), [0.25, 0.75], served));
    expect(parity).toMatchObject({ rows: 2, passed, tolerance: 1e-5 });
  });

  it('refuses another number of predictions than rows', async () => {
    await expect(execute(ports(columns(), [0.25, 0.75], [0.25]))).rejects.toMatchObject({ code: 'PLUGIN_FAILED' });
  });
});
