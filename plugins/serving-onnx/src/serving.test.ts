import type { Call, Datatype, PluginHost, ServingV1, TensorData } from '@falaj/plugin-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import plugin from './index.js';
import { denseModel, identityModel, lookupModel } from './testing.js';

const log = { debug() {}, info() {}, warn() {}, error() {} };
const host: PluginHost = { clock: Date.now, log, directory: '', secret: () => '' };
const call = { signal: new AbortController().signal, log } as unknown as Call;
const rows = (...values: number[]) => ({
  name: 'x',
  datatype: 'FP32' as const,
  shape: [values.length, 1],
  data: Float32Array.from(values),
});
const load = (serving: ServingV1, model: Uint8Array, handle = 'm') =>
  serving.load({ handle, format: 'onnx', model }, call);

describe.each(['inline', 'worker'] as const)('serving onnx, %s', (execution) => {
  let serving: ServingV1;
  beforeAll(async () => {
    serving = await plugin.open({ execution }, host);
  });
  afterAll(() => serving.close());

  const values: Record<Datatype, TensorData> = {
    BOOL: Uint8Array.of(1, 0),
    UINT8: Uint8Array.of(0, 255),
    UINT16: Uint16Array.of(0, 65_535),
    UINT32: Uint32Array.of(0, 4_294_967_295),
    UINT64: BigUint64Array.of(0n, 2n ** 64n - 1n),
    INT8: Int8Array.of(-128, 127),
    INT16: Int16Array.of(-32_768, 32_767),
    INT32: Int32Array.of(-2_147_483_648, 2_147_483_647),
    INT64: BigInt64Array.of(-(2n ** 63n), 2n ** 53n + 1n),
    FP16: Uint16Array.of(0x3c00, 0xc000),
    FP32: Float32Array.of(1.5, Number.NaN),
    FP64: Float64Array.of(0.1, Number.NEGATIVE_INFINITY),
    BYTES: ['دبي', ''],
  };
  it.each(Object.entries(values) as [Datatype, TensorData][])('passes %s through unchanged', async (datatype, data) => {
    const loaded = await load(serving, identityModel(datatype, 1), datatype);
    expect(loaded).toMatchObject({
      inputs: [{ name: 'x', datatype, shape: [-1, 1] }],
      device: 'cpu',
      platform: 'onnx_onnxv1',
    });
    const input = { name: 'x', datatype, shape: [2, 1], data };
    const [output] = await serving.infer({ handle: datatype, inputs: [input] }, call);
    expect(output).toEqual({ name: 'y', datatype, shape: [2, 1], data });
    expect(input.data).toHaveLength(2);
  });

  it('loads a handle once, also at the same time, and forgets it at unload', async () => {
    const model = denseModel([3, 4, 1]);
    const [a, b] = await Promise.all([load(serving, model, 'd'), load(serving, model, 'd')]);
    expect(a).toBe(b);
    await serving.unload({ handle: 'd' }, call);
    await serving.unload({ handle: 'd' }, call);
    await expect(serving.infer({ handle: 'd', inputs: [] }, call)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('reports a run that fails inside the runtime, and goes on', async () => {
    await load(serving, lookupModel(3), 'l');
    const at = (index: bigint) => ({
      name: 'x',
      datatype: 'INT64' as const,
      shape: [1, 1],
      data: BigInt64Array.of(index),
    });
    await expect(serving.infer({ handle: 'l', inputs: [at(9n)] }, call)).rejects.toMatchObject({ code: 'FAILED' });
    const [output] = await serving.infer({ handle: 'l', inputs: [at(2n)] }, call);
    expect(output?.data).toEqual(Float32Array.of(2));
  });

  it.each([
    ['no input', [], undefined, /"x": expected to be given, found the inputs none/],
    ['a wrong name', [{ ...rows(1), name: 'z' }], undefined, /"x": expected to be given, found the inputs "z"/],
    ['one input too many', [rows(1), { ...rows(1), name: 'z' }], undefined, /"z": expected one of the inputs "x"/],
    ['an input twice', [rows(1), rows(1)], undefined, /"x": expected to be given once/],
    ['a wrong datatype', [{ ...rows(1), datatype: 'FP64' as const }], undefined, /expected datatype FP32, found FP64/],
    ['a wrong array', [{ ...rows(1), data: [1] as never }], undefined, /values in a Float32Array, found Array/],
    ['a wrong width', [{ ...rows(1, 2), shape: [1, 2] }], undefined, /expected shape \[-1,1\].*found \[1,2\]/],
    ['no row', [rows()], undefined, /found \[0,1\]/],
    ['a wrong rank', [{ ...rows(1), shape: [1] }], undefined, /found \[1\]/],
    ['too few values', [{ ...rows(1), shape: [2, 1] }], undefined, /2 values for shape \[2,1\], found 1/],
    ['an unknown output', [rows(1)], ['q'], /Output "q": expected one of "y"/],
  ])('refuses %s', async (_, inputs, outputs, message) => {
    await load(serving, identityModel('FP32', 1), 'bad');
    const asked = { handle: 'bad', inputs, ...(outputs === undefined ? {} : { outputs }) };
    await expect(serving.infer(asked, call)).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringMatching(message),
    });
  });

  const good = identityModel('FP32', 1);
  it.each([
    ['0 bytes', new Uint8Array(0), /0 bytes/],
    ['text', new TextEncoder().encode('not a model at all'), /Not a loadable ONNX model/],
    ['a cut file', good.slice(0, good.length - 9), /Not a loadable ONNX model/],
    [
      'an unknown operator',
      Uint8Array.from(Buffer.from(Buffer.from(good).toString('latin1').replace('Identity', 'Idontity'), 'latin1')),
      /refuses the model/,
    ],
    // graph { initializer { name: "w", external_data {}, data_location: EXTERNAL } }
    ['external data', Uint8Array.of(8, 8, 0x3a, 9, 0x2a, 7, 0x42, 1, 0x77, 0x6a, 0, 0x70, 1), /external data/],
  ])('refuses a model of %s', async (_, model, message) => {
    await expect(load(serving, model, 'broken')).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringMatching(message),
    });
    expect(await load(serving, good, 'broken')).toMatchObject({ handle: 'broken' });
    await serving.unload({ handle: 'broken' }, call);
  });

  it('is healthy', async () => expect((await serving.health(call)).ok).toBe(true));
});

it('keeps the event loop free while a worker runs a long batch', async () => {
  const serving = await plugin.open({ execution: 'worker' }, host);
  await load(serving, denseModel([20, 256, 256, 1]));
  const count = 20_000;
  const inputs = [
    { name: 'features', datatype: 'FP32' as const, shape: [count, 20], data: new Float32Array(count * 20) },
  ];
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await serving.infer({ handle: 'm', inputs }, call);
  clearInterval(timer);
  await serving.close();
  expect(turns).toBeGreaterThan(3);
});

it('refuses a configuration that it does not know', async () => {
  await expect(plugin.open({ device: 'cpu' }, host)).rejects.toMatchObject({ code: 'BAD_INPUT' });
});
