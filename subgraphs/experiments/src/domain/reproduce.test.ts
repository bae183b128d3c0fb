import { describe, expect, it } from 'vitest';
import { compareMakings, type Making, rebuildInput, verdictOf } from './reproduce.js';

const making = (changes: Partial<Making> = {}): Making => ({
  trainingSetDigest: 'sha256:set',
  modelDigest: 'sha256:model',
  codeReference: 'trainer@1',
  scores: { auc: 0.7000000000000001, logLoss: 0.4 },
  ...changes,
});
const judge = (found: Making, expected = making()) => {
  const comparisons = compareMakings(expected, found);
  return [verdictOf(comparisons), comparisons.filter(({ same }) => !same).map(({ subject }) => subject)];
};

describe('comparing two makings', () => {
  it('asks for the same training set and the same scores to the last bit', () => {
    expect(judge(making())).toEqual(['REPRODUCED', []]);
    expect(judge(making({ trainingSetDigest: 'sha256:other' }))).toEqual(['DIFFERS', ['trainingSetDigest']]);
    expect(judge(making({ scores: { auc: 0.7, logLoss: 0.4 } }))).toEqual(['DIFFERS', ['score:auc']]);
  });
  it('tells another file and newer code, which are no failure', () => {
    expect(judge(making({ modelDigest: 'sha256:x', codeReference: 'trainer@2' }))).toEqual([
      'REPRODUCED',
      ['modelDigest', 'codeReference'],
    ]);
  });
  it('takes nothing that is missing for the same', () => {
    expect(judge(making({ scores: { auc: 0.7000000000000001 } }))[0]).toBe('DIFFERS');
    expect(judge(making({ scores: { ...making().scores, brier: 0.1 } }))[0]).toBe('DIFFERS');
    expect(judge(making({ scores: { auc: null } }), making({ scores: { auc: null } }))[0]).toBe('DIFFERS');
    expect(judge(making({ scores: {} }), making({ scores: {} }))[0]).toBe('DIFFERS');
    expect(judge(making({ trainingSetDigest: null }), making({ trainingSetDigest: null }))[0]).toBe('DIFFERS');
  });
});

describe('asking for a training set again', () => {
  const set = {
    id: 'ts_1',
    name: 'january',
    digest: 'sha256:set',
    labelSource: { id: 'ds_1' },
    featureService: { id: 'fs_1' },
    manifest: {
      spec: {
        source: { path: 'flights.csv' },
        eventTime: { column: 'departure', plus: { column: 'delay', unit: 'MINUTES' }, offsetSeconds: -3600 },
        carry: ['origin'],
        label: { name: 'late', column: 'delay', condition: { operator: 'GT', value: 15 } },
        views: [],
      },
      rows: 3,
    },
  };
  it('says what the manifest says', () => {
    expect(rebuildInput(set, 'rpr_0123456789abcdef')).toEqual({
      name: 'january-again-456789abcdef',
      featureServiceId: 'fs_1',
      labelSourceId: 'ds_1',
      eventTime: { column: 'departure', offsetSeconds: -3600, plusColumn: 'delay', plusUnit: 'MINUTES' },
      carry: ['origin'],
      label: { name: 'late', column: 'delay', condition: { operator: 'GT', number: 15 } },
    });
  });
  it('refuses where the manifest is withheld', () => {
    expect(() => rebuildInput({ ...set, manifest: null }, 'rpr_1')).toThrow(
      expect.objectContaining({
        code: 'FORBIDDEN',
        details: expect.objectContaining({ rule: 'REPRODUCTION_MANIFEST' }),
      }),
    );
  });
});
