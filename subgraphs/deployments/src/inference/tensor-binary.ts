/** The binary tensor extension of the Open Inference Protocol: little endian, BYTES as u32 length + bytes. */
import type { Datatype, Tensor, TensorData } from '@falaj/contracts';
import { bad, WIDTHS } from './tensor-values.js';

// Typed arrays have the byte order of the machine; every platform that Node 24 ships for is little endian.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Values of one input from its own bytes, copied so that they are aligned. */
export function decodeBinaryData(name: string, datatype: Datatype, count: number, bytes: Uint8Array): TensorData {
  if (datatype === 'BYTES') return decodeStrings(name, count, bytes);
  const wanted = count * WIDTHS[datatype];
  if (bytes.length !== wanted) {
    bad(`Input "${name}": ${count} ${datatype} values take ${wanted} bytes, binary_data_size is ${bytes.length}.`);
  }
  const copy = new Uint8Array(bytes);
  if (datatype === 'BOOL') {
    const wrong = copy.findIndex((value) => value > 1);
    if (wrong >= 0) bad(`Input "${name}": element ${wrong} is no BOOL value, found byte ${copy[wrong]} (0 or 1).`);
  }
  return typed(datatype, copy.buffer);
}

function typed(datatype: Datatype, buffer: ArrayBuffer): TensorData {
  switch (datatype) {
    case 'FP32':
      return new Float32Array(buffer);
    case 'FP64':
      return new Float64Array(buffer);
    case 'INT8':
      return new Int8Array(buffer);
    case 'INT16':
      return new Int16Array(buffer);
    case 'INT32':
      return new Int32Array(buffer);
    case 'INT64':
      return new BigInt64Array(buffer);
    case 'UINT16':
    case 'FP16':
      return new Uint16Array(buffer);
    case 'UINT32':
      return new Uint32Array(buffer);
    case 'UINT64':
      return new BigUint64Array(buffer);
    default:
      return new Uint8Array(buffer);
  }
}

function decodeStrings(name: string, count: number, bytes: Uint8Array): readonly string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const values: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    const index = values.length;
    if (at + 4 > bytes.length) bad(`Input "${name}": the length of element ${index} is cut off.`);
    const length = view.getUint32(at, true);
    at += 4;
    if (length > bytes.length - at) {
      bad(`Input "${name}": element ${index} claims ${length} bytes, ${bytes.length - at} are left.`);
    }
    try {
      values.push(utf8.decode(bytes.subarray(at, at + length)));
    } catch {
      bad(`Input "${name}": element ${index} is no UTF-8 text.`);
    }
    at += length;
  }
  if (values.length !== count)
    bad(`Input "${name}": the shape holds ${count} values, the bytes hold ${values.length}.`);
  return values;
}

/** The bytes of one output. */
export function encodeBinaryData({ data }: Tensor): Uint8Array {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const parts: Uint8Array[] = [];
  for (const value of data) {
    const text = Buffer.from(value, 'utf8');
    const length = Buffer.allocUnsafe(4);
    length.writeUInt32LE(text.length);
    parts.push(length, text);
  }
  return Buffer.concat(parts);
}
