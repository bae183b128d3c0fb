import type { Tensor } from '@falaj/contracts';
import { PlatformError } from '@falaj/runtime';
import { z } from 'zod';
import { MAX_SUBJECT } from '../inference/index.js';

export const predictInput = z
  .object({
    endpoint: z.string().min(1),
    version: z.string().nullish(),
    rows: z.array(z.record(z.string(), z.unknown())).max(10_000).nullish(),
    features: z.array(z.array(z.number().nullable())).max(10_000).nullish(),
    outputs: z.array(z.string()).default([]),
    subject: z.string().min(1).max(MAX_SUBJECT).nullish(),
  })
  .refine(
    (input) => (input.rows?.length ?? 0) > 0 !== (input.features?.length ?? 0) > 0,
    'exactly one of rows, features is needed, with at least one row',
  );
export type PredictInput = z.output<typeof predictInput>;

/** Entity keys as BYTES tensors, or the raw feature matrix: the same inputs that the inference protocol takes. */
export function tensorsOf(input: PredictInput): Tensor[] {
  if (input.rows && input.rows.length > 0) return keyTensors(input.rows);
  const rows = input.features ?? [];
  const width = rows[0]?.length ?? 0;
  const values = new Float32Array(rows.length * width);
  rows.forEach((row, place) => {
    if (row.length !== width)
      throw new PlatformError(
        'BAD_USER_INPUT',
        `input.features.${place}: found ${row.length} values, the first row has ${width}.`,
      );
    values.set(
      row.map((value) => value ?? Number.NaN),
      place * width,
    );
  });
  return [{ name: 'features', datatype: 'FP32', shape: [rows.length, width], data: values }];
}

function keyTensors(rows: readonly Readonly<Record<string, unknown>>[]): Tensor[] {
  const names = Object.keys(rows[0] ?? {});
  return names.map((name) => ({
    name,
    datatype: 'BYTES',
    shape: [rows.length],
    data: rows.map((row, place) => {
      const value = row[name];
      if (typeof value !== 'string' && typeof value !== 'number') {
        throw new PlatformError(
          'BAD_USER_INPUT',
          `input.rows.${place}.${name}: found ${value === undefined ? 'nothing' : JSON.stringify(value)}, expected a text or a number.`,
        );
      }
      if (Object.keys(row).length !== names.length)
        throw new PlatformError('BAD_USER_INPUT', `input.rows.${place}: every row needs the keys ${names.join(', ')}.`);
      return String(value);
    }),
  }));
}
