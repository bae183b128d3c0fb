import { inheritResidency } from '@falaj/policy';
import { describe, expect, it } from 'vitest';
import { lineageOf as lineageUnder, type RunAnswer } from './domain/registration.js';
import { digestOfModel, registrableRun as run } from './testing/registrable-run.js';

const lineageOf = (answer: RunAnswer | null) => lineageUnder(answer, inheritResidency);

describe('lineageOf', () => {
  it('copies everything that a version answers for', () => {
    expect(lineageOf(run())).toMatchObject({
      runId: 'run_1',
      artifactKey: 'models/run_1.onnx',
      digest: digestOfModel,
      trainingSetDigest: 'sha256:set',
      featureViewVersions: [{ featureViewId: 'fv_1', name: 'delays', version: 2 }],
    });
  });
  it.each(['QUEUED', 'RUNNING', 'FAILED', 'CANCELLED'])(
    'refuses a run that is %s, naming found and needed',
    (state) => {
      expect(() => lineageOf(run({ state }))).toThrow(
        expect.objectContaining({
          code: 'PRECONDITION_FAILED',
          details: expect.objectContaining({ found: `a run that is ${state}`, limit: 'SUCCEEDED' }),
        }),
      );
    },
  );
  it('refuses failed and absent parity', () => {
    const failed = { rows: 100, maxDifference: 0.5, tolerance: 1e-5, passed: false };
    expect(() => lineageOf(run({ parity: failed }))).toThrow(
      expect.objectContaining({
        code: 'PRECONDITION_FAILED',
        details: expect.objectContaining({ found: 'parity that differs by 0.5', limit: 'at most 0.00001' }),
      }),
    );
    expect(() => lineageOf(run({ parity: { ...failed, passed: null } }))).toThrow(
      expect.objectContaining({ code: 'PRECONDITION_FAILED' }),
    );
    expect(() => lineageOf(run({ parity: null }))).toThrow(expect.objectContaining({ code: 'PRECONDITION_FAILED' }));
  });
  it('tells a withheld fact from an absent one', () => {
    expect(() => lineageOf(run({ modelDigest: null, maskedFields: ['modelDigest'] }))).toThrow(
      expect.objectContaining({ code: 'FORBIDDEN' }),
    );
    expect(() => lineageOf(run({ parity: null, maskedFields: ['parity'] }))).toThrow(
      expect.objectContaining({ code: 'FORBIDDEN' }),
    );
    expect(() => lineageOf(run({ modelDigest: null }))).toThrow(
      expect.objectContaining({ code: 'PRECONDITION_FAILED' }),
    );
    expect(() => lineageOf(null)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  });
  it('holds a model to the zones that its data inherited', () => {
    expect(() => lineageOf(run({ zone: 'AE', allowedZones: ['SA'] }))).toThrow(
      expect.objectContaining({ code: 'RESIDENCY_VIOLATION' }),
    );
    expect(() => lineageOf(run({ zone: 'AE', allowedZones: [] }))).toThrow(
      expect.objectContaining({ code: 'RESIDENCY_VIOLATION' }),
    );
    expect(lineageOf(run({ zone: 'AE', allowedZones: ['*'] })).zone).toBe('AE');
  });
});
