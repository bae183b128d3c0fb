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
      if (typeof value !== 'string') throw wrongType(column, value);
      const text = texts[place] as Buffer;
      at = bytes.writeUInt32LE(text.length, at);
      at += text.copy(bytes, at);
    } else if (column.type === 'BOOL') {
      if (typeof value !== 'boolean') throw wrongType(column, value);
      at = bytes.writeUInt8(value ? 1 : 0, at);
    } else {
      const fits = column.type === 'FLOAT64' ? Number.isFinite(value) : Number.isSafeInteger(value);
      if (typeof value !== 'number' || !fits) throw wrongType(column, value);
      at = bytes.writeDoubleLE(value, at);
    }
  }
  return bytes;
}

/** Throws CORRUPT for bytes that are not exactly a row of these columns: they must never be read as other values. */
export function decodeRow(columns: readonly FeatureColumn[], bytes: Buffer): FeatureValue[] {
  let at = HEADER + Math.ceil(columns.length / 8);
  const take = (length: number): number => {
    at += length;
    if (at > bytes.length) throw corrupt(columns, bytes);
    return at - length;
  };
  take(0);
  if (bytes[0] !== FORMAT || bytes.readUInt16LE(1) !== columns.length) throw corrupt(columns, bytes);
  const values = columns.map((column, place): FeatureValue => {
    if (((bytes[HEADER + (place >> 3)] as number) >> (place & 7)) & 1) return null;
    if (column.type === 'BOOL') return bytes[take(1)] === 1;
    if (column.type !== 'STRING') return bytes.readDoubleLE(take(8));
    const length = bytes.readUInt32LE(take(4));
    const start = take(length);
    return bytes.toString('utf8', start, start + length);
  });
  if (at !== bytes.length) throw corrupt(columns, bytes);
  return values;
}

const corrupt = (columns: readonly FeatureColumn[], bytes: Buffer): PluginError =>
  new PluginError(
    'CORRUPT',
    `A stored row of ${bytes.length} bytes and format ${bytes[0]} is no row of ${columns.length} columns in format ${FORMAT}; write it again.`,
  );

const wrongType = (column: FeatureColumn, value: unknown): PluginError =>
  new PluginError(
    'BAD_INPUT',
    `Column "${column.name}" is ${column.type}; found ${typeof value === 'number' ? value : JSON.stringify(value)}.`,
  );
