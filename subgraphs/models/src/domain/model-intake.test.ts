import { isPlatformError } from '@falaj/runtime';
import { describe, expect, it } from 'vitest';
import { modelFile, modelFileNames } from '../testing/model-file.js';
import { takeModel } from './model-intake.js';

const refusalOf = (bytes: Uint8Array, declared: Parameters<typeof takeModel>[1] = null) => {
  try {
    takeModel(bytes, declared);
    return 'taken';
  } catch (error) {
    if (!isPlatformError(error)) throw error;
    expect(error.code).toBe('MODEL_REFUSED');
    return `${error.details.rule}: ${error.details.found}`;
  }
};
const DENSE = {
  inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 1] }],
};

describe('formats that carry code', () => {
  it.each([
    ...[0, 1].map((protocol) => [`pickle-${protocol}`, 'INT-002: a pickle of protocol 0 or 1'] as const),
    ...[2, 3, 4, 5].map((protocol) => [`pickle-${protocol}`, 'INT-002: a pickle, which runs code'] as const),
    ['torch-zip', 'INT-002: a zip with a pickle in it'],
    ['joblib', 'INT-002: a pickle, which runs code'],
    ['joblib-compressed', 'INT-002: a compressed file'],
    ['keras-lambda-h5', 'INT-002: Keras HDF5 with a Lambda layer'],
    ['safetensors', 'INT-002: safetensors'],
    ['empty', 'INT-001: 0 bytes'],
  ] as const)('refuses %s by its bytes', (name, found) => {
    expect(refusalOf(modelFile(name))).toContain(found);
  });
  it('refuses a pickle that was cut off', () => {
    expect(refusalOf(modelFile('pickle-4').subarray(0, 20))).toContain('INT-002');
  });
});

describe('ONNX files', () => {
  it.each([
    ['onnx-truncated', 'INT-003'],
    ['onnx-two-graphs', 'INT-003: 2 graphs'],
    ['onnx-external-passwd', 'INT-004: ../../etc/passwd'],
    ['onnx-external-absolute', 'INT-004: /etc/passwd'],
    ['onnx-external-plain', 'INT-004: weights.bin'],
    ['onnx-external-disguised', 'INT-004: ../../etc/passwd'],
    ['onnx-external-in-branch', 'INT-004: ../../etc/passwd'],
    ['onnx-custom-domain', 'INT-005: com.example.native 1'],
    ['onnx-opset-99', 'INT-005: ai.onnx 99'],
    ['onnx-undeclared-domain', 'INT-006: com.example.native:MatMul'],
    ['onnx-loop', 'INT-006: ai.onnx:Loop'],
    ['onnx-ep-context', 'INT-006: com.microsoft:EPContext'],
    ['onnx-function', 'INT-007: com.example:F'],
    ['onnx-bomb', 'INT-009: dimensions that differ from the bytes in w'],
    ['onnx-runtime-settings', 'INT-009: settings of a runtime'],
    ['onnx-zipmap', 'INT-010'],
  ])('refuses %s', (name, found) => {
    expect(refusalOf(modelFile(name))).toContain(found);
  });

  it.each(['onnx-dense', 'onnx-dense-float-data'])('takes %s and reads its signature', (name) => {
    const { report, signature } = takeModel(modelFile(name), null);
    expect(signature).toEqual(DENSE);
    expect(report).toMatchObject({ format: 'onnx', irVersion: 9, opsets: { 'ai.onnx': 17 }, nodes: 1 });
    expect(report.checks.map(({ id }) => id)).toEqual(
      [...Array(10).keys()].map((n) => `INT-${String(n + 1).padStart(3, '0')}`),
    );
  });
  it('takes what scikit-learn’s exporter writes', () => {
    const { signature } = takeModel(modelFile('onnx-sklearn'), null);
    expect(signature.inputs).toEqual([{ name: 'X', datatype: 'FP32', shape: [-1, 3] }]);
    expect(signature.outputs.map(({ name }) => name)).toEqual(['label', 'probabilities']);
  });

  it('compares with what was declared: names, datatypes, shapes, number of columns', () => {
    const bytes = modelFile('onnx-dense');
    const [input] = DENSE.inputs;
    const [output] = DENSE.outputs;
    if (!input || !output) throw new Error('incomplete');
    expect(refusalOf(bytes, DENSE)).toBe('taken');
    expect(refusalOf(bytes, { ...DENSE, inputs: [{ ...input, columns: ['a', 'b'] }] })).toBe('taken');
    for (const changed of [
      { ...DENSE, inputs: [{ ...input, name: 'z' }] },
      { ...DENSE, inputs: [{ ...input, datatype: 'FP64' }] },
      { ...DENSE, inputs: [{ ...input, shape: [-1, 3] }] },
      { ...DENSE, inputs: [{ ...input, shape: [1, 2] }] },
      { ...DENSE, inputs: [{ ...input, columns: ['a'] }] },
      { ...DENSE, inputs: [] },
      { ...DENSE, outputs: [output, { ...output, name: 'other' }] },
    ])
      expect(refusalOf(bytes, changed)).toContain('INT-010');
  });

  it('judges any bytes without another fault: cut anywhere, or with any byte changed', () => {
    for (const name of modelFileNames.filter((file) => file.startsWith('onnx'))) {
      const bytes = modelFile(name);
      for (let length = 0; length < bytes.length; length++) refusalOf(bytes.subarray(0, length));
      for (let at = 0; at < bytes.length; at++) {
        const changed = Uint8Array.from(bytes);
        changed[at] = (changed[at] as number) ^ (1 + (at % 255));
        refusalOf(changed);
      }
    }
  });
});
