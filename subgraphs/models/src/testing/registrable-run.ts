import { createHash } from 'node:crypto';
import type { RunAnswer } from '../domain/registration.js';
import { modelFile } from './model-file.js';

/** Digest of the model file `onnx-dense`. */
export const digestOfModel = `sha256:${createHash('sha256').update(modelFile('onnx-dense')).digest('hex')}`;

/** A run that may be registered, as the graph answers it. */
export const registrableRun = (changes: Partial<RunAnswer> = {}): RunAnswer => ({
  id: 'run_1',
  ownerId: 'p-data-scientist',
  state: 'SUCCEEDED',
  zone: 'AE',
  allowedZones: ['AE'],
  categories: ['none'],
  trainingSetId: 'ts_1',
  trainingSetDigest: 'sha256:set',
  modelArtifactKey: 'models/run_1.onnx',
  modelDigest: digestOfModel,
  codeReference: 'trainer@1.0.0',
  environment: { node: 'v24' },
  signature: {
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2], columns: ['a__b', 'a__c'] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 1] }],
  },
  servingPlan: { views: [], columns: [], entityKeys: [] },
  parity: { rows: 100, maxDifference: 1e-7, tolerance: 1e-5, passed: true },
  evaluation: {
    rows: 30,
    baseRate: 0.2,
    scores: { auc: 0.7 },
    baselines: [{ name: 'base rate', scores: { auc: 0.5 } }],
  },
  featureViews: [{ id: 'fv_1', name: 'delays', version: 2 }],
  maskedFields: [],
  ...changes,
});
