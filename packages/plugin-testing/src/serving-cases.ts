import { strict as assert } from 'node:assert';
import type { ServingV1, Tensor } from '@falaj/plugin-sdk';
import { type CaseDefinition, commonCases, refuses } from './case.js';
import { fakeCall } from './fake-host.js';
import { tinyModel } from './tiny-model.js';

const features = (...rows: [number, number][]): Tensor => ({
  name: 'features',
  datatype: 'FP32',
  shape: [rows.length, 2],
  data: new Float32Array(rows.flat()),
});
const load = (serving: ServingV1, handle: string, model = tinyModel()) =>
  serving.load({ handle, format: 'onnx', model }, fakeCall());
const infer = (serving: ServingV1, handle: string, inputs: readonly Tensor[], outputs?: readonly string[]) =>
  serving.infer({ handle, inputs, ...(outputs ? { outputs } : {}) }, fakeCall());

export const servingCases: readonly CaseDefinition<'serving'>[] = [
  ...commonCases<'serving'>(
    'SV',
    (serving, signal) => serving.load({ handle: 'h', format: 'onnx', model: tinyModel() }, fakeCall({ signal })),
    fakeCall,
  ),
  {
    id: 'SV-03',
    title: 'load describes inputs and outputs, -1 for the batch',
    async run({ open, unique }) {
      const model = await load(await open(), unique);
      assert.equal(model.handle, unique);
      assert.deepEqual(model.inputs, [{ name: 'features', datatype: 'FP32', shape: [-1, 2] }]);
      assert.deepEqual(
        model.outputs.toSorted((a, b) => a.name.localeCompare(b.name)),
        ['raw', 'y'].map((name) => ({ name, datatype: 'FP32', shape: [-1, 1] })),
      );
      assert.match(model.platform, /^[a-z0-9]+_[a-z0-9]+$/);
      assert.ok(model.device.length > 0, 'a device is named');
    },
  },
  {
    id: 'SV-04',
    title: 'infer computes the model, for one row and for many',
    async run({ open, unique }) {
      const serving = await open();
      await load(serving, unique);
      for (const rows of [1, 3, 257]) {
        const input = Array.from({ length: rows }, (_, row): [number, number] => [row, -row / 2]);
        const [y] = await infer(serving, unique, [features(...input)], ['y']);
        assert.deepEqual([y?.name, y?.datatype, y?.shape], ['y', 'FP32', [rows, 1]]);
        assert.deepEqual(
          Array.from(y?.data as Float32Array),
          input.map(([a, b]) => 2 * a + 3 * b + 1),
        );
      }
    },
  },
  {
    id: 'SV-05',
    title: 'loading a handle again answers the loaded model',
    async run({ open, unique }) {
      const serving = await open();
      assert.deepEqual(await load(serving, unique), await load(serving, unique));
    },
  },
  {
    id: 'SV-06',
    title: 'an unknown handle is NOT_FOUND to infer and no error to unload',
    async run({ open, unique }) {
      const serving = await open();
      await refuses(infer(serving, unique, [features([1, 2])]), ['NOT_FOUND'], 'infer of an unknown handle');
      await serving.unload({ handle: unique }, fakeCall());
      await load(serving, unique);
      await serving.unload({ handle: unique }, fakeCall());
      await refuses(infer(serving, unique, [features([1, 2])]), ['NOT_FOUND'], 'infer after unload');
    },
  },
  {
    id: 'SV-07',
    title: 'inputs that do not fit the model are BAD_INPUT, and the model goes on working',
    async run({ open, unique }) {
      const serving = await open();
      await load(serving, unique);
      const good = features([1, 1]);
      const bad: [string, readonly Tensor[]][] = [
        ['no input', []],
        ['an unknown input', [{ ...good, name: 'nope' }]],
        ['an input too many', [good, { ...good, name: 'extra' }]],
        ['the same input twice', [good, good]],
        ['three columns', [{ ...good, shape: [1, 3], data: new Float32Array(3) }]],
        ['another rank', [{ ...good, shape: [2] }]],
        ['another datatype', [{ ...good, datatype: 'INT64', data: new BigInt64Array(2) }]],
        ['too few values', [{ ...good, data: new Float32Array(1) }]],
        ['a negative size', [{ ...good, shape: [-1, 2] }]],
        ['an array that is not of its datatype', [{ ...good, data: new Float64Array(2) }]],
      ];
      for (const [what, inputs] of bad) await refuses(infer(serving, unique, inputs), ['BAD_INPUT'], what);
      await refuses(infer(serving, unique, [good], ['nope']), ['BAD_INPUT'], 'an unknown output');
      assert.equal((await infer(serving, unique, [good], ['y']))[0]?.data[0], 6);
    },
  },
  {
    id: 'SV-08',
    title: 'bytes that are no model are refused, and leave no handle',
    async run({ open, unique }) {
      const serving = await open();
      for (const model of [new Uint8Array(), new Uint8Array(64).fill(255), tinyModel().slice(0, 40)]) {
        await refuses(
          load(serving, unique, model),
          ['BAD_INPUT', 'CORRUPT', 'UNSUPPORTED'],
          `${model.length} odd bytes`,
        );
      }
      await refuses(infer(serving, unique, [features([1, 2])]), ['NOT_FOUND'], 'infer after a refused load');
    },
  },
  {
    id: 'SV-09',
    title: 'outputs follow the asked order; without asking, all come',
    async run({ open, unique }) {
      const serving = await open();
      await load(serving, unique);
      for (const asked of [['raw', 'y'], ['y', 'raw'], ['raw']]) {
        const outputs = await infer(serving, unique, [features([1, 1])], asked);
        assert.deepEqual(
          outputs.map((output) => [output.name, output.data[0]]),
          asked.map((name) => [name, name === 'y' ? 6 : 5]),
        );
      }
      assert.deepEqual((await infer(serving, unique, [features([1, 1])])).map((output) => output.name).toSorted(), [
        'raw',
        'y',
      ]);
    },
  },
  {
    id: 'SV-10',
    title: 'concurrent calls get their own answers',
    async run({ open, unique }) {
      const serving = await open();
      await load(serving, unique);
      const answers = await Promise.all(
        Array.from({ length: 64 }, (_, index) => infer(serving, unique, [features([index, 0])], ['y'])),
      );
      assert.deepEqual(
        answers.map(([y]) => y?.data[0]),
        answers.map((_, index) => 2 * index + 1),
      );
    },
  },
];
