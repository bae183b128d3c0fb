// Which model files the registry takes: ONNX that passes structural checks. Formats that carry code are refused by what
// their bytes are, whatever they are called. Rules: research on ONNX advisories CVE-2022-25882, CVE-2024-27318 (paths of
// external data) and the code execution by design of pickle (https://docs.python.org/3/library/pickle.html, warning).
import { refused } from '@falaj/runtime';
import { type OnnxModel, type OnnxTensorType, readOnnxModel } from './onnx-model.js';
import { ProtobufError } from './protobuf-reader.js';
import type { Signature, TensorSignature } from './registration.js';

/** One structural check of a file that was taken. */
export interface IntakeCheck {
  /** Permanent, e.g. `INT-004`. */
  readonly id: string;
  readonly title: string;
  readonly found: string;
  readonly limit: string;
}

/** What intake found in a file that it took; stored with the version. */
export interface IntakeReport {
  readonly format: 'onnx';
  readonly bytes: number;
  readonly irVersion: number;
  readonly opsets: Readonly<Record<string, number>>;
  readonly operators: Readonly<Record<string, number>>;
  readonly nodes: number;
  readonly checks: readonly IntakeCheck[];
}

export const MAX_MODEL_BYTES = 512 * 1024 * 1024;
const MAX_NODES = 100_000;
const MAX_GRAPH_DEPTH = 8;

/** Opset versions that are taken, by domain. Others bring operators of their own, which means native code. */
const DOMAINS: Readonly<Record<string, readonly [lowest: number, highest: number]>> = {
  'ai.onnx': [7, 24],
  'ai.onnx.ml': [1, 5],
  'com.microsoft': [1, 1],
};

/** Operators of allowed domains that run without a bound, read files or call code outside the model. */
const REFUSED_OPERATORS: ReadonlySet<string> = new Set([
  'ai.onnx:Loop',
  'com.microsoft:ATen',
  'com.microsoft:EPContext',
  'com.microsoft:PythonOp',
  'com.microsoft:PythonOpGrad',
]);

/** Throws MODEL_REFUSED naming the check, what was found, what is allowed and what to do. */
export function takeModel(
  bytes: Uint8Array,
  declared: Signature | null,
): { readonly report: IntakeReport; readonly signature: Signature } {
  refuseOtherFormats(bytes);
  const model = readModel(bytes);
  const checks = onnxChecks(bytes, model);
  const signature = signatureOf(model);
  if (declared) requireSignature(declared, signature);
  return {
    report: {
      format: 'onnx',
      bytes: bytes.length,
      irVersion: model.irVersion,
      opsets: Object.fromEntries(model.opsets),
      operators: Object.fromEntries(model.operators),
      nodes: model.nodes,
      checks: [
        ...checks,
        {
          id: 'INT-010',
          title: 'Signature',
          found: describe(signature),
          limit: declared ? 'equal to the declared signature' : 'readable from the graph',
        },
      ],
    },
    signature: declared ?? signature,
  };
}

function refuse(check: string, title: string, found: string, limit: string, whatToDo: string): never {
  throw refused({ rule: check, found, limit, whatToDo }, 'MODEL_REFUSED', { title });
}

const EXPORT = 'export the model to ONNX as one file (skl2onnx, torch.onnx, tf2onnx) and register that';

interface Format {
  readonly name: string;
  matches(bytes: Uint8Array): boolean;
}

const starts =
  (...prefix: readonly number[]) =>
  (bytes: Uint8Array): boolean =>
    prefix.every((byte, at) => bytes[at] === byte);
const ascii = (bytes: Uint8Array, from: number, to: number): string =>
  Buffer.from(bytes.subarray(from, to)).toString('latin1');
const contains = (bytes: Uint8Array, word: string): boolean =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(word);

/** Eight bytes of header length, then a JSON header of that length. */
function isSafetensors(bytes: Uint8Array): boolean {
  if (bytes.length < 10 || ascii(bytes, 8, 9) !== '{') return false;
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true) <= BigInt(bytes.length - 8);
}

/** In this order: the first that matches names the refusal. */
const OTHER_FORMATS: readonly Format[] = [
  {
    name: 'a pickle, which runs code when it is loaded',
    matches: (bytes) => bytes[0] === 0x80 && (bytes[1] ?? 0) <= 5 && bytes.at(-1) === 0x2e,
  },
  {
    name: 'a truncated pickle, which runs code when it is loaded',
    // A varint field 16 in ONNX would begin so too, but no ONNX file begins with it.
    matches: (bytes) => bytes[0] === 0x80 && (bytes[1] ?? 9) >= 2 && (bytes[1] ?? 9) <= 5,
  },
  {
    name: 'a pickle of protocol 0 or 1, which runs code when it is loaded',
    matches: (bytes) => bytes.at(-1) === 0x2e && /^[(c\]}lNIFSVUKGX]/.test(ascii(bytes, 0, 1)),
  },
  {
    name: 'a zip with a pickle in it (PyTorch), which runs code when it is loaded',
    matches: (bytes) => starts(0x50, 0x4b, 3, 4)(bytes) && contains(bytes, '.pkl'),
  },
  { name: 'a zip archive (Keras, NumPy or PyTorch)', matches: starts(0x50, 0x4b) },
  {
    name: 'Keras HDF5 with a Lambda layer, which carries Python code',
    matches: (bytes) => starts(0x89, 0x48, 0x44, 0x46)(bytes) && contains(bytes, 'Lambda'),
  },
  { name: 'HDF5 (Keras)', matches: starts(0x89, 0x48, 0x44, 0x46) },
  {
    name: 'a compressed file (joblib compresses pickles so)',
    matches: (bytes) =>
      starts(0x1f, 0x8b)(bytes) ||
      starts(0x42, 0x5a, 0x68)(bytes) ||
      starts(0xfd, 0x37, 0x7a, 0x58, 0x5a)(bytes) ||
      starts(0x5d, 0, 0)(bytes) ||
      starts(4, 0x22, 0x4d, 0x18)(bytes) ||
      (bytes[0] === 0x78 && [0x01, 0x5e, 0x9c, 0xda].includes(bytes[1] ?? -1)),
  },
  { name: 'safetensors, which holds weights without a graph', matches: isSafetensors },
  { name: 'a TensorFlow Lite model', matches: (bytes) => bytes[0] !== 8 && ascii(bytes, 4, 8) === 'TFL3' },
  { name: 'a NumPy array', matches: starts(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59) },
  {
    name: 'a program',
    matches: (bytes) => starts(0x7f, 0x45, 0x4c, 0x46)(bytes) || starts(0x4d, 0x5a)(bytes) || starts(0x23, 0x21)(bytes),
  },
];

function refuseOtherFormats(bytes: Uint8Array): void {
  if (bytes.length === 0) refuse('INT-001', 'File', '0 bytes', 'an ONNX file', 'send the bytes of the file');
  if (bytes.length > MAX_MODEL_BYTES)
    refuse('INT-001', 'File', `${bytes.length} bytes`, `at most ${MAX_MODEL_BYTES} bytes`, 'make the model smaller');
  const other = OTHER_FORMATS.find((format) => format.matches(bytes));
  if (other) refuse('INT-002', 'Format', other.name, 'ONNX', EXPORT);
}

function readModel(bytes: Uint8Array): OnnxModel {
  try {
    return readOnnxModel(bytes);
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error;
    return refuse('INT-003', 'Structure', error.message, 'a whole, well-formed ONNX file', EXPORT);
  }
}

function onnxChecks(bytes: Uint8Array, model: OnnxModel): IntakeCheck[] {
  const checks: IntakeCheck[] = [
    { id: 'INT-001', title: 'File', found: `${bytes.length} bytes`, limit: `at most ${MAX_MODEL_BYTES} bytes` },
    { id: 'INT-002', title: 'Format', found: 'ONNX', limit: 'ONNX' },
    { id: 'INT-003', title: 'Structure', found: 'well-formed', limit: 'well-formed, one graph' },
  ];
  const check = (id: string, title: string, passes: boolean, found: string, limit: string, whatToDo: string): void => {
    if (!passes) refuse(id, title, found, limit, whatToDo);
    checks.push({ id, title, found, limit });
  };
  check(
    'INT-004',
    'External data',
    model.externalData.length === 0,
    listOf(model.externalData),
    'none: every tensor inside the file',
    'save the model as one file (onnx.save_model with save_as_external_data=False)',
  );
  const opsets = [...model.opsets].map(([domain, version]) => `${domain} ${version}`);
  const wrong = [...model.opsets].filter(([domain, version]) => !within(domain, version));
  check(
    'INT-005',
    'Operator sets',
    model.opsets.size > 0 && wrong.length === 0,
    wrong.length > 0 ? listOf(wrong.map(([domain, version]) => `${domain} ${version}`)) : listOf(opsets),
    Object.entries(DOMAINS)
      .map(([domain, [lowest, highest]]) => `${domain} ${lowest} to ${highest}`)
      .join(', '),
    'export with standard operators of such a version; operators of your own need native libraries, which are not loaded',
  );
  const refused = [...model.operators.keys()].filter((operator) => !allowedOperator(operator, model));
  check(
    'INT-006',
    'Operators',
    refused.length === 0,
    refused.length > 0 ? listOf(refused) : `${model.operators.size} kinds`,
    'operators of the imported sets; without a bound, a file or code of their own: none',
    'replace them, e.g. unroll loops at export',
  );
  check(
    'INT-007',
    'Functions and training graphs',
    model.functions.length === 0 && !model.hasTraining,
    listOf([...model.functions, ...(model.hasTraining ? ['a training graph'] : [])]),
    'none',
    'inline functions (onnx.inliner.inline_local_functions) and export for inference',
  );
  check(
    'INT-008',
    'Size',
    model.nodes > 0 && model.nodes <= MAX_NODES && model.graphDepth <= MAX_GRAPH_DEPTH,
    `${model.nodes} nodes, ${model.graphDepth} nested graphs`,
    `1 to ${MAX_NODES} nodes, ${MAX_GRAPH_DEPTH} nested graphs`,
    'simplify the graph',
  );
  check(
    'INT-009',
    'Tensors and settings',
    model.malformedTensors.length === 0 && !model.metadataKeys.includes('ort_config'),
    model.malformedTensors.length > 0
      ? `dimensions that differ from the bytes in ${listOf(model.malformedTensors)}`
      : model.metadataKeys.includes('ort_config')
        ? 'settings of a runtime (ort_config)'
        : `${model.initializerBytes} bytes of weights`,
    'tensors that hold what they claim, no runtime settings',
    'export the model anew',
  );
  return checks;
}

function within(domain: string, version: number): boolean {
  const range = Object.hasOwn(DOMAINS, domain) ? DOMAINS[domain] : undefined;
  return range !== undefined && version >= range[0] && version <= range[1];
}

function allowedOperator(operator: string, model: OnnxModel): boolean {
  const domain = operator.slice(0, operator.lastIndexOf(':'));
  return model.opsets.has(domain) && !REFUSED_OPERATORS.has(operator);
}

const listOf = (names: readonly string[]): string =>
  names.length === 0
    ? 'none'
    : names.slice(0, 5).join(', ') + (names.length > 5 ? ` and ${names.length - 5} more` : '');

/** Datatypes of the Open Inference Protocol by `TensorProto.DataType`. */
const DATATYPES: Readonly<Record<number, string>> = {
  1: 'FP32',
  2: 'UINT8',
  3: 'INT8',
  4: 'UINT16',
  5: 'INT16',
  6: 'INT32',
  7: 'INT64',
  8: 'BYTES',
  9: 'BOOL',
  10: 'FP16',
  11: 'FP64',
  12: 'UINT32',
  13: 'UINT64',
};

function signatureOf(model: OnnxModel): Signature {
  const tensor = ({ name, elementType, shape }: OnnxTensorType): TensorSignature => {
    const datatype = elementType === null ? undefined : DATATYPES[elementType];
    if (datatype === undefined || shape === null || name === '')
      return refuse(
        'INT-010',
        'Signature',
        `"${name}" with element type ${elementType ?? 'none'} and ${shape === null ? 'no shape' : 'a shape'}`,
        'named tensors with an element type and a shape',
        'export without ZipMap (skl2onnx: options zipmap=False) and with shapes',
      );
    return { name, datatype, shape };
  };
  const signature = { inputs: model.inputs.map(tensor), outputs: model.outputs.map(tensor) };
  if (signature.inputs.length === 0 || signature.outputs.length === 0)
    refuse('INT-010', 'Signature', describe(signature), 'at least one input and one output', 'export the model anew');
  return signature;
}

const describeTensor = ({ name, datatype, shape }: TensorSignature): string =>
  `${name} ${datatype}[${shape.join(',')}]`;
const describe = ({ inputs, outputs }: Signature): string =>
  `(${inputs.map(describeTensor).join(', ')}) -> (${outputs.map(describeTensor).join(', ')})`;

/** Tensors are told by name: the order in which they are declared does not matter. */
function requireSignature(declared: Signature, found: Signature): void {
  const form = ({ inputs, outputs }: Signature): string =>
    JSON.stringify([inputs, outputs].map((tensors) => tensors.map(describeTensor).sort()));
  const columns = declared.inputs.find((input) => input.columns && input.columns.length !== input.shape[1]);
  if (form(declared) === form(found) && !columns) return;
  refuse(
    'INT-010',
    'Signature',
    describe(found),
    columns
      ? `${columns.columns?.length} columns were declared for ${describeTensor(columns)}`
      : `as declared ${describe(declared)}`,
    'declare what the graph takes and gives, or leave the signature out',
  );
}
