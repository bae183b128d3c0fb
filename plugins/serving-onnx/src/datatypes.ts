/** ONNX Runtime's element types beside those of the Open Inference Protocol. */
import { type Datatype, PluginError, type TensorData } from '@falaj/plugin-sdk';
import type { Tensor as RuntimeTensor } from 'onnxruntime-node';

export type ElementType = RuntimeTensor.Type;

const ELEMENTS: Readonly<Record<Datatype, ElementType>> = {
  BOOL: 'bool',
  UINT8: 'uint8',
  UINT16: 'uint16',
  UINT32: 'uint32',
  UINT64: 'uint64',
  INT8: 'int8',
  INT16: 'int16',
  INT32: 'int32',
  INT64: 'int64',
  FP16: 'float16',
  FP32: 'float32',
  FP64: 'float64',
  BYTES: 'string',
};

const DATATYPES = Object.fromEntries(
  Object.entries(ELEMENTS).map(([datatype, element]) => [element, datatype]),
) as Partial<Record<ElementType, Datatype>>;

const ARRAYS: Readonly<Record<Datatype, abstract new (...args: never[]) => object>> = {
  BOOL: Uint8Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP16: Uint16Array,
  FP32: Float32Array,
  FP64: Float64Array,
  BYTES: Array,
};

export const elementOf = (datatype: Datatype): ElementType => ELEMENTS[datatype];

export function datatypeOf(element: string, tensor: string): Datatype {
  const datatype = DATATYPES[element as ElementType];
  if (datatype === undefined) {
    throw new PluginError('UNSUPPORTED', `Tensor "${tensor}" has the element type ${element}, which cannot be served.`);
  }
  return datatype;
}

/** The class that carries the values of a datatype. */
export const arrayOf = (datatype: Datatype) => ARRAYS[datatype];

/** Float16Array shows numbers; the contract asks for the raw bits. */
export function rawData(data: unknown): TensorData {
  const half = (globalThis as { Float16Array?: abstract new (...args: never[]) => ArrayBufferView }).Float16Array;
  if (half !== undefined && data instanceof half) {
    return new Uint16Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength / 2);
  }
  return data as TensorData;
}
