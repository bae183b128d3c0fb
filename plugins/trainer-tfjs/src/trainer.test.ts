import type { TrainProgress, TrainRequest } from '@falaj/contracts';
import { conformance, createFakeHost, fakeCall } from '@falaj/plugin-testing';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { openBackend } from './backend.js';
import plugin from './index.js';
import { openTrainer } from './trainer.js';

const limits = { maxRows: 1e6, maxColumns: 100, maxClasses: 10, maxWeights: 100_000 };
const COLUMNS = ['a', 'b', 'c'];

/** Two rings: no linear model tells them apart. */
function rings(rows: number, change: Partial<TrainRequest> = {}): TrainRequest {
  let state = 11;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const values = new Float32Array(rows * 3);
  const labels = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const label = row % 2;
    const angle = next() * 2 * Math.PI;
    const radius = label + 0.6 + 0.3 * next();
    values.set([1e4 + 100 * radius * Math.cos(angle), radius * Math.sin(angle), next()], row * 3);
    labels[row] = label;
  }
  return {
    task: 'binary',
    features: { rows, columns: COLUMNS, values },
    labels,
    holdout: { rows: 60, columns: COLUMNS, values: values.slice(0, 180) },
    parameters: { epochs: 60, hiddenUnits: '24,12', learningRate: 0.01 },
    seed: 3,
    ...change,
  };
}

describe('conformance', () => {
  it.each(conformance(plugin).map((each) => [each.id, each] as const))('%s', (_, each) => each.run(), 120_000);
});

describe.each(['wasm', 'cpu'] as const)('on %s', (backend) => {
  it('learns what no line separates, and hands over the same numbers as ONNX, missing values among them', async () => {
    const trainer = openTrainer({ ...limits, backend });
    for (const [task, activation] of [
      ['binary', 'relu'],
      ['multiclass', 'tanh'],
      ['regression', 'relu'],
    ] as const) {
      const of = rings(800, {
        task,
        ...(task === 'multiclass' ? { classes: 2 } : {}),
        parameters: { epochs: 60, hiddenUnits: '24,12', learningRate: 0.01, activation, dropout: 0.05, l2: 1e-5 },
      });
      const holdout = of.holdout as { values: Float32Array };
      for (let n = 5; n < 60; n += 7) holdout.values[n] = Number.NaN;
      const result = await trainer.train(of, fakeCall());
      expect(result.parameters).toMatchObject({ backend, device: 'cpu' });
      const session = await InferenceSession.create(Buffer.from(result.model));
      const answer = (await session.run({ features: new Tensor('float32', holdout.values, [60, 3]) }))[
        result.output.name
      ] as Tensor;
      const own = result.holdoutPredictions as Float64Array;
      expect(answer.dims).toEqual([60, result.output.width]);
      const largest = Math.max(
        ...own.map((value, n) => Math.abs(value - ((answer.data as Float32Array)[n] as number))),
      );
      expect(largest, task).toBeLessThanOrEqual(1e-5);
      const width = result.output.width;
      const right = Array.from({ length: 40 }, (_, n) => n + 20).filter(
        (row) => Number((own[row * width + width - 1] as number) > 0.5) === of.labels[row],
      ).length;
      expect(right, task).toBeGreaterThanOrEqual(36);
    }
  }, 120_000);
});

it('keeps the best epoch by the validation rows and stops when it gets no better', async () => {
  const trainer = openTrainer({ ...limits, backend: 'auto' });
  const held = rings(200, { seed: 4 });
  const noise = { features: held.features, labels: held.labels.map((_, row) => (row * 7919) % 2) };
  const seen: TrainProgress[] = [];
  const result = await trainer.train(
    rings(200, { validation: noise, parameters: { epochs: 200, earlyStoppingEpochs: 3, learningRate: 0.05 } }),
    fakeCall({ report: (progress) => seen.push(progress) }),
  );
  const losses = seen.map(({ metrics }) => metrics.validationLoss ?? 9);
  expect(losses.length).toBeLessThan(200);
  expect(result.bestStep).toBe(losses.indexOf(Math.min(...losses)) + 1);
  expect(losses.length - result.bestStep).toBe(3);
});

it('two trainings at once take turns and each is as if it were alone', async () => {
  const trainer = openTrainer({ ...limits, backend: 'auto' });
  const request = rings(200, { parameters: { epochs: 5, dropout: 0.2 } });
  const alone = await trainer.train(request, fakeCall());
  const both = await Promise.all([trainer.train(request, fakeCall()), trainer.train(request, fakeCall())]);
  for (const one of both) expect(Buffer.compare(one.model, alone.model)).toBe(0);
});

it('says which parameters do not fit, and what a network may weigh', async () => {
  const trainer = openTrainer({ ...limits, backend: 'auto' });
  const refused = (parameters: TrainRequest['parameters']) =>
    trainer.train(rings(100, { parameters }), fakeCall()).catch((error: Error) => error.message);
  expect(await refused({ depth: 3 })).toMatch(/"depth"; allowed: hiddenUnits, activation, epochs/);
  expect(await refused({ hiddenUnits: '64;32' })).toMatch(/"hiddenUnits".*64,32/);
  expect(await refused({ hiddenUnits: '0' })).toMatch(/0 units/);
  expect(await refused({ hiddenUnits: '5000,5000' })).toMatch(/makes 250\d+ weights; this installation allows 100000/);
  expect(await refused({ epochs: 1.5, dropout: 1 })).toMatch(/"epochs".*"dropout"/);
});

it('an absent native package is told, and never stands in the way of the others', async () => {
  await expect(openBackend('tensorflow')).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringMatching(/tfjs-node-gpu nor @tensorflow\/tfjs-node is installed/),
  });
  expect(await openBackend('auto')).toMatchObject({ name: 'wasm', device: 'cpu' });
  const host = await createFakeHost();
  const trainer = await plugin.open({}, host);
  expect(await trainer.health(fakeCall())).toMatchObject({ ok: true, detail: expect.stringMatching(/^wasm on cpu/) });
  await host.remove();
});
