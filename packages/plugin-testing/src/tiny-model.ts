// The smallest useful ONNX model, written by hand so that the kit needs no ONNX library: y = 2 a + 3 b + 1.

const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)]);
const number = (field: number, value: number): number[] => [...varint(field << 3), ...varint(value)];
const bytes = (field: number, content: readonly number[]): number[] => [
  ...varint((field << 3) | 2),
  ...varint(content.length),
  ...content,
];
const text = (field: number, value: string): number[] => bytes(field, [...new TextEncoder().encode(value)]);

const FLOAT = 1;
const node = (operator: string, inputs: readonly string[], output: string): number[] =>
  bytes(1, [
    ...inputs.flatMap((input) => text(1, input)),
    ...text(2, output),
    ...text(3, operator),
    ...text(4, operator),
  ]);
const constant = (name: string, dimensions: readonly number[], values: readonly number[]): number[] =>
  bytes(5, [
    ...dimensions.flatMap((size) => number(1, size)),
    ...number(2, FLOAT),
    ...text(8, name),
    ...bytes(9, [...new Uint8Array(new Float32Array(values).buffer)]),
  ]);
const tensor = (field: number, name: string, columns: number): number[] => {
  const shape = [...bytes(1, text(2, 'N')), ...bytes(1, number(1, columns))];
  return bytes(field, [...text(1, name), ...bytes(2, bytes(1, [...number(1, FLOAT), ...bytes(2, shape)]))]);
};

/** Input `features` [N, 2] FP32; outputs `y` [N, 1] and `raw` [N, 1] FP32, where raw = y - 1. */
export function tinyModel(): Uint8Array {
  const graph = [
    ...node('MatMul', ['features', 'weights'], 'raw'),
    ...node('Add', ['raw', 'bias'], 'y'),
    ...text(2, 'tiny'),
    ...constant('weights', [2, 1], [2, 3]),
    ...constant('bias', [1], [1]),
    ...tensor(11, 'features', 2),
    ...tensor(12, 'y', 1),
    ...tensor(12, 'raw', 1),
  ];
  return new Uint8Array([...number(1, 8), ...bytes(7, graph), ...bytes(8, [...text(1, ''), ...number(2, 13)])]);
}
