import { describe, expect, it } from 'vitest';
import { but, type CheckCases, verdict, without } from './testing-data.js';

describe.each<CheckCases>([
  {
    id: 'MDL-001',
    pass: [
      [
        'names of metrics in other spellings',
        but((s) => {
          s.model.evaluation = [
            { metric: 'Log-Loss', value: 0.4, baseline: 0.5 },
            { metric: 'ROC_AUC', value: 0.7, baseline: 0.5 },
          ];
        }),
      ],
    ],
    fail: [
      [
        'a metric no better than the baseline',
        but((s) => {
          s.model.evaluation = [{ metric: 'auc', value: 0.5, baseline: 0.5 }];
        }),
      ],
      [
        'a loss that is higher',
        but((s) => {
          s.model.evaluation.push({ metric: 'logLoss', value: 0.6, baseline: 0.5 });
        }),
      ],
    ],
    error: [
      [
        'a metric of unknown direction',
        but((s) => {
          s.model.evaluation.push({ metric: 'happiness', value: 1, baseline: 0 });
        }),
      ],
      [
        'a metric named like a member of every object',
        but((s) => {
          s.model.evaluation.push({ metric: 'constructor', value: 1, baseline: 0 });
        }),
      ],
      [
        'not a number',
        but((s) => {
          s.model.evaluation = [{ metric: 'auc', value: Number.NaN, baseline: 0.5 }];
        }),
      ],
    ],
    needs: ['model.evaluation', 'model.evaluation.0.value', 'model.evaluation.0.baseline', 'model.evaluation.1.metric'],
  },
  {
    id: 'SUP-005',
    pass: [
      [
        'the same digest without its prefix',
        but((s) => {
          s.model.digest = 'ab'.repeat(32);
        }),
      ],
    ],
    fail: [
      [
        'another digest',
        but((s) => {
          s.model.digest = `sha256:${'cd'.repeat(32)}`;
        }),
      ],
    ],
    error: [
      [
        'the same text that is no digest',
        but((s) => {
          s.model.digest = s.model.registeredDigest = 'latest';
        }),
      ],
    ],
    needs: ['model', 'model.digest', 'model.registeredDigest'],
  },
  {
    id: 'SUP-006',
    pass: [
      [
        'an environment as text',
        but((s) => {
          s.model.lineage.environment = 'node v24';
        }),
      ],
    ],
    error: [
      [
        'an environment without facts',
        but((s) => {
          s.model.lineage.environment = {};
        }),
      ],
    ],
    needs: [
      'model.lineage',
      'model.lineage.runId',
      'model.lineage.trainingSetDigest',
      'model.lineage.codeRef',
      'model.lineage.environment',
    ],
  },
])('$id', ({ id, pass = [], fail = [], error = [], needs }) => {
  it.each(pass)('passes %s', async (_what, snapshot) => {
    const result = await verdict(id, snapshot);
    expect(result, result.reason).toMatchObject({ status: 'PASS' });
  });
  it.each(fail)('fails %s', async (_what, snapshot) => {
    const result = await verdict(id, snapshot);
    expect(result, result.reason).toMatchObject({ status: 'FAIL' });
    expect(result.reason.length).toBeGreaterThan(20);
  });
  it.each(error)('cannot judge %s', async (_what, snapshot) => {
    const result = await verdict(id, snapshot);
    expect(result, result.reason).toMatchObject({ status: 'ERROR' });
  });
  it.each(needs)('fails without %s and names it', async (path) => {
    const result = await verdict(id, without(path));
    expect(result).toMatchObject({ status: 'FAIL', reason: expect.stringContaining(path) });
    expect(result.evidence).toContainEqual({ name: 'missing', value: path });
  });
});
