import type { Datatype, Tensor, TensorData } from '@falaj/contracts';
import { describe, expect, it } from 'vitest';
import { decodeRequest, encodeResponse } from './infer-messages.js';

const decode = (json: unknown, tail: Uint8Array = new Uint8Array(0), headerLength?: string) => {
  const head = Buffer.from(typeof json === 'string' ? json : JSON.stringify(json));
  const given = headerLength ?? (tail.length > 0 ? String(head.length) : undefined);
  return decodeRequest(Buffer.concat([head, tail]), given);
};
const input = (datatype: string, data: unknown, shape: unknown = [(data as unknown[]).length]) => ({
  inputs: [{ name: 'x', datatype, shape, data }],
});
const binary = (datatype: string, size: unknown, shape: readonly number[]) => ({
  inputs: [{ name: 'x', datatype, shape, parameters: { binary_data_size: size } }],
});

const VALUES: Record<Datatype, TensorData> = {
  BOOL: Uint8Array.of(1, 0),
  UINT8: Uint8Array.of(0, 255),
  UINT16: Uint16Array.of(0, 65_535),
  UINT32: Uint32Array.of(0, 4_294_967_295),
  UINT64: BigUint64Array.of(0n, 2n ** 64n - 1n),
  INT8: Int8Array.of(-128, 127),
  INT16: Int16Array.of(-32_768, 32_767),
  INT32: Int32Array.of(-2_147_483_648, 2_147_483_647),
  INT64: BigInt64Array.of(-(2n ** 63n), 7n),
  FP16: Uint16Array.of(0x3c00, 0xc000),
  FP32: Float32Array.of(Math.fround(0.1), Number.NaN),
  FP64: Float64Array.of(0.1, Number.NEGATIVE_INFINITY),
  BYTES: ['دبي', ''],
};
const cases = Object.entries(VALUES) as [Datatype, TensorData][];

/** A response is read back as a request: both have the same tensors. */
function reread(tensor: Tensor, asBinary: boolean): Tensor | undefined {
  const request = { id: 'i', inputs: [], outputs: [], binaryByDefault: asBinary };
  const answer = encodeResponse(request, { modelName: 'm', modelVersion: '1', id: 'i', outputs: [tensor] });
  const body = Buffer.from(answer.body);
  const split = answer.headerLength ?? body.length;
  const { outputs, id, model_name, model_version } = JSON.parse(body.toString('utf8', 0, split));
  expect({ id, model_name, model_version }).toEqual({ id: 'i', model_name: 'm', model_version: '1' });
  return decode({ inputs: outputs }, body.subarray(split)).inputs[0];
}

describe('tensors', () => {
  it.each(cases)('%s survives the binary form', (datatype, data) => {
    const tensor = { name: 'x', datatype, shape: [2, 1], data };
    expect(reread(tensor, true)).toEqual(tensor);
  });

  it.each(cases.filter(([datatype]) => datatype !== 'FP16'))('%s survives the JSON form', (datatype, data) => {
    const tensor = { name: 'x', datatype, shape: [2, 1], data };
    expect(reread(tensor, false)).toEqual(tensor);
  });

  it('reads nested data as flat data', () => {
    const nested = decode(
      input(
        'FP32',
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
        [3, 2],
      ),
    );
    expect(nested.inputs).toEqual(decode(input('FP32', [1, 2, 3, 4, 5, 6], [3, 2])).inputs);
  });

  it('takes null as a missing float and digits as a wide integer', () => {
    expect(decode(input('FP32', [null, 1])).inputs[0]?.data).toEqual(Float32Array.of(Number.NaN, 1));
    expect(decode(input('INT64', ['9007199254740993', -1])).inputs[0]?.data).toEqual(
      BigInt64Array.of(9007199254740993n, -1n),
    );
  });

  it('reads binary tensors from any offset, several in order', () => {
    const inputs = ['a', 'b'].map((name, i) => ({
      name,
      datatype: i ? 'FP64' : 'UINT8',
      shape: [1],
      parameters: { binary_data_size: i ? 8 : 1 },
    }));
    const tail = Buffer.concat([Buffer.of(9), Buffer.from(Float64Array.of(2.5).buffer)]);
    expect(decode({ inputs }, tail).inputs.map(({ data }) => data)).toEqual([Uint8Array.of(9), Float64Array.of(2.5)]);
  });

  it('answers single outputs as binary where asked', () => {
    const request = decode({
      ...input('FP32', [1]),
      outputs: [{ name: 'b', parameters: { binary_data: true } }, { name: 'j' }],
    });
    const outputs = ['b', 'j'].map((name) => ({
      name,
      datatype: 'UINT8' as const,
      shape: [1],
      data: Uint8Array.of(5),
    }));
    const { body, headerLength = 0 } = encodeResponse(request, {
      modelName: 'm',
      modelVersion: '1',
      id: undefined,
      outputs,
    });
    expect(JSON.parse(body.toString('utf8', 0, headerLength)).outputs).toEqual([
      { name: 'b', datatype: 'UINT8', shape: [1], parameters: { binary_data_size: 1 } },
      { name: 'j', datatype: 'UINT8', shape: [1], data: [5] },
    ]);
    expect((body as Buffer).subarray(headerLength)).toEqual(Buffer.of(5));
  });
});

describe('bad requests', () => {
  it.each<[string, unknown, RegExp, (Uint8Array | undefined)?, string?]>([
    ['an empty body', '', /body is empty/],
    ['broken JSON', '{"inputs":[', /no JSON/],
    ['an array', '[]', /must be a JSON object/],
    ['no inputs', {}, /"inputs" must be a non-empty array/],
    ['empty inputs', { inputs: [] }, /non-empty/],
    ['a number as id', { id: 1, ...input('FP32', [1]) }, /"id" must be a string, found 1/],
    ['null as input', { inputs: [null] }, /inputs\[0\] must be an object/],
    ['no name', { inputs: [{ datatype: 'FP32', shape: [1], data: [1] }] }, /inputs\[0\].name/],
    ['a name of the prototype', input('constructor', [1]), /datatype must be one of/],
    ['an unknown datatype', input('FP8', [1]), /"x": datatype must be one of .*found "FP8"/],
    ['no shape', { inputs: [{ name: 'x', datatype: 'FP32', data: [1] }] }, /shape must be an array/],
    ['a negative shape', input('FP32', [1], [-1]), /at least 0, found -1/],
    ['a huge shape', input('FP32', [1], [2 ** 40, 2 ** 40]), /too many values/],
    ['no data', { inputs: [{ name: 'x', datatype: 'FP32', shape: [1] }] }, /data must be an array/],
    ['too few values', input('FP32', [1], [2]), /holds 2 values, data has 1/],
    ['ragged data', input('FP32', [[1, 2], [3]], [2, 2]), /axis 1 .* has 2 entries, data has 1/],
    ['too deep data', input('FP32', [[[1]]], [1, 1]), /nested deeper/],
    ['mixed depth', input('FP32', [[1], 2], [2, 1]), /nested 2 deep/],
    ['text as float', input('FP32', ['1']), /element 0 is no FP32 value, found "1"/],
    ['a float over FP32', input('FP32', [1e39]), /no FP32 value/],
    ['a fraction as integer', input('INT32', [1.5]), /no INT32 value, found 1.5/],
    ['a value out of range', input('UINT8', [256]), /no UINT8 value, found 256/],
    ['null as integer', input('INT32', [null]), /no INT32 value/],
    [
      'a wide number',
      '{"inputs":[{"name":"x","datatype":"INT64","shape":[1],"data":[9007199254740993]}]}',
      /string of digits/,
    ],
    ['digits out of range', input('UINT64', ['-1']), /no UINT64 value/],
    ['digits too long', input('INT64', ['9223372036854775808']), /no INT64 value/],
    ['no digits', input('INT64', ['1e3']), /no INT64 value/],
    ['a number as BOOL', input('BOOL', [1]), /no BOOL value/],
    ['a number as BYTES', input('BYTES', [1]), /no BYTES value/],
    ['FP16 as JSON', input('FP16', [1]), /send it as binary/],
    ['an input twice', { inputs: [input('FP32', [1]).inputs[0], input('FP32', [1]).inputs[0]] }, /"x" is given twice/],
    ['outputs as text', { ...input('FP32', [1]), outputs: 'y' }, /"outputs" must be an array/],
    ['an output without name', { ...input('FP32', [1]), outputs: [{}] }, /outputs\[0\].name/],
    ['a flag as text', { ...input('FP32', [1]), parameters: { binary_data_output: 'yes' } }, /true or false/],
    [
      'data and size',
      { inputs: [{ ...input('UINT8', [1]).inputs[0], parameters: { binary_data_size: 1 } }] },
      /send one/,
      Buffer.of(1),
    ],
    ['a size beyond the body', binary('UINT8', 2, [2]), /at most 1 \(bytes left\), found 2/, Buffer.of(1)],
    ['a size against the shape', binary('FP32', 3, [1]), /take 4 bytes, binary_data_size is 3/, Buffer.alloc(3)],
    ['bytes left over', binary('UINT8', 1, [1]), /1 bytes follow the last tensor/, Buffer.alloc(2)],
    ['a BOOL of 2', binary('BOOL', 1, [1]), /found byte 2/, Buffer.of(2)],
    ['a cut length', binary('BYTES', 2, [1]), /length of element 0 is cut off/, Buffer.alloc(2)],
    ['a length beyond the tensor', binary('BYTES', 5, [1]), /claims 9 bytes, 1 are left/, Buffer.of(9, 0, 0, 0, 65)],
    ['broken UTF-8', binary('BYTES', 5, [1]), /no UTF-8/, Buffer.of(1, 0, 0, 0, 0xff)],
    ['too few strings', binary('BYTES', 4, [2]), /holds 2 values, the bytes hold 1/, Buffer.alloc(4)],
    ['a header length of 0', input('FP32', [1]), /Inference-Header-Content-Length must be/, undefined, '0'],
    [
      'a header length beyond the body',
      input('FP32', [1]),
      /Inference-Header-Content-Length must be/,
      undefined,
      '999',
    ],
    ['a header length of text', input('FP32', [1]), /found "1e1"/, undefined, '1e1'],
  ])('refuses %s', (_, json, message, tail, headerLength) => {
    expect(() => decode(json, tail, headerLength)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', message: expect.stringMatching(message) }),
    );
  });
});
