/** Small ONNX models made by hand, for tests and benchmarks: no trainer, no file, the same bytes every time. */
import type { Datatype } from '@falaj/plugin-sdk';

/** TensorProto.DataType of onnx/onnx.proto3. */
const ELEMENT: Readonly<Record<Datatype, number>> = {
  FP32: 1,
  UINT8: 2,
  INT8: 3,
  UINT16: 4,
  INT16: 5,
  INT32: 6,
  INT64: 7,
  BYTES: 8,
  BOOL: 9,
  FP16: 10,
  FP64: 11,
  UINT32: 12,
  UINT64: 13,
};

/** Answers its input: `x` [N, width] to `y`. */
export function identityModel(datatype: Datatype, width: number): Uint8Array {
  const sides = [text(1, 'x'), text(2, 'y'), text(4, 'Identity')];
  return model([field(1, ...sides), port(11, 'x', datatype, width), port(12, 'y', datatype, width)]);
}

/**
 * A dense net with ReLU between layers and a sigmoid at its end: `features` [N, widths[0]] to `probability`.
 * Weights come from a fixed sequence.
 */
export function denseModel(widths: readonly number[]): Uint8Array {
  let state = 7;
  const weight = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 1_073_741_823.5 - 1;
  };
  const parts: Buffer[] = [];
  let from = 'features';
  for (let layer = 1; layer < widths.length; layer++) {
    const [rows, columns] = [widths[layer - 1] as number, widths[layer] as number];
    const last = layer === widths.length - 1;
    const to = last ? 'probability' : `h${layer}`;
    parts.push(node('MatMul', [from, `w${layer}`], `m${layer}`), node('Add', [`m${layer}`, `b${layer}`], `a${layer}`));
    parts.push(node(last ? 'Sigmoid' : 'Relu', [`a${layer}`], to));
    parts.push(constant(`w${layer}`, [rows, columns], weight), constant(`b${layer}`, [columns], weight));
    from = to;
  }
  parts.push(port(11, 'features', 'FP32', widths[0] as number));
  parts.push(port(12, 'probability', 'FP32', widths.at(-1) as number));
  return model(parts);
}

/** `y = x[0]` by a table of `rows` values: an index beyond it fails at run time. */
export function lookupModel(rows: number): Uint8Array {
  let next = 0;
  const table = constant('table', [rows], () => next++);
  const ports = [port(11, 'x', 'INT64', 1), port(12, 'y', 'FP32', 1)];
  return model([node('Gather', ['table', 'x'], 'y'), table, ...ports]);
}

const model = (graph: readonly Buffer[]) => {
  const body = [integer(1, 8), field(7, ...graph, text(2, 'test')), field(8, text(1, ''), integer(2, 17))];
  return new Uint8Array(Buffer.concat(body));
};

const node = (operator: string, inputs: readonly string[], output: string) =>
  field(1, ...inputs.map((input) => text(1, input)), text(2, output), text(4, operator));

function constant(name: string, sizes: readonly number[], value: () => number): Buffer {
  const values = Float32Array.from({ length: sizes.reduce((a, b) => a * b) }, value);
  const raw = field(9, Buffer.from(values.buffer));
  return field(5, ...sizes.map((size) => integer(1, size)), integer(2, ELEMENT.FP32), text(8, name), raw);
}

function port(number: number, name: string, datatype: Datatype, width: number): Buffer {
  const shape = field(2, field(1, text(2, 'N')), field(1, integer(1, width)));
  return field(number, text(1, name), field(2, field(1, integer(1, ELEMENT[datatype]), shape)));
}

const text = (number: number, value: string) => field(number, Buffer.from(value));
const integer = (number: number, value: number) => Buffer.concat([varint(number * 8), varint(value)]);

function field(number: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([varint(number * 8 + 2), varint(body.length), body]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
}
