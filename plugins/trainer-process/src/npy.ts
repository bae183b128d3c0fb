// NumPy's file format, version 1.0, for the two types that cross: numpy.load reads it, and so do 20 lines of plain Python.
import { PluginError } from '@falaj/plugin-sdk';

/** Little-endian, row-major. */
export function writeNpy(values: Float32Array, shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': ${tuple}, }`;
  const header = `${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`;
  const bytes = new Uint8Array(10 + header.length + values.byteLength);
  bytes.set([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length & 0xff, header.length >> 8]);
  bytes.set(Buffer.from(header, 'latin1'), 10);
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), 10 + header.length);
  return bytes;
}

/** Float32 or float64, row-major, of this many values in any shape. */
export function readNpy(name: string, bytes: Buffer, count: number): Float64Array {
  const bad = (found: string) =>
    new PluginError(
      'FAILED',
      `${name}: found ${found}, expected ${count} little-endian float32 or float64 values as .npy.`,
    );
  if (bytes.length < 12 || bytes.toString('latin1', 1, 6) !== 'NUMPY') throw bad('no .npy file');
  const start = bytes[6] === 1 ? 10 : 12;
  const length = bytes[6] === 1 ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8);
  const header = bytes.toString('latin1', start, start + length);
  const type = /'descr':\s*'<f([48])'/.exec(header)?.[1];
  if (!type || /'fortran_order':\s*True/.test(header)) throw bad(header.trim().slice(0, 200));
  const width = Number(type);
  const data = bytes.subarray(start + length);
  if (data.length !== count * width) throw bad(`${data.length / width} values`);
  return Float64Array.from({ length: count }, (_, index) =>
    width === 4 ? data.readFloatLE(index * 4) : data.readDoubleLE(index * 8),
  );
}
