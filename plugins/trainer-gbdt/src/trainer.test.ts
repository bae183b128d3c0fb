import type { TrainRequest, TrainResult } from '@falaj/contracts';
import type { PluginHost } from '@falaj/plugin-sdk';
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import gbdt from './index.js';
import { labelled, randomMatrix, silentCall } from './testing-data.js';

const trainer = await gbdt.open({}, {} as PluginHost);
const train = (request: TrainRequest, call = silentCall()) => trainer.train(request, call);

const curve = (x: (column: number) => number) =>
  Math.sin(2 * (x(0) || 0)) + (x(1) > 0.25 ? 1 : -1) * (x(2) || 0) + (Number.isNaN(x(3)) ? 1.5 : 0);

function sample(task: TrainRequest['task'], rows = 3_000, missing = 0.1, seed = 1): TrainRequest {
  const features = randomMatrix(rows, 6, seed, missing);
  const label = {
    binary: (x: (column: number) => number) => (curve(x) > 0 ? 1 : 0),
    multiclass: (x: (column: number) => number) => (curve(x) > 0.7 ? 2 : curve(x) > -0.7 ? 1 : 0),
    regression: (x: (column: number) => number) => 100 + 30 * curve(x),
  }[task];
  const parameters = { trees: 40 };
  return { task, ...labelled(features, label), ...(task === 'multiclass' && { classes: 3 }), parameters, seed: 5 };
}

async function runOnnx({ model, input, output }: TrainResult, holdout: NonNullable<TrainRequest['holdout']>) {
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1 });
  const tensor = new ort.Tensor('float32', holdout.values, [holdout.rows, holdout.columns.length]);
  const answer = await session.run({ [input.name]: tensor });
  const found = answer[output.name] as ort.Tensor;
  expect(found.dims).toEqual([holdout.rows, output.width]);
  return found.data as Float32Array;
}

function largestDifference(ours: ArrayLike<number>, theirs: ArrayLike<number>): number {
  expect(ours.length).toBe(theirs.length);
  let largest = 0;
  for (let i = 0; i < ours.length; i++)
    largest = Math.max(largest, Math.abs((ours[i] as number) - (theirs[i] as number)));
  return largest;
}

describe('parity of the export with ONNX Runtime', () => {
  for (const task of ['binary', 'multiclass', 'regression'] as const) {
    for (const missing of [0, 0.1]) {
      test(`${task}, ${missing * 100}% missing in training, 10% in use`, async () => {
        const holdout = randomMatrix(5_000, 6, 99, 0.1);
        const result = await train({ ...sample(task, 3_000, missing), holdout });
        const ours = result.holdoutPredictions as Float64Array;
        expect(new Set(ours).size).toBeGreaterThan(100);
        expect(largestDifference(ours, await runOnnx(result, holdout))).toBeLessThanOrEqual(1e-5);
      });
    }
  }

  test('values equal to a threshold, one row at a time', async () => {
    // Whole numbers with two bins each: every cut is at a half, and the holdout holds exactly the halves.
    const features = { rows: 800, columns: ['a'], values: Float32Array.from({ length: 800 }, (_, row) => row % 8) };
    const holdout = { rows: 15, columns: ['a'], values: Float32Array.from({ length: 15 }, (_, row) => row / 2) };
    const request = { ...labelled(features, (x) => (x(0) * 7) % 3), task: 'regression' as const, seed: 0 };
    const result = await train({ ...request, holdout, parameters: { trees: 30 } });
    const ours = result.holdoutPredictions as Float64Array;
    expect(largestDifference(ours, await runOnnx(result, holdout))).toBeLessThanOrEqual(1e-6);
    for (let row = 0; row + 1 < 15; row += 2) expect(ours[row + 1]).toBe(ours[row]);
    const alone = { ...holdout, rows: 1, values: holdout.values.subarray(3, 4) };
    expect((await runOnnx(result, alone))[0]).toBeCloseTo(ours[3] as number, 5);
  });

  test('a base that is far from zero survives', async () => {
    const features = randomMatrix(2_000, 2, 3);
    const request = { ...labelled(features, (_, row) => (row % 50 === 0 ? 1 : 0)), task: 'binary' as const, seed: 0 };
    const result = await train({ ...request, holdout: features, parameters: { trees: 1, learningRate: 0.001 } });
    const served = await runOnnx(result, features);
    expect(served.reduce((sum, value) => sum + value, 0) / served.length).toBeCloseTo(0.02, 4);
  });

  test('labels that never vary give a constant regression', async () => {
    const features = randomMatrix(100, 2, 3);
    const request = { ...labelled(features, () => 42), task: 'regression' as const, parameters: {}, seed: 0 };
    const result = await train({ ...request, holdout: features });
    expect(new Set(await runOnnx(result, features))).toEqual(new Set([42]));
    expect(result.importance).toEqual({ c0: 0, c1: 0 });
  });
});

describe('learning', () => {
  test('separates a nonlinear binary set', async () => {
    const holdout = sample('binary', 4_000, 0.1, 77);
    const { holdoutPredictions } = await train({ ...sample('binary'), holdout: holdout.features });
    let right = 0;
    for (const [row, label] of holdout.labels.entries()) {
      if (((holdoutPredictions?.[row] as number) > 0.5 ? 1 : 0) === label) right++;
    }
    expect(right / holdout.labels.length).toBeGreaterThan(0.93);
  });

  test('tells separable classes apart, an absent class included', async () => {
    const features = randomMatrix(1_200, 2, 8);
    const rows = labelled(features, (x) => (x(0) > 0 ? (x(1) > 0 ? 0 : 1) : 3));
    const request = { ...rows, task: 'multiclass' as const, classes: 4, parameters: { trees: 30 }, seed: 0 };
    const { holdoutPredictions = new Float64Array(), output } = await train({ ...request, holdout: features });
    expect(output).toEqual({ name: 'probabilities', width: 4 });
    let right = 0;
    for (const [row, label] of rows.labels.entries()) {
      const probabilities = [...holdoutPredictions.subarray(row * 4, row * 4 + 4)];
      expect(probabilities.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 9);
      if (probabilities.indexOf(Math.max(...probabilities)) === label) right++;
    }
    expect(right / 1_200).toBeGreaterThan(0.99);
  });

  test('fits a curve, whatever the unit of the label', async () => {
    const { features, labels } = sample('regression');
    const fits = await Promise.all(
      [1, 1e-6, 1e6].map(async (unit) => {
        const scaled = labels.map((label) => label * unit);
        const request = { task: 'regression' as const, features, labels: scaled, seed: 0, parameters: { trees: 100 } };
        const { holdoutPredictions = new Float64Array() } = await train({ ...request, holdout: features });
        const mean = scaled.reduce((sum, label) => sum + label, 0) / scaled.length;
        let error = 0;
        let spread = 0;
        for (const [row, label] of scaled.entries()) {
          error += (label - (holdoutPredictions[row] as number)) ** 2;
          spread += (label - mean) ** 2;
        }
        return 1 - error / spread;
      }),
    );
    for (const fit of fits) expect(fit).toBeGreaterThan(0.95);
  });

  test('a value that is missing can be the whole signal', async () => {
    const features = randomMatrix(1_000, 2, 4, 0.3);
    const holdout = { rows: 2, columns: features.columns, values: Float32Array.of(Number.NaN, 0, 0.5, 0) };
    const rows = labelled(features, (x) => (Number.isNaN(x(0)) ? 1 : 0));
    const result = await train({ ...rows, task: 'binary', parameters: {}, seed: 0, holdout });
    expect(result.holdoutPredictions?.[0]).toBeGreaterThan(0.95);
    expect(result.holdoutPredictions?.[1]).toBeLessThan(0.05);
    expect(largestDifference(result.holdoutPredictions ?? [], await runOnnx(result, holdout))).toBeLessThanOrEqual(
      1e-6,
    );
    expect(result.importance.c0).toBeGreaterThan(0.99);
  });

  test('importance sums to 1 and names the columns that matter', async () => {
    const { importance } = await train(sample('binary'));
    expect(Object.values(importance).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    expect((importance.c0 as number) + (importance.c1 as number) + (importance.c2 as number)).toBeGreaterThan(0.7);
  });

  test('early stopping keeps the round with the least validation loss', async () => {
    const features = randomMatrix(600, 4, 21);
    const noisy = labelled(features, (x, row) => ((row * 7919) % 10 < 4 ? row % 2 : x(0) > 0 ? 1 : 0));
    const validation = labelled(randomMatrix(600, 4, 22), (x, row) =>
      (row * 7907) % 10 < 4 ? row % 2 : x(0) > 0 ? 1 : 0,
    );
    const losses: number[] = [];
    const call = silentCall(undefined, ({ step, totalSteps, metrics }) => {
      expect(totalSteps).toBe(400);
      losses[step - 1] = metrics.validationLoss as number;
    });
    const parameters = { trees: 400, earlyStoppingRounds: 7 };
    const result = await train({ task: 'binary', ...noisy, validation, parameters, seed: 0 }, call);
    expect(losses.indexOf(Math.min(...losses)) + 1).toBe(result.bestStep);
    expect(losses.length).toBe(result.bestStep + 7);
    const plain = await train({ task: 'binary', ...noisy, parameters: { trees: result.bestStep }, seed: 0 });
    expect(Buffer.compare(plain.model, result.model)).toBe(0);
  });

  test('training loss falls', async () => {
    const losses: number[] = [];
    await train(
      sample('binary'),
      silentCall(undefined, ({ metrics }) => losses.push(metrics.trainingLoss as number)),
    );
    for (let i = 1; i < losses.length; i++) expect(losses[i]).toBeLessThan(losses[i - 1] as number);
  });
});

describe('determinism', () => {
  test('the same seed gives the same bytes, another seed another model', async () => {
    const parameters = { trees: 10, rowSample: 0.6, columnSample: 0.5 };
    const holdout = randomMatrix(500, 6, 3, 0.1);
    const [first, again, other] = await Promise.all(
      [5, 5, 6].map((seed) => train({ ...sample('multiclass'), parameters, seed, holdout })),
    );
    expect(again).toEqual(first);
    expect(Buffer.compare(first?.model as Uint8Array, other?.model as Uint8Array)).not.toBe(0);
    const served = await runOnnx(first as TrainResult, holdout);
    expect(largestDifference(first?.holdoutPredictions as Float64Array, served)).toBeLessThanOrEqual(1e-5);
  });
});

test('the file says what it is: shapes for ONNX Runtime, trainer and columns as metadata', async () => {
  const { model } = await train(sample('multiclass'));
  const session = await ort.InferenceSession.create(model);
  expect(session.inputMetadata).toMatchObject([{ name: 'features', type: 'float32', shape: ['N', 6] }]);
  expect(session.outputMetadata).toMatchObject([{ name: 'probabilities', type: 'float32', shape: ['N', 3] }]);
  // A metadata entry on the wire: field 1 with its length and text, then field 2.
  const entry = (key: string, value: string) =>
    Buffer.concat([Buffer.of(10, key.length), Buffer.from(key), Buffer.of(18, value.length), Buffer.from(value)]);
  const file = Buffer.from(model);
  expect(file.includes(entry('trainer', 'gbdt'))).toBe(true);
  expect(file.includes(entry('version', '0.1.0'))).toBe(true);
  expect(file.includes(entry('columns', JSON.stringify(['c0', 'c1', 'c2', 'c3', 'c4', 'c5'])))).toBe(true);
});

test('the event loop turns while training runs, so an abort from outside arrives', async () => {
  const controller = new AbortController();
  let reported = 0;
  const call = silentCall(controller.signal, ({ step }) => {
    reported = step;
  });
  setTimeout(() => controller.abort(), 5);
  const request = { ...sample('regression'), parameters: { trees: 10_000 } };
  await expect(train(request, call)).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(reported).toBeLessThan(10_000);
});

test('an abort ends training between trees', async () => {
  const controller = new AbortController();
  let reported = 0;
  const call = silentCall(controller.signal, ({ step }) => {
    reported = step;
    if (step === 3) controller.abort();
  });
  const request = { ...sample('binary'), parameters: { trees: 5_000 } };
  await expect(train(request, call)).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(reported).toBe(3);
});

describe('refusals name what is wrong', () => {
  const good = sample('binary', 50, 0);
  const withValue = (value: number) => ({ ...good.features, values: good.features.values.with(8, value) });
  const cases: [string, Partial<TrainRequest>, RegExp][] = [
    ['unknown parameter', { parameters: { treees: 3 } }, /"treees".*allowed: trees/],
    ['wrong type', { parameters: { trees: '3' } }, /"trees" is "3".*whole number from 1 to 10000/],
    ['not whole', { parameters: { maxLeaves: 2.5 } }, /"maxLeaves" is 2.5/],
    ['out of range', { parameters: { learningRate: 0 } }, /"learningRate" is 0.*above 0 to 1/],
    ['NaN', { parameters: { l2: Number.NaN } }, /"l2" is NaN/],
    ['early stopping alone', { parameters: { earlyStoppingRounds: 5 } }, /earlyStoppingRounds.*validation/],
    ['short labels', { labels: good.labels.subarray(1) }, /49 values for 50 rows/],
    ['label not 0 or 1', { labels: good.labels.with(3, 2) }, /2 in row 3.*0 or 1/],
    ['label NaN', { labels: good.labels.with(3, Number.NaN) }, /NaN in row 3/],
    ['regression label infinite', { task: 'regression', labels: good.labels.with(3, Infinity) }, /Infinity in row 3/],
    ['one class', { labels: new Float32Array(50) }, /only the class 0/],
    ['no rows', { features: { ...good.features, rows: 0, values: new Float32Array() } }, /0 rows/],
    ['no columns', { features: { rows: 50, columns: [], values: new Float32Array() } }, /no columns/],
    ['short values', { features: { ...good.features, values: new Float32Array(7) } }, /7 values; 50 rows of 6/],
    ['repeated column', { features: { ...good.features, columns: ['a', 'b', 'a', 'd', 'e', 'f'] } }, /"a" more than/],
    ['infinite value', { features: withValue(-Infinity) }, /-Infinity in row 1, column "c2"/],
    ['classes missing', { task: 'multiclass' }, /classes is undefined/],
    ['class out of range', { task: 'multiclass', classes: 3, labels: good.labels.with(0, 3) }, /3 in row 0.*0 to 2/],
    ['classes without need', { classes: 2 }, /multiclass only/],
    ['unknown task', { task: 'ranking' as 'binary' }, /"ranking"/],
    ['other columns', { holdout: randomMatrix(5, 5, 1) }, /holdout has the columns/],
    ['seed', { seed: 0.5 }, /seed is 0.5/],
  ];
  test.each(cases)('%s', async (_, change, message) => {
    const refusal = await train({ ...good, ...change }).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ name: 'PluginError', code: 'BAD_INPUT' });
    expect((refusal as Error).message).toMatch(message);
  });

  test('the installation’s limits', async () => {
    const small = await gbdt.open({ maxRows: 40, maxTrees: 50 }, {} as PluginHost);
    await expect(small.train(good, silentCall())).rejects.toMatchObject({ message: expect.stringMatching(/50 rows/) });
    const roomy = await gbdt.open({ maxTrees: 5 }, {} as PluginHost);
    await expect(roomy.train(good, silentCall())).rejects.toMatchObject({ message: expect.stringMatching(/40 trees/) });
    await expect(gbdt.open({ maxRow: 1 }, {} as PluginHost)).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });
});
