// What an ONNX file holds, as far as intake judges it: read from the protobuf itself (onnx/onnx.proto3 of the ONNX
// project), never by a runtime, for native code must not see bytes that were not judged.
import { ProtobufError, type ProtobufField, packedVarints, protobufFields } from './protobuf-reader.js';

export interface OnnxTensorType {
  readonly name: string;
  /** `TensorProto.DataType`; null where the type is no tensor. */
  readonly elementType: number | null;
  /** -1 marks a dimension without a fixed size; null where the file names no shape. */
  readonly shape: readonly number[] | null;
}

/** Everything that intake judges, gathered over all nested graphs. */
export interface OnnxModel {
  readonly irVersion: number;
  readonly opsets: ReadonlyMap<string, number>;
  /** `domain:op`, with `ai.onnx` for the default domain, and how many nodes use it. */
  readonly operators: ReadonlyMap<string, number>;
  readonly nodes: number;
  readonly graphDepth: number;
  readonly initializerBytes: number;
  readonly functions: readonly string[];
  readonly hasTraining: boolean;
  readonly metadataKeys: readonly string[];
  /** Locations of tensors that are stored outside the file. */
  readonly externalData: readonly string[];
  /** Tensors whose dimensions and bytes do not agree. */
  readonly malformedTensors: readonly string[];
  /** Inputs without those that an initializer gives. */
  readonly inputs: readonly OnnxTensorType[];
  readonly outputs: readonly OnnxTensorType[];
}

const MAX_DEPTH = 32;
const MAX_NODES = 200_000;
const MAX_NAMES = 100;
const text = new TextDecoder();
const DEFAULT_DOMAIN = 'ai.onnx';
const domainOf = (name: string): string => (name === '' ? DEFAULT_DOMAIN : name);

/** Throws ProtobufError where the bytes are no ONNX model. */
export function readOnnxModel(bytes: Uint8Array): OnnxModel {
  const reader = new Reader();
  reader.model(bytes);
  return reader.found;
}

class Reader {
  readonly #opsets = new Map<string, number>();
  readonly #operators = new Map<string, number>();
  readonly #functions: string[] = [];
  readonly #metadataKeys: string[] = [];
  readonly #externalData: string[] = [];
  readonly #malformed: string[] = [];
  #inputs: OnnxTensorType[] = [];
  #outputs: OnnxTensorType[] = [];
  #irVersion = 0;
  #nodes = 0;
  #depth = 0;
  #initializerBytes = 0;
  #hasTraining = false;

  get found(): OnnxModel {
    return {
      irVersion: this.#irVersion,
      opsets: this.#opsets,
      operators: this.#operators,
      nodes: this.#nodes,
      graphDepth: this.#depth,
      initializerBytes: this.#initializerBytes,
      functions: this.#functions,
      hasTraining: this.#hasTraining,
      metadataKeys: this.#metadataKeys,
      externalData: this.#externalData,
      malformedTensors: this.#malformed,
      inputs: this.#inputs,
      outputs: this.#outputs,
    };
  }

  model(bytes: Uint8Array): void {
    let graphs = 0;
    for (const field of protobufFields(bytes)) {
      if (field.number === 1) this.#irVersion = scalar(field);
      else if (field.number === 7) {
        graphs++;
        this.#graph(message(field), 1);
      } else if (field.number === 8) this.#opset(message(field));
      else if (field.number === 14) keep(this.#metadataKeys, entry(message(field))[0]);
      else if (field.number === 20) this.#hasTraining = true;
      else if (field.number === 25) this.#function(message(field));
    }
    if (this.#irVersion === 0) throw new ProtobufError('ir_version is missing');
    // Parsers merge a second graph into the first: what was judged would not be what runs.
    if (graphs !== 1) throw new ProtobufError(`${graphs} graphs are in the model where one must be`);
  }

  #opset(bytes: Uint8Array): void {
    let domain = '';
    let version = 0;
    for (const field of protobufFields(bytes)) {
      if (field.number === 1) domain = string(field);
      else if (field.number === 2) version = scalar(field);
    }
    this.#opsets.set(domainOf(domain), version);
  }

  #graph(bytes: Uint8Array, depth: number): void {
    if (depth > MAX_DEPTH) throw new ProtobufError(`graphs are nested deeper than ${MAX_DEPTH}`);
    this.#depth = Math.max(this.#depth, depth);
    const inputs: OnnxTensorType[] = [];
    const outputs: OnnxTensorType[] = [];
    const initializers = new Set<string>();
    for (const field of protobufFields(bytes)) {
      if (field.number === 1) this.#node(message(field), depth);
      else if (field.number === 5) initializers.add(this.#tensor(message(field), true));
      else if (field.number === 15) initializers.add(this.#sparse(message(field)));
      else if (depth === 1 && field.number === 11) inputs.push(tensorType(message(field)));
      else if (depth === 1 && field.number === 12) outputs.push(tensorType(message(field)));
    }
    if (depth > 1) return;
    this.#inputs = inputs.filter((input) => !initializers.has(input.name));
    this.#outputs = outputs;
  }

  #node(bytes: Uint8Array, depth: number): void {
    if (++this.#nodes > MAX_NODES) throw new ProtobufError(`the model has more than ${MAX_NODES} nodes`);
    const operators: string[] = [];
    const domains: string[] = [];
    for (const field of protobufFields(bytes)) {
      if (field.number === 4) operators.push(string(field));
      else if (field.number === 7) domains.push(string(field));
      else if (field.number === 5) this.#attribute(message(field), depth);
    }
    if (operators.length !== 1 || domains.length > 1)
      throw new ProtobufError(`a node names ${operators.length} operators and ${domains.length} domains`);
    const operator = `${domainOf(domains[0] ?? '')}:${operators[0]}`;
    this.#operators.set(operator, (this.#operators.get(operator) ?? 0) + 1);
  }

  #attribute(bytes: Uint8Array, depth: number): void {
    for (const field of protobufFields(bytes)) {
      if (field.number === 5 || field.number === 10) this.#tensor(message(field), true);
      else if (field.number === 6 || field.number === 11) this.#graph(message(field), depth + 1);
      else if (field.number === 22 || field.number === 23) this.#sparse(message(field));
    }
  }

  #function(bytes: Uint8Array): void {
    let name = '';
    let domain = '';
    for (const field of protobufFields(bytes)) {
      if (field.number === 1) name = string(field);
      else if (field.number === 10) domain = string(field);
      else if (field.number === 7) this.#node(message(field), 1);
      else if (field.number === 11) this.#attribute(message(field), 1);
    }
    keep(this.#functions, `${domainOf(domain)}:${name}`);
  }

  #sparse(bytes: Uint8Array): string {
    let name = '';
    for (const field of protobufFields(bytes)) {
      // Their dimensions are those of the dense tensor, so only the parts are compared with their bytes.
      if (field.number === 1) name = this.#tensor(message(field), true);
      else if (field.number === 2) this.#tensor(message(field), true);
    }
    return name;
  }

  #tensor(bytes: Uint8Array, counted: boolean): string {
    let name = '';
    let dataType = 0;
    let elements = 1;
    let data: { readonly form: string; readonly size: number } | undefined;
    let external = false;
    let location: string | undefined;
    const add = (form: string, size: number) => {
      data = { form: data && data.form !== form ? 'mixed' : form, size: (data?.size ?? 0) + size };
    };
    for (const field of protobufFields(bytes)) {
      if (field.number === 1) for (const size of packedVarints(field)) elements *= size;
      else if (field.number === 2) dataType = scalar(field);
      else if (field.number === 8) name = string(field);
      else if (field.number === 9) add('raw', field.bytes.length);
      else if (field.number === 4) add('values', field.bytes.length / 4);
      else if (field.number === 10) add('values', field.bytes.length / 8);
      else if (field.number === 6) add('values', 1);
      else if (field.number === 5 || field.number === 7 || field.number === 11) add('values', count(field));
      else if (field.number === 13) {
        external = true;
        const [key, value] = entry(message(field));
        if (key === 'location') location = value;
      } else if (field.number === 14 && scalar(field) !== 0) external = true;
    }
    if (external) {
      keep(this.#externalData, location ?? '(no location)');
      return name;
    }
    if (counted) this.#initializerBytes += data?.form === 'raw' ? data.size : bytes.length;
    if (!agrees(dataType, elements, data)) keep(this.#malformed, name === '' ? '(without a name)' : name);
    return name;
  }
}

/** Bytes of one element in `raw_data`, by `TensorProto.DataType`; half a byte for the 4-bit types. */
const ELEMENT_BYTES: Readonly<Record<number, number>> = {
  1: 4,
  2: 1,
  3: 1,
  4: 2,
  5: 2,
  6: 4,
  7: 8,
  9: 1,
  10: 2,
  11: 8,
  12: 4,
  13: 8,
  14: 8,
  15: 16,
  16: 2,
  17: 1,
  18: 1,
  19: 1,
  20: 1,
  21: 0.5,
  22: 0.5,
  23: 0.5,
  24: 1,
};
const STRING = 8;
const COMPLEX = new Set([14, 15]);

/** A tensor that claims more elements than it carries would make a runtime allocate what the file never held. */
function agrees(dataType: number, elements: number, data: { form: string; size: number } | undefined): boolean {
  const found = data?.size ?? 0;
  if (elements === 0) return found === 0;
  if (data?.form === 'raw') {
    const size = ELEMENT_BYTES[dataType];
    return size !== undefined && found === Math.ceil(elements * size);
  }
  if (data?.form === 'mixed') return false;
  if (dataType === STRING) return found === elements;
  const size = ELEMENT_BYTES[dataType];
  if (size === undefined) return false;
  if (COMPLEX.has(dataType)) return found === 2 * elements;
  // Two 4-bit values share one entry.
  return found === (size === 0.5 ? Math.ceil(elements / 2) : elements);
}

function count(field: ProtobufField): number {
  let values = 0;
  for (const _ of packedVarints(field)) values++;
  return values;
}

function tensorType(bytes: Uint8Array): OnnxTensorType {
  let name = '';
  let elementType: number | null = null;
  let shape: number[] | null = null;
  for (const field of protobufFields(bytes)) {
    if (field.number === 1) name = string(field);
    if (field.number !== 2) continue;
    for (const kind of protobufFields(message(field))) {
      if (kind.number !== 1) continue;
      for (const part of protobufFields(message(kind))) {
        if (part.number === 1) elementType = scalar(part);
        else if (part.number === 2) shape = dimensions(message(part));
      }
    }
  }
  return { name, elementType, shape };
}

function dimensions(bytes: Uint8Array): number[] {
  const shape: number[] = [];
  for (const field of protobufFields(bytes)) {
    if (field.number !== 1) continue;
    let size = -1;
    for (const part of protobufFields(message(field))) if (part.number === 1) size = scalar(part);
    shape.push(size);
  }
  return shape;
}

function entry(bytes: Uint8Array): [key: string, value: string] {
  let key = '';
  let value = '';
  for (const field of protobufFields(bytes)) {
    if (field.number === 1) key = string(field);
    else if (field.number === 2) value = string(field);
  }
  return [key, value];
}

function scalar(field: ProtobufField): number {
  if (field.wire !== 0) throw new ProtobufError(`field ${field.number} is no number`);
  return field.value;
}

function message(field: ProtobufField): Uint8Array {
  if (field.wire !== 2) throw new ProtobufError(`field ${field.number} is no message`);
  return field.bytes;
}

const string = (field: ProtobufField): string => text.decode(message(field));

/** Enough to name what is wrong, never as many as a file can hold. */
function keep(names: string[], name: string): void {
  if (names.length < MAX_NAMES) names.push(name.slice(0, 200));
}
