import { strict as assert } from 'node:assert';
import { isDeepStrictEqual } from 'node:util';
import type { TrainerV1, TrainProgress, TrainRequest, TrainResult } from '@falaj/plugin-sdk';
import { type CaseDefinition, commonCases, refuses, rejects } from './case.js';
import { fakeCall } from './fake-host.js';

const COLUMNS = ['signal', 'second', 'noise'];

/** Reproducible numbers in [-1, 1). */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

function request(task: TrainRequest['task'], rows = 600, change: Partial<TrainRequest> = {}): TrainRequest {
  const next = numbers(42);
  const values = Float32Array.from({ length: rows * COLUMNS.length }, next);
  const labels = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const signal = values[row * COLUMNS.length] as number;
    const second = values[row * COLUMNS.length + 1] as number;
    labels[row] =
      task === 'regression'
        ? 3 * signal + second
        : task === 'binary'
          ? Number(signal > 0.2)
          : signal < -0.3
            ? 0
            : signal < 0.3
              ? 1
              : 2;
  }
  const holdout = { rows: 50, columns: COLUMNS, values: values.slice(0, 50 * COLUMNS.length) };
  return {
    task,
    features: { rows, columns: COLUMNS, values },
    labels,
    holdout,
    parameters: {},
    seed: 7,
    ...(task === 'multiclass' ? { classes: 3 } : {}),
    ...change,
  };
}
const train = (trainer: TrainerV1, of: TrainRequest) => trainer.train(of, fakeCall());
const predictions = (result: TrainResult): number[] => Array.from(result.holdoutPredictions ?? []);

export const trainerCases: readonly CaseDefinition<'trainer'>[] = [
  ...commonCases<'trainer'>(
    'TR',
    (trainer, signal) => trainer.train(request('binary'), fakeCall({ signal })),
    fakeCall,
  ),
  {
    id: 'TR-03',
    title: 'the same request with the same seed gives the same bytes and predictions',
    async run({ open }) {
      const [one, two] = [await train(await open(), request('binary')), await train(await open(), request('binary'))];
      assert.equal(Buffer.compare(one.model, two.model), 0, 'the models differ');
      assert.deepEqual(predictions(one), predictions(two));
    },
  },
  {
    id: 'TR-04',
    title: 'missing values (NaN) are learned from and scored',
    async run({ open }) {
      const of = request('binary');
      for (let index = 0; index < of.features.values.length; index += 7) of.features.values[index] = Number.NaN;
      const holdout = { rows: 2, columns: COLUMNS, values: new Float32Array(6).fill(Number.NaN) };
      const scored = predictions(await train(await open(), { ...of, holdout }));
      assert.ok(
        scored.length === 2 && scored.every(Number.isFinite),
        `finite predictions are expected, found ${scored}`,
      );
    },
  },
  {
    id: 'TR-05',
    title: 'an abort during training rejects promptly',
    async run({ open }) {
      const controller = new AbortController();
      let reports = 0;
      const call = fakeCall({
        signal: controller.signal,
        report: () => {
          reports += 1;
          controller.abort();
        },
      });
      await rejects((await open()).train(request('binary', 5000), call), 'training must stop at an abort');
      assert.ok(reports > 0, 'training must report while it runs');
    },
  },
  {
    id: 'TR-06',
    title: 'progress counts up from 1, never beyond the total, with finite metrics',
    async run({ open }) {
      const reports: TrainProgress[] = [];
      await (await open()).train(request('binary'), fakeCall({ report: (progress) => reports.push(progress) }));
      assert.ok(reports.length > 0, 'at least one report is expected');
      assert.equal(reports[0]?.step, 1);
      reports.forEach((report, index) => {
        assert.ok(
          report.step > (reports[index - 1]?.step ?? 0) && report.step <= report.totalSteps,
          `step ${report.step}`,
        );
        assert.ok(Object.values(report.metrics).every(Number.isFinite), `metrics of step ${report.step}`);
      });
    },
  },
  {
    id: 'TR-07',
    title: 'the result describes its model: columns, width, importance, parameters, best step',
    async run({ open }) {
      const result = await train(await open(), request('binary'));
      assert.equal(result.format, 'onnx');
      assert.ok(result.model.length > 0, 'a model');
      assert.deepEqual(result.input.columns, COLUMNS);
      assert.equal(result.output.width, 1);
      assert.equal(result.holdoutPredictions?.length, 50);
      assert.ok(result.bestStep >= 1, 'bestStep counts from 1');
      const shares = Object.entries(result.importance);
      assert.ok(
        shares.every(([name]) => COLUMNS.includes(name)),
        'importance by column name',
      );
      const total = shares.reduce((sum, [, share]) => sum + share, 0);
      assert.ok(Math.abs(total - 1) < 1e-6, `importance sums to 1, found ${total}`);
      assert.ok(Object.keys(result.parameters).length > 0, 'the parameters used are told, defaults included');
    },
  },
  {
    id: 'TR-08',
    title: 'binary: probabilities that separate the classes',
    async run({ open }) {
      const of = request('binary');
      const scored = predictions(await train(await open(), of));
      assert.ok(
        scored.every((score) => score >= 0 && score <= 1),
        'probabilities are expected',
      );
      const right = scored.filter((score, row) => Number(score > 0.5) === of.labels[row]).length;
      assert.ok(right >= 45, `of 50 easy rows ${right} are right`);
    },
  },
  {
    id: 'TR-09',
    title: 'multiclass: one probability per class, summing to 1',
    async run({ open }) {
      const of = request('multiclass');
      const result = await train(await open(), of);
      assert.equal(result.output.width, 3);
      const scored = predictions(result);
      assert.equal(scored.length, 150);
      let right = 0;
      for (let row = 0; row < 50; row++) {
        const classes = scored.slice(row * 3, row * 3 + 3);
        assert.ok(Math.abs(classes.reduce((sum, share) => sum + share, 0) - 1) < 1e-5, `row ${row}: ${classes}`);
        if (classes.indexOf(Math.max(...classes)) === of.labels[row]) right += 1;
      }
      assert.ok(right >= 45, `of 50 easy rows ${right} are right`);
    },
  },
  {
    id: 'TR-10',
    title: 'regression: predictions follow the value',
    async run({ open }) {
      const of = request('regression');
      const scored = predictions(await train(await open(), of));
      const labels = Array.from(of.labels.subarray(0, 50));
      const mean = labels.reduce((sum, label) => sum + label, 0) / 50;
      const squares = (guess: (row: number) => number) =>
        labels.reduce((sum, label, row) => sum + (label - guess(row)) ** 2, 0);
      assert.ok(
        squares((row) => scored[row] as number) < 0.5 * squares(() => mean),
        'far better than the mean is expected',
      );
    },
  },
  {
    id: 'TR-11',
    title: 'requests that cannot be trained are BAD_INPUT',
    async run({ open }) {
      const trainer = await open();
      const of = request('binary');
      const empty = { rows: 0, columns: COLUMNS, values: new Float32Array() };
      const bad: [string, TrainRequest][] = [
        ['fewer labels than rows', { ...of, labels: of.labels.slice(1) }],
        [
          'fewer values than rows times columns',
          { ...of, features: { ...of.features, values: of.features.values.slice(1) } },
        ],
        ['no rows', { ...of, features: empty, labels: new Float32Array() }],
        ['a label that is neither 0 nor 1', { ...of, labels: of.labels.map((label) => label + 1) }],
        ['a label that is no number', { ...of, labels: of.labels.map(() => Number.NaN) }],
        ['an unknown parameter', { ...of, parameters: { 'no such parameter': 1 } }],
        ['multiclass without classes', { ...request('multiclass'), classes: 0 }],
        ['a holdout with other columns', { ...of, holdout: { rows: 1, columns: ['x'], values: new Float32Array(1) } }],
      ];
      for (const [what, each] of bad) await refuses(train(trainer, each), ['BAD_INPUT'], what);
    },
  },
  {
    id: 'TR-12',
    title: 'the request is not changed, and a validation set only stops early',
    async run({ open }) {
      const of = request('binary');
      const validation = { features: request('binary', 100).features, labels: request('binary', 100).labels };
      const before = structuredClone({ ...of, validation });
      await train(await open(), { ...of, validation });
      assert.ok(isDeepStrictEqual({ ...of, validation }, before), 'the request was changed');
    },
  },
];
