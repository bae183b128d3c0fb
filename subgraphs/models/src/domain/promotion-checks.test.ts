import { describe, expect, it } from 'vitest';
import { bindingOf, missingApprovals } from './approval.js';
import { builtInGateSet, type GateDefinition } from './gate-set.js';
import { checkGates, type PromotionFacts } from './promotion-checks.js';

const evaluation = (scores: Record<string, number | null>) => ({
  rows: 10,
  baseRate: 0.1,
  scores,
  baselines: [{ name: 'base rate', scores: { loss: 2, gain: -2 } }],
});
const facts = (scores: Record<string, number | null>): PromotionFacts => ({
  alias: 'champion',
  version: {
    id: 'mv_2',
    version: 2,
    digest: 'sha256:b',
    trainingSetDigest: 'sha256:set',
    evaluation: evaluation(scores),
    parity: null,
    intakePassed: true,
    origin: 'RUN',
    vouchers: [{ signerId: 'sgn_1', name: 'Falaj', keyId: 'k', fault: null }],
  },
  champions: new Map([
    [
      'champion',
      {
        id: 'mv_1',
        version: 1,
        digest: 'sha256:a',
        trainingSetDigest: 'sha256:set',
        evaluation: evaluation({ gain: 0.5, loss: Number.NaN }),
      },
    ],
  ]),
  card: null,
  compliance: { infos: [], results: [], waivers: new Map() },
});
const none: GateDefinition = {
  ...builtInGateSet.definition,
  thresholds: [],
  comparisons: [],
  complianceChecks: [],
  cardSections: [],
  parityRequired: false,
};
const judge = (gates: Partial<GateDefinition>, scores: Record<string, number | null>) =>
  checkGates({ ...builtInGateSet, definition: { ...none, ...gates } }, facts(scores)).filter(
    ({ kind }) => kind !== 'INTAKE' && kind !== 'ATTESTATION',
  );
const comparison = (changes: Partial<GateDefinition['comparisons'][number]>) => ({
  comparisons: [
    {
      id: 'c',
      metric: 'gain',
      reference: 'CHAMPION' as const,
      operator: 'GT' as const,
      margin: 0,
      unit: 'ABSOLUTE' as const,
      ...changes,
    },
  ],
});

describe('thresholds', () => {
  it.each([
    ['GTE', 1, 'PASS'],
    ['GT', 1, 'FAIL'],
    ['LTE', 1, 'PASS'],
    ['LT', 1, 'FAIL'],
  ] as const)('%s holds at the limit as its name says', (operator, value, status) => {
    expect(judge({ thresholds: [{ id: 't', metric: 'm', operator, value }] }, { m: 1 })).toMatchObject([{ status }]);
  });
  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, null])('never passes %s', (value) => {
    for (const operator of ['GTE', 'LTE'] as const)
      expect(judge({ thresholds: [{ id: 't', metric: 'm', operator, value: 0 }] }, { m: value })).toMatchObject([
        { status: 'FAIL' },
      ]);
  });
  it('takes no score from the prototype', () => {
    expect(judge({ thresholds: [{ id: 't', metric: 'constructor', operator: 'GTE', value: 0 }] }, {})).toMatchObject([
      { status: 'FAIL', found: 'not evaluated' },
    ]);
  });
});

describe('comparisons', () => {
  it('adds a margin, or a share of the size of the reference, also where it is negative', () => {
    expect(judge(comparison({ margin: 0.1 }), { gain: 0.6 })).toMatchObject([{ status: 'FAIL' }]);
    expect(judge(comparison({ margin: 0.1 }), { gain: 0.61 })).toMatchObject([{ status: 'PASS' }]);
    const ratio = comparison({ reference: 'BASELINE', margin: 0.5, unit: 'RATIO' });
    expect(judge(ratio, { gain: -1.01 })).toMatchObject([{ status: 'FAIL' }]);
    expect(judge(ratio, { gain: -0.99 })).toMatchObject([{ status: 'PASS' }]);
  });
  it('fails against a reference that has no such score, or none that is a number', () => {
    expect(judge(comparison({ metric: 'other' }), { other: 9 })).toMatchObject([{ status: 'FAIL' }]);
    expect(judge(comparison({ metric: 'loss', operator: 'LT' }), { loss: 0 })).toMatchObject([{ status: 'FAIL' }]);
    expect(judge(comparison({ reference: 'BASELINE', name: 'nobody' }), { gain: 9 })).toMatchObject([
      { status: 'FAIL' },
    ]);
  });
  it('has nothing to compare with before the first version stands under the alias', () => {
    expect(judge(comparison({ name: 'staging' }), { gain: 0 })).toMatchObject([{ status: 'NOT_APPLICABLE' }]);
  });
});

describe('approvals', () => {
  const binding = {
    modelVersionId: 'mv',
    versionDigest: 'd',
    alias: 'a',
    gateRevision: 1,
    gateDigest: 'g',
    cardDigest: null,
  };
  it('are for exactly one state', () => {
    const own = bindingOf(binding);
    for (const change of [
      { modelVersionId: 'x' },
      { versionDigest: 'x' },
      { alias: 'x' },
      { gateRevision: 2 },
      { gateDigest: 'x' },
      { cardDigest: 'x' },
    ])
      expect(bindingOf({ ...binding, ...change })).not.toBe(own);
    const required = [
      { role: 'approver', count: 2 },
      { role: 'auditor', count: 1 },
    ];
    const given = [
      { role: 'approver', binding: own },
      { role: 'approver', binding: 'another' },
      { role: 'auditor', binding: own },
    ];
    expect(missingApprovals(required, given, own)).toEqual([{ role: 'approver', needed: 2, given: 1 }]);
    expect(missingApprovals([], [], own)).toEqual([]);
  });
});
