import { describe, expect, it } from 'vitest';
import { assertDeployable, verdicts } from './compliance.js';
import { deployable, deploymentSnapshot, type ModelVersionAnswer } from './deployable-model.js';
import { predictInput, tensorsOf } from './prediction.js';

const answer = (changes: Partial<ModelVersionAnswer> = {}): ModelVersionAnswer => ({
  id: 'mv_1',
  version: 2,
  artifactKey: 'k',
  digest: 'sha256:m',
  zone: 'AE',
  categories: ['personal'],
  allowedZones: ['AE'],
  servingPlan: { views: [], columns: [], entityKeys: [] } as never,
  trainingSetDigest: 'sha256:t',
  codeReference: 'abc',
  environment: {},
  maskedFields: [],
  model: { name: 'delay' },
  run: {
    id: 'run_1',
    modelDigest: 'sha256:m',
    evaluation: { scores: { auc: 0.8, brier: null, r2: 0.4 }, baselines: [{ name: 'base', scores: { auc: 0.5 } }] },
  },
  trainingSet: {
    labelSource: { name: 'flights', zone: 'AE', categories: ['personal'] },
    featureViews: [{ source: { name: 'flights', zone: 'AE', categories: ['personal'] } }, { source: null }],
  },
  ...changes,
});

describe('a deployable model', () => {
  it('copies what serving needs', () => {
    expect(deployable(answer())).toMatchObject({ id: 'mv_1', name: 'delay', version: 2, digest: 'sha256:m' });
  });
  it('names every withheld field', () => {
    expect(() => deployable(answer({ digest: null, servingPlan: null, model: { name: null } }))).toThrow(
      expect.objectContaining({ code: 'FORBIDDEN', details: { withheld: ['digest', 'servingPlan', 'model'] } }),
    );
  });
  it('does not exist where it is not seen', () => {
    expect(() => deployable(null)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  });
  it('shows checks each source once, comparable scores only, and no fact that is missing', () => {
    const shown = deploymentSnapshot(answer({ codeReference: null }), 'AE', ['AE', 'SA'], []) as {
      model: { evaluation: unknown; lineage: object };
      sources: unknown[];
    };
    expect(shown.sources).toEqual([{ name: 'flights', zone: 'AE', categories: ['personal'] }]);
    expect(shown.model.evaluation).toEqual([{ metric: 'auc', value: 0.8, baseline: 0.5 }]);
    expect(JSON.parse(JSON.stringify(shown.model.lineage))).not.toHaveProperty('codeRef');
  });
});

describe('compliance', () => {
  const info = (id: string, gate: string) => ({
    id,
    title: id,
    gate,
    references: [{ framework: 'PDPL', reference: 'Art. 5' }],
  });
  const judge = (status: string, infos: object[], waived: string[] = []) =>
    verdicts(
      infos as never,
      [{ checkId: 'c', status, reason: 'because', evidence: {} }] as never,
      new Map(waived.map((checkId) => [checkId, { id: `waiver of ${checkId}` }])),
    );
  const blocking = [info('c', 'BLOCK_DEPLOYMENT')];

  it.each(['PASS', 'NOT_APPLICABLE'])('lets %s through', (status) => {
    expect(() => assertDeployable(judge(status, blocking))).not.toThrow();
  });
  it.each(['FAIL', 'UNKNOWN', 'ERROR'])('stops at a blocking %s with its references', (status) => {
    expect(() => assertDeployable(judge(status, blocking))).toThrow(
      expect.objectContaining({
        code: 'COMPLIANCE_FAILED',
        message: expect.stringContaining(`c: found ${status}: because`),
        details: {
          refusals: [
            expect.objectContaining({
              checkId: 'c',
              references: ['PDPL Art. 5'],
              rule: 'c',
              found: `${status}: because`,
              limit: expect.stringContaining('PASS'),
              whatToDo: expect.stringContaining('requestWaiver'),
            }),
          ],
        },
      }),
    );
  });
  it('lets a blocking check through that is waived, and keeps by what; a waiver of another check is none', () => {
    const waived = judge('FAIL', blocking, ['c']);
    expect(() => assertDeployable(waived)).not.toThrow();
    expect(waived).toMatchObject([{ status: 'FAIL', waiverId: 'waiver of c' }]);
    expect(judge('PASS', blocking, ['c'])[0]).not.toHaveProperty('waiverId');
    expect(() => assertDeployable(judge('FAIL', blocking, ['d']))).toThrow();
  });
  it('lets a failing check through that only warns', () => {
    expect(() => assertDeployable(judge('FAIL', [info('c', 'WARN')]))).not.toThrow();
  });
  it('stops at a verdict that no known check gave', () => {
    expect(() => assertDeployable(judge('FAIL', []))).toThrow(expect.objectContaining({ code: 'COMPLIANCE_FAILED' }));
  });
});

describe('what is predicted', () => {
  const tensors = (input: object) => tensorsOf(predictInput.parse({ endpoint: 'e', ...input }));
  const bad = (part: string) =>
    expect.objectContaining({ code: 'BAD_USER_INPUT', message: expect.stringContaining(part) });

  it('is keys by name, or a matrix where null is no number', () => {
    expect(
      tensors({
        rows: [
          { origin: 'DXB', no: 1 },
          { no: 2, origin: 'AUH' },
        ],
      }),
    ).toEqual([
      { name: 'origin', datatype: 'BYTES', shape: [2], data: ['DXB', 'AUH'] },
      { name: 'no', datatype: 'BYTES', shape: [2], data: ['1', '2'] },
    ]);
    const [matrix] = tensors({
      features: [
        [1, null],
        [3, 4],
      ],
    });
    expect(matrix).toEqual({
      name: 'features',
      datatype: 'FP32',
      shape: [2, 2],
      data: Float32Array.of(1, Number.NaN, 3, 4),
    });
  });
  it('is one of the two, with a row', () => {
    for (const input of [{}, { rows: [] }, { rows: [{ a: 1 }], features: [[1]] }])
      expect(predictInput.safeParse({ endpoint: 'e', ...input }).success).toBe(false);
  });
  it.each([
    [{ rows: [{ a: 1 }, {}] }, 'input.rows.1.a: found nothing'],
    [{ rows: [{ a: 1 }, { a: true }] }, 'input.rows.1.a: found true'],
    [{ rows: [{ a: 1 }, { a: 1, b: 2 }] }, 'input.rows.1: every row needs the keys a'],
    [{ features: [[1, 2], [1]] }, 'input.features.1: found 1 values'],
  ])('refuses %j by its row', (input, problem) => {
    expect(() => tensors(input)).toThrow(bad(problem));
  });
});
