// One row of one view as bytes: a read decodes thousands of values, and a packed value costs a thirtieth of a column each.
//
//   u8 format (1) | u16 column count | null bitmap, one bit per column | values in column order
//   FLOAT64, INT64, TIMESTAMP: float64 LE · BOOL: u8 · STRING: u32 byte length LE, UTF-8 · a null has no bytes
import { type FeatureColumn, type FeatureValue, PluginError } from '@falaj/plugin-sdk';

const FORMAT = 1;
const HEADER = 3;

export function encodeRow(columns: readonly FeatureColumn[], values: readonly FeatureValue[]): Buffer {
  if (values.length !== columns.length) {
    throw new PluginError('BAD_INPUT', `A row has ${values.length} values, the view ${columns.length} columns.`);
  }
  const texts = columns.map((column, place) =>
    column.type === 'STRING' && values[place] !== null ? Buffer.from(String(values[place]), 'utf8') : undefined,
  );
  const bitmap = Math.ceil(columns.length / 8);
  const size = columns.reduce((total, column, place) => {
    if (values[place] === null) return total;
    if (column.type === 'STRING') return total + 4 + (texts[place]?.length ?? 0);
    return total + (column.type === 'BOOL' ? 1 : 8);
  }, HEADER + bitmap);
  const bytes = Buffer.alloc(size);
  bytes.writeUInt8(FORMAT, 0);
  bytes.writeUInt16LE(columns.length, 1);
  let at = HEADER + bitmap;
  for (const [place, column] of columns.entries()) {
    const value = values[place] ?? null;
    if (value === null) {
      const byte = HEADER + (place >> 3);
      bytes[byte] = (bytes[byte] as number) | (1 << (place & 7));
    } else if (column.type === 'STRING') {
      const text = texts[place] as Buffer;
      at = bytes.writeUInt32LE(text.length, at);
      at += text.copy(bytes, at);
    } else if (column.type === 'BOOL') {
      if (typeof value !== 'boolean') throw wrongType(column, value);
      at = bytes.writeUInt8(value ? 1 : 0, at);
    } else {
      if (typeof value !== 'number' || (column.type !== 'FLOAT64' && !Number.isSafeInteger(value)))
        throw wrongType(column, value);
      at = bytes.writeDoubleLE(value, at);
    }
  }
  return bytes;
}

export function decodeRow(columns: readonly FeatureColumn[], bytes: Buffer): FeatureValue[] {
  if (bytes[0] !== FORMAT || bytes.readUInt16LE(1) !== columns.length) {
    throw new PluginError(
      'CORRUPT',
      `A stored row has format ${bytes[0]} and ${bytes.readUInt16LE(1)} columns; expected ${FORMAT} and ${columns.length}.`,
    );
  }
  let at = HEADER + Math.ceil(columns.length / 8);
  return columns.map((column, place): FeatureValue => {
    if (((bytes[HEADER + (place >> 3)] as number) >> (place & 7)) & 1) return null;
    if (column.type === 'STRING') {
      const length = bytes.readUInt32LE(at);
      at += 4 + length;
      return bytes.toString('utf8', at - length, at);
    }
    if (column.type === 'BOOL') return bytes[at++] === 1;
    at += 8;
    return bytes.readDoubleLE(at - 8);
  });
}

const wrongType = (column: FeatureColumn, value: unknown): PluginError =>
  new PluginError('BAD_INPUT', `Column "${column.name}" is ${column.type}; found ${JSON.stringify(value)}.`);
