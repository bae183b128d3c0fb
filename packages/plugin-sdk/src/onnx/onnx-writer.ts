/** ONNX messages by field number. Source: onnx/onnx.proto3 of the ONNX project, IR version 8. */
import { MessageWriter } from './protobuf-writer.js';

const IR_VERSION = 8;
const FLOAT_TENSOR = 1;
const ATTRIBUTE = { integer: 2, text: 3, floats: 6, integers: 7, texts: 8 };

export type Attribute =
  | { readonly integer: number }
  | { readonly text: string }
  | { readonly floats: ArrayLike<number> }
  | { readonly integers: readonly number[] }
  | { readonly texts: readonly string[] };

export interface OnnxNode {
  readonly operator: string;
  /** Empty for the standard operators. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** A constant of the graph, row-major. */
export interface FloatTensor {
  readonly name: string;
  readonly dimensions: readonly number[];
  readonly values: ArrayLike<number>;
}

export interface OnnxModel {
  readonly producer: string;
  readonly producerVersion: string;
  readonly graph: string;
  readonly nodes: readonly OnnxNode[];
  readonly constants?: readonly FloatTensor[];
  readonly input: FloatPort;
  readonly output: FloatPort;
  /** Version per operator domain. */
  readonly operatorSets: Readonly<Record<string, number>>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A float32 tensor at the graph's edge; a dimension by name is free. */
export interface FloatPort {
  readonly name: string;
  readonly dimensions: readonly (number | string)[];
}

/** The serialised model; the same model gives the same bytes. */
export function writeOnnx(model: OnnxModel): Uint8Array {
  const graph = new MessageWriter();
  for (const node of model.nodes) graph.message(1, nodeMessage(node));
  graph.text(2, model.graph);
  for (const constant of model.constants ?? []) graph.message(5, tensorMessage(constant));
  graph.message(11, portMessage(model.input)).message(12, portMessage(model.output));
  const file = new MessageWriter()
    .integer(1, IR_VERSION)
    .text(2, model.producer)
    .text(3, model.producerVersion)
    .message(7, graph);
  for (const [domain, version] of Object.entries(model.operatorSets)) {
    file.message(8, new MessageWriter().text(1, domain).integer(2, version));
  }
  for (const [key, value] of Object.entries(model.metadata)) {
    file.message(14, new MessageWriter().text(1, key).text(2, value));
  }
  return file.finish();
}

function nodeMessage(node: OnnxNode): MessageWriter {
  const message = new MessageWriter();
  for (const input of node.inputs) message.text(1, input);
  message.text(2, node.output).text(3, `${node.operator}_${node.output}`).text(4, node.operator);
  for (const [name, attribute] of Object.entries(node.attributes))
    message.message(5, attributeMessage(name, attribute));
  return message.text(7, node.domain);
}

function attributeMessage(name: string, attribute: Attribute): MessageWriter {
  const message = new MessageWriter().text(1, name);
  if ('integer' in attribute) return message.integer(3, attribute.integer).integer(20, ATTRIBUTE.integer);
  if ('text' in attribute) return message.text(4, attribute.text).integer(20, ATTRIBUTE.text);
  if ('floats' in attribute) return message.packedFloats(7, attribute.floats).integer(20, ATTRIBUTE.floats);
  if ('integers' in attribute) return message.packedIntegers(8, attribute.integers).integer(20, ATTRIBUTE.integers);
  for (const text of attribute.texts) message.text(9, text);
  return message.integer(20, ATTRIBUTE.texts);
}

function tensorMessage({ name, dimensions, values }: FloatTensor): MessageWriter {
  const message = new MessageWriter();
  for (const size of dimensions) message.integer(1, size);
  return message.integer(2, FLOAT_TENSOR).packedFloats(4, values).text(8, name);
}

function portMessage(port: FloatPort): MessageWriter {
  const shape = new MessageWriter();
  for (const dimension of port.dimensions) {
    const free = typeof dimension === 'string';
    shape.message(1, free ? new MessageWriter().text(2, dimension) : new MessageWriter().integer(1, dimension));
  }
  const tensor = new MessageWriter().integer(1, FLOAT_TENSOR).message(2, shape);
  return new MessageWriter().text(1, port.name).message(2, new MessageWriter().message(1, tensor));
}
