/** Reads the body of an infer request and writes its response, JSON or JSON with binary tensors behind it. */
import type { Tensor } from '@falaj/contracts';
import { decodeBinaryData, encodeBinaryData } from './tensor-binary.js';
import { decodeJsonData, encodeJsonResponse } from './tensor-json.js';
import {
  bad,
  checkDatatype,
  checkName,
  checkShape,
  type InferenceRequest,
  type InferenceResponse,
  isObject,
  type JsonObject,
  type RequestedOutput,
  shown,
} from './tensor-values.js';

/** Characters of a subject key. */
export const MAX_SUBJECT = 512;

/** `headerLength`: value of Inference-Header-Content-Length, where given. Throws BAD_USER_INPUT. */
export function decodeRequest(body: Buffer, headerLength: string | undefined): InferenceRequest {
  if (body.length === 0) bad('The body is empty; send a JSON object with "inputs".');
  const split = headerLength === undefined ? body.length : parseHeaderLength(headerLength, body.length);
  const json = parseJson(body.toString('utf8', 0, split));
  const { id, parameters } = json;
  if (id !== undefined && typeof id !== 'string') bad(`"id" must be a string, found ${shown(id)}.`);
  if (!Array.isArray(json.inputs) || json.inputs.length === 0) {
    bad(`"inputs" must be a non-empty array of tensors, found ${shown(json.inputs)}.`);
  }
  const binary = { bytes: body, at: split };
  const inputs = json.inputs.map((input: unknown, index: number) => decodeInput(input, index, binary));
  if (binary.at !== body.length)
    bad(`${body.length - binary.at} bytes follow the last tensor; every byte must belong to one.`);
  for (let i = 1; i < inputs.length; i++) {
    if (inputs.findIndex(({ name }) => name === inputs[i]?.name) < i) bad(`Input "${inputs[i]?.name}" is given twice.`);
  }
  const binaryByDefault = flag(parameters, 'binary_data_output', 'the request') ?? false;
  const subject = isObject(parameters) ? parameters.subject : undefined;
  if (subject !== undefined && (typeof subject !== 'string' || subject === '' || subject.length > MAX_SUBJECT)) {
    bad(`The parameter "subject" must be a text of 1 to ${MAX_SUBJECT} characters, found ${shown(subject)}.`);
  }
  return {
    id: id as string | undefined,
    inputs,
    outputs: decodeOutputs(json.outputs, binaryByDefault),
    binaryByDefault,
    subject: subject as string | undefined,
  };
}

function parseHeaderLength(text: string, bodyLength: number): number {
  const length = /^\d{1,15}$/.test(text) ? Number(text) : -1;
  if (length >= 1 && length <= bodyLength) return length;
  return bad(`Inference-Header-Content-Length must be 1 to ${bodyLength} (the body's length), found ${shown(text)}.`);
}

function parseJson(text: string): JsonObject {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    bad(`The body is no JSON: ${(error as Error).message}.`);
  }
  return isObject(json) ? json : bad(`The body must be a JSON object, found ${shown(json)}.`);
}

function decodeInput(input: unknown, index: number, binary: { readonly bytes: Buffer; at: number }): Tensor {
  if (!isObject(input)) return bad(`inputs[${index}] must be an object, found ${shown(input)}.`);
  const name = checkName(input.name, `inputs[${index}].name`);
  const datatype = checkDatatype(input.datatype, name);
  const count = checkShape(input.shape, name);
  const shape = input.shape as number[];
  const size = isObject(input.parameters) ? input.parameters.binary_data_size : undefined;
  if (size === undefined) {
    return { name, datatype, shape, data: decodeJsonData(name, datatype, shape, count, input.data) };
  }
  if (input.data !== undefined) bad(`Input "${name}" has both data and binary_data_size; send one.`);
  const left = binary.bytes.length - binary.at;
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0 || size > left) {
    return bad(
      `Input "${name}": binary_data_size must be an integer of at most ${left} (bytes left), found ${shown(size)}.`,
    );
  }
  const bytes = binary.bytes.subarray(binary.at, binary.at + size);
  binary.at += size;
  return { name, datatype, shape, data: decodeBinaryData(name, datatype, count, bytes) };
}

function decodeOutputs(outputs: unknown, binaryByDefault: boolean): readonly RequestedOutput[] {
  if (outputs === undefined) return [];
  if (!Array.isArray(outputs)) return bad(`"outputs" must be an array, found ${shown(outputs)}.`);
  return outputs.map((output: unknown, index) => {
    if (!isObject(output)) return bad(`outputs[${index}] must be an object, found ${shown(output)}.`);
    const name = checkName(output.name, `outputs[${index}].name`);
    return { name, binary: flag(output.parameters, 'binary_data', `output "${name}"`) ?? binaryByDefault };
  });
}

function flag(parameters: unknown, name: string, where: string): boolean | undefined {
  if (parameters === undefined) return undefined;
  if (!isObject(parameters)) return bad(`parameters of ${where} must be an object, found ${shown(parameters)}.`);
  const value = parameters[name];
  return value === undefined || typeof value === 'boolean'
    ? value
    : bad(`${name} of ${where} must be true or false, found ${shown(value)}.`);
}

/** `headerLength` is set where binary tensors follow the JSON. */
export function encodeResponse(
  request: InferenceRequest,
  response: InferenceResponse,
): { readonly body: Buffer | string; readonly headerLength?: number } {
  const binary = response.outputs.filter(
    ({ name }) => request.outputs.find((output) => output.name === name)?.binary ?? request.binaryByDefault,
  );
  if (binary.length === 0) return { body: encodeJsonResponse(response) };
  const parts = binary.map(encodeBinaryData);
  const sizes = new Map(binary.map((tensor, index) => [tensor, parts[index]?.length ?? 0]));
  const head = Buffer.from(encodeJsonResponse(response, sizes));
  return { body: Buffer.concat([head, ...parts]), headerLength: head.length };
}
