/**
 * The JSON form of tensors, Open Inference Protocol v2: flat or nested row-major data.
 * Beyond the protocol: "NaN", "Infinity", "-Infinity" and null (= NaN) are taken for FP32 and FP64, and 64-bit integers
 * beyond 2^53 travel as strings of digits, since a JSON number would lose them silently.
 */
import type { Datatype, Tensor, TensorData } from '@falaj/contracts';
import { bad, type InferenceResponse, shown } from './tensor-values.js';

const INTEGERS: Partial<
  Record<
    Datatype,
    {
      make: (n: number) => Exclude<TensorData, readonly string[] | BigInt64Array | BigUint64Array>;
      min: number;
      max: number;
    }
  >
> = {
  UINT8: { make: (n) => new Uint8Array(n), min: 0, max: 255 },
  UINT16: { make: (n) => new Uint16Array(n), min: 0, max: 65_535 },
  UINT32: { make: (n) => new Uint32Array(n), min: 0, max: 4_294_967_295 },
  INT8: { make: (n) => new Int8Array(n), min: -128, max: 127 },
  INT16: { make: (n) => new Int16Array(n), min: -32_768, max: 32_767 },
  INT32: { make: (n) => new Int32Array(n), min: -2_147_483_648, max: 2_147_483_647 },
};
const SPECIAL: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};

/** Values of one input, `count` of them; throws BAD_USER_INPUT naming tensor and element. */
export function decodeJsonData(
  name: string,
  datatype: Datatype,
  shape: readonly number[],
  count: number,
  raw: unknown,
): TensorData {
  if (!Array.isArray(raw)) return bad(`Input "${name}": data must be an array, found ${shown(raw)}.`);
  const data = Array.isArray(raw[0]) ? flatten(name, shape, raw) : raw;
  if (data.length !== count) bad(`Input "${name}": shape [${shape}] holds ${count} values, data has ${data.length}.`);
  if (datatype === 'FP32') return floats(name, datatype, data, new Float32Array(count));
  if (datatype === 'FP64') return floats(name, datatype, data, new Float64Array(count));
  if (datatype === 'BYTES') return strings(name, data);
  if (datatype === 'BOOL') return booleans(name, data);
  if (datatype === 'INT64') return BigInt64Array.from(data, (value, i) => wide(name, datatype, value, i));
  if (datatype === 'UINT64') return BigUint64Array.from(data, (value, i) => wide(name, datatype, value, i));
  const integer = INTEGERS[datatype];
  if (integer === undefined) return bad(`Input "${name}": ${datatype} has no JSON form; send it as binary data.`);
  const values = integer.make(count);
  for (let i = 0; i < count; i++) {
    const value = data[i];
    if (!Number.isInteger(value) || value < integer.min || value > integer.max) element(name, datatype, i, value);
    values[i] = value;
  }
  return values;
}

function floats<T extends Float32Array | Float64Array>(
  name: string,
  datatype: Datatype,
  data: readonly unknown[],
  values: T,
): T {
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    if (typeof value === 'number') {
      values[i] = value;
      if (!Number.isFinite(values[i])) element(name, datatype, i, value);
    } else if (value === null) values[i] = Number.NaN;
    else if (typeof value === 'string' && Object.hasOwn(SPECIAL, value)) values[i] = SPECIAL[value] as number;
    else element(name, datatype, i, value);
  }
  return values;
}

function strings(name: string, data: readonly unknown[]): readonly string[] {
  const wrong = data.findIndex((value) => typeof value !== 'string');
  return wrong < 0 ? (data as readonly string[]) : element(name, 'BYTES', wrong, data[wrong]);
}

function booleans(name: string, data: readonly unknown[]): Uint8Array {
  return Uint8Array.from(data, (value, i) =>
    typeof value === 'boolean' ? Number(value) : element(name, 'BOOL', i, value),
  );
}

function wide(name: string, datatype: 'INT64' | 'UINT64', value: unknown, index: number): bigint {
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    bad(
      `Input "${name}": element ${index} is beyond 2^53, where a JSON number loses digits; send it as a string of digits.`,
    );
  }
  const whole = Number.isSafeInteger(value) || (typeof value === 'string' && /^-?\d{1,20}$/.test(value));
  if (!whole) element(name, datatype, index, value);
  const wanted = BigInt(value as number | string);
  const kept = datatype === 'INT64' ? BigInt.asIntN(64, wanted) : BigInt.asUintN(64, wanted);
  return kept === wanted ? kept : element(name, datatype, index, value);
}

function element(name: string, datatype: Datatype, index: number, value: unknown): never {
  return bad(`Input "${name}": element ${index} is no ${datatype} value, found ${shown(value)}.`);
}

function flatten(name: string, shape: readonly number[], raw: readonly unknown[]): unknown[] {
  const values: unknown[] = [];
  const descend = (part: unknown, axis: number) => {
    if (axis === shape.length) {
      if (Array.isArray(part)) bad(`Input "${name}": data is nested deeper than shape [${shape}].`);
      values.push(part);
    } else {
      if (!Array.isArray(part))
        return bad(`Input "${name}": data must be nested ${shape.length} deep for shape [${shape}].`);
      if (part.length !== shape[axis]) {
        bad(`Input "${name}": axis ${axis} of shape [${shape}] has ${shape[axis]} entries, data has ${part.length}.`);
      }
      for (const inner of part) descend(inner, axis + 1);
    }
  };
  descend(raw, 0);
  return values;
}

/** The response as JSON text; `binarySizes` names the outputs whose bytes follow the JSON. */
export function encodeJsonResponse(response: InferenceResponse, binarySizes?: ReadonlyMap<Tensor, number>): string {
  let outputs = '';
  for (const tensor of response.outputs) {
    const size = binarySizes?.get(tensor);
    const rest = size === undefined ? `"data":${jsonData(tensor)}` : `"parameters":{"binary_data_size":${size}}`;
    outputs += `${outputs === '' ? '' : ','}{"name":${JSON.stringify(tensor.name)},"datatype":"${tensor.datatype}","shape":[${tensor.shape.join(',')}],${rest}}`;
  }
  const id = response.id === undefined ? '' : `"id":${JSON.stringify(response.id)},`;
  const parameters = response.parameters ? `"parameters":${JSON.stringify(response.parameters)},` : '';
  return `{"model_name":${JSON.stringify(response.modelName)},"model_version":${JSON.stringify(response.modelVersion)},${id}${parameters}"outputs":[${outputs}]}`;
}

function jsonData({ name, datatype, data }: Tensor): string {
  if (datatype === 'FP32' || datatype === 'FP64') {
    let text = '[';
    for (let i = 0; i < data.length; i++) {
      const value = data[i] as number;
      text += (i === 0 ? '' : ',') + (Number.isFinite(value) ? value : `"${value}"`);
    }
    return `${text}]`;
  }
  if (datatype === 'FP16') return bad(`Output "${name}": FP16 has no JSON form; ask for it as binary data.`);
  if (datatype === 'BYTES') return JSON.stringify(data);
  const values = Array.from(data as ArrayLike<number | bigint>);
  if (datatype === 'BOOL') return JSON.stringify(values.map(Boolean));
  const text = (value: number | bigint) =>
    typeof value === 'bigint' && !Number.isSafeInteger(Number(value)) ? `"${value}"` : String(value);
  return `[${values.map(text).join(',')}]`;
}
