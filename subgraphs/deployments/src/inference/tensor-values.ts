/** What both tensor codecs share: the datatypes, their sizes and the checks of a tensor's head. */
import type { Datatype, Tensor } from '@falaj/contracts';
import { PlatformError } from '@falaj/runtime';

/** Bytes per value on the wire; 0 marks BYTES, whose values carry their own length. */
export const WIDTHS: Readonly<Record<Datatype, number>> = {
  BOOL: 1,
  UINT8: 1,
  UINT16: 2,
  UINT32: 4,
  UINT64: 8,
  INT8: 1,
  INT16: 2,
  INT32: 4,
  INT64: 8,
  FP16: 2,
  FP32: 4,
  FP64: 8,
  BYTES: 0,
};

export interface RequestedOutput {
  readonly name: string;
  readonly binary: boolean;
}

export interface InferenceRequest {
  readonly id: string | undefined;
  readonly inputs: readonly Tensor[];
  /** Empty: all outputs. */
  readonly outputs: readonly RequestedOutput[];
  /** Outputs not named in `outputs` are binary. */
  readonly binaryByDefault: boolean;
  /** Request parameter `subject`. */
  readonly subject?: string | undefined;
}

export interface InferenceResponse {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly id: string | undefined;
  readonly parameters?: Readonly<Record<string, string | number>> | undefined;
  readonly outputs: readonly Tensor[];
}

export type JsonObject = Readonly<Record<string, unknown>>;

export function bad(message: string): never {
  throw new PlatformError('BAD_USER_INPUT', message);
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A short picture of what was found. */
export function shown(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

export function checkName(value: unknown, what: string): string {
  return typeof value === 'string' && value !== ''
    ? value
    : bad(`${what} must be a non-empty string, found ${shown(value)}.`);
}

export function checkDatatype(value: unknown, tensor: string): Datatype {
  if (typeof value === 'string' && Object.hasOwn(WIDTHS, value)) return value as Datatype;
  return bad(`Input "${tensor}": datatype must be one of ${Object.keys(WIDTHS).join(', ')}, found ${shown(value)}.`);
}

/** The number of values that the shape holds. */
export function checkShape(value: unknown, tensor: string): number {
  if (!Array.isArray(value)) bad(`Input "${tensor}": shape must be an array of integers, found ${shown(value)}.`);
  let count = 1;
  for (const size of value) {
    if (!Number.isSafeInteger(size) || size < 0) {
      bad(`Input "${tensor}": shape must hold integers of at least 0, found ${shown(size)}.`);
    }
    count *= size;
  }
  return Number.isSafeInteger(count) ? count : bad(`Input "${tensor}": shape [${value}] holds too many values.`);
}
