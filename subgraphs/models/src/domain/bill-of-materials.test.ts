import { describe, expect, it } from 'vitest';
import { type BillAnswer, billOfMaterials } from './bill-of-materials.js';

const digest = 'a'.repeat(64);
const answer: BillAnswer = {
  id: 'mv_1',
  modelName: 'flight-delay',
  version: 2,
  createdAt: '2026-11-24T00:00:00.000Z',
  digest: `sha256:${digest}`,
  format: 'onnx',
  zone: 'AE',
  categories: ['pii', 'none'],
  codeReference: 'git:1234',
  environment: { node: 'v24', trainer: '@falaj/plugin-trainer-gbdt', trainerVersion: '0.1.0' },
  trainingSetId: 'ts_1',
  trainingSetDigest: `sha256:${'b'.repeat(64)}`,
  evaluation: { scores: { auc: 0.7, brier: null }, baselines: [{ name: 'base rate', scores: { auc: 0.5 } }] },
  maskedFields: [],
  signature: {
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 1] }],
  },
  featureViewVersions: [{ featureViewId: 'fv_1', name: 'delays', version: 3 }],
  model: { description: 'Will it be late?' },
  trainingSet: { name: 'flights of 2001', rows: 20_000 },
  run: { trainer: 'gbdt' },
  card: {
    content: { intendedUse: 'Tell passengers.', limitations: 'No winter.', ethicalConsiderations: 'None known.' },
  },
};

describe('the bill of materials of a model', () => {
  it('is CycloneDX 1.6: model with card and hash, training set, views, trainer, and how they depend', () => {
    expect(billOfMaterials(answer)).toEqual({
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      version: 1,
      serialNumber: expect.stringMatching(
        /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      ),
      metadata: {
        timestamp: '2026-11-24T00:00:00.000Z',
        component: {
          type: 'machine-learning-model',
          'bom-ref': 'mv_1',
          name: 'flight-delay',
          version: '2',
          description: 'Will it be late?',
          hashes: [{ alg: 'SHA-256', content: digest }],
          modelCard: {
            modelParameters: {
              approach: { type: 'supervised' },
              architectureFamily: 'gbdt',
              datasets: [{ ref: 'ts_1' }],
              inputs: [{ format: 'x: FP32 [-1, 2]' }],
              outputs: [{ format: 'y: FP32 [-1, 1]' }],
            },
            quantitativeAnalysis: {
              performanceMetrics: [
                { type: 'auc', value: '0.7', slice: 'all held-out rows' },
                { type: 'auc', value: '0.5', slice: 'all held-out rows, by the baseline base rate' },
              ],
            },
            considerations: {
              useCases: ['Tell passengers.'],
              technicalLimitations: ['No winter.'],
              ethicalConsiderations: [{ name: 'None known.' }],
            },
          },
          properties: [
            { name: 'falaj:format', value: 'onnx' },
            { name: 'falaj:zone', value: 'AE' },
            { name: 'falaj:categories', value: 'pii, none' },
            { name: 'falaj:codeReference', value: 'git:1234' },
          ],
        },
      },
      components: [
        {
          type: 'data',
          'bom-ref': 'ts_1',
          name: 'flights of 2001',
          hashes: [{ alg: 'SHA-256', content: 'b'.repeat(64) }],
          data: [
            {
              type: 'dataset',
              name: 'flights of 2001',
              classification: 'pii, none',
              contents: { properties: [{ name: 'falaj:rows', value: '20000' }] },
            },
          ],
        },
        {
          type: 'data',
          'bom-ref': 'fv_1',
          name: 'delays',
          version: '3',
          data: [{ type: 'definition', name: 'delays' }],
        },
        {
          type: 'library',
          'bom-ref': 'pkg:npm/%40falaj/plugin-trainer-gbdt@0.1.0',
          name: '@falaj/plugin-trainer-gbdt',
          version: '0.1.0',
          purl: 'pkg:npm/%40falaj/plugin-trainer-gbdt@0.1.0',
        },
      ],
      dependencies: [
        { ref: 'mv_1', dependsOn: ['ts_1', 'pkg:npm/%40falaj/plugin-trainer-gbdt@0.1.0'] },
        { ref: 'ts_1', dependsOn: ['fv_1'] },
      ],
    });
    expect(billOfMaterials({ ...answer })).toEqual(billOfMaterials(answer));
    expect(billOfMaterials({ ...answer, version: 3 }).serialNumber).not.toBe(billOfMaterials(answer).serialNumber);
  });

  it('is short for a model from outside, and for who may read little', () => {
    const little = billOfMaterials({
      ...answer,
      digest: null,
      environment: {},
      trainingSetId: null,
      trainingSetDigest: null,
      evaluation: null,
      maskedFields: ['digest', 'evaluation'],
      featureViewVersions: [],
      model: null,
      trainingSet: null,
      run: null,
      card: null,
      signature: null,
    });
    expect(little).toMatchObject({ components: [], dependencies: [{ ref: 'mv_1', dependsOn: [] }] });
    const { component } = little.metadata as { component: Record<string, unknown> };
    expect(component).not.toHaveProperty('hashes');
    expect(component.properties).toContainEqual({ name: 'falaj:withheld', value: 'digest, evaluation' });
  });
});
