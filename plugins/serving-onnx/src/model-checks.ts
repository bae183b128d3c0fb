/**
 * Structural checks before native code sees the bytes: a well-formed ONNX protobuf whose tensors are all inside it.
 * An external tensor would let a model read files of the server.
 * Sources: https://protobuf.dev/programming-guides/encoding/ and onnx/onnx.proto3 of the ONNX project.
 */
import { PluginError } from '@falaj/plugin-sdk';

type Message = 'model' | 'graph' | 'node' | 'attribute' | 'tensor' | 'sparse' | 'function' | 'opaque';

/** Message-typed fields that may lead to a tensor. */
const CHILDREN: Readonly<Record<Message, Readonly<Record<number, Message>>>> = {
  model: { 7: 'graph', 25: 'function' },
  graph: { 1: 'node', 5: 'tensor', 15: 'sparse' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparse', 23: 'sparse' },
  sparse: { 1: 'tensor', 2: 'tensor' },
  function: { 7: 'node', 11: 'attribute' },
  tensor: {},
  opaque: {},
};
const MAX_DEPTH = 64;
const TENSOR_EXTERNAL_DATA = 13;
const TENSOR_DATA_LOCATION = 14;

/** Throws BAD_INPUT with what was found; answers nothing when the bytes may be handed to the runtime. */
export function checkModel(model: Uint8Array, maxBytes: number): void {
  if (model.length === 0) refuse('the model is empty (0 bytes); send the bytes of an ONNX file');
  if (model.length > maxBytes)
    refuse(`the model has ${model.length} bytes, over the limit of ${maxBytes} (maxModelBytes)`);
  const found = new Set<number>();
  walk(model, 0, model.length, 'model', 0, found);
  if (!found.has(1)) refuse('ir_version is missing; this is no ONNX file');
  if (!found.has(7)) refuse('the graph is missing; this is no ONNX file');
}

function walk(
  bytes: Uint8Array,
  start: number,
  end: number,
  message: Message,
  depth: number,
  found?: Set<number>,
): void {
  if (depth > MAX_DEPTH) refuse(`messages are nested deeper than ${MAX_DEPTH}`);
  let at = start;
  while (at < end) {
    const [tag, afterTag] = varint(bytes, at, end);
    const field = Math.floor(tag / 8);
    const wire = tag % 8;
    if (field === 0) refuse(`byte ${at} holds field number 0`);
    found?.add(field);
    at = afterTag;
    if (wire === 0) {
      const [value, next] = varint(bytes, at, end);
      if (message === 'tensor' && field === TENSOR_DATA_LOCATION && value !== 0) external();
      at = next;
    } else if (wire === 2) {
      const [length, next] = varint(bytes, at, end);
      if (length > end - next) refuse(`field ${field} at byte ${at} claims ${length} bytes, ${end - next} are left`);
      if (message === 'tensor' && field === TENSOR_EXTERNAL_DATA) external();
      const child = CHILDREN[message][field];
      if (child !== undefined) walk(bytes, next, next + length, child, depth + 1);
      at = next + length;
    } else if (wire === 1 || wire === 5) {
      at += wire === 1 ? 8 : 4;
      if (at > end) refuse(`field ${field} is cut off at byte ${end}`);
    } else refuse(`byte ${at} holds wire type ${wire}, which ONNX does not use`);
  }
}

function varint(bytes: Uint8Array, start: number, end: number): [value: number, next: number] {
  let value = 0;
  let scale = 1;
  for (let at = start; at < end && at < start + 10; at++) {
    const byte = bytes[at] as number;
    value += (byte & 127) * scale;
    if (byte < 128) return [value, at + 1];
    scale *= 128;
  }
  return refuse(`the number at byte ${start} is cut off or too long`);
}

function external(): never {
  return refuse('a tensor is stored outside the file (external data); save the model as one file');
}

function refuse(reason: string): never {
  throw new PluginError('BAD_INPUT', `Not a loadable ONNX model: ${reason}.`);
}
