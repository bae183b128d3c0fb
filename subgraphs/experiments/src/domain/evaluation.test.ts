import { describe, expect, it } from 'vitest';
import { auc, binaryScores, groupMeans, multiclassScores, regressionScores } from './evaluation.js';

const random = (seed: number) => () => {
  seed = (seed * 1664525 + 1013904223) >>> 0;
  return seed / 2 ** 32;
};

describe('evaluation', () => {
  it('AUC equals the pairwise definition, ties included', () => {
    const next = random(7);
    for (let round = 0; round < 50; round++) {
      const labels = Float32Array.from({ length: 60 }, () => (next() < 0.3 ? 1 : 0));
      const scores = Float64Array.from({ length: 60 }, () => Math.floor(next() * 10) / 10);
      let wins = 0;
      let pairs = 0;
      for (let a = 0; a < 60; a++)
        for (let b = 0; b < 60; b++) {
          if (labels[a] !== 1 || labels[b] !== 0) continue;
          pairs++;
          wins += (scores[a] as number) > (scores[b] as number) ? 1 : scores[a] === scores[b] ? 0.5 : 0;
        }
      if (pairs === 0) expect(auc(labels, scores)).toBeNull();
      else expect(auc(labels, scores)).toBeCloseTo(wins / pairs, 12);
    }
  });

  it('one class has no AUC', () => expect(auc(Float32Array.of(1, 1), [0.2, 0.3])).toBeNull());

  it('Brier and log loss of a constant prediction follow from the base rate', () => {
    const labels = Float32Array.of(1, 0, 0, 0);
    const { brier, logLoss } = binaryScores(labels, [0.25, 0.25, 0.25, 0.25]);
    expect(brier).toBeCloseTo(0.25 * 0.75, 12);
    expect(logLoss).toBeCloseTo(-(0.25 * Math.log(0.25) + 0.75 * Math.log(0.75)), 12);
  });

  it('regression and multiclass scores match hand computation', () => {
    expect(regressionScores(Float32Array.of(1, 2, 3), [1, 2, 5])).toEqual({
      rmse: Math.sqrt(4 / 3),
      mae: 2 / 3,
      r2: 1 - 4 / 2,
    });
    const scores = multiclassScores(Float32Array.of(0, 2), [0.5, 0.25, 0.25, 0.5, 0.25, 0.25], 3);
    expect(scores.accuracy).toBe(0.5);
    expect(scores.logLoss).toBeCloseTo(-(Math.log(0.5) + Math.log(0.25)) / 2, 12);
  });

  it('group means learn from trained rows only; unseen groups get the base rate', () => {
    const { baseRate, predict } = groupMeans(['a', 'a', 'b', 'a', 'c'], Float32Array.of(1, 0, 1, 1, 1), 3);
    expect(baseRate).toBeCloseTo(2 / 3, 12);
    expect([...predict(3)]).toEqual([0.5, 2 / 3]);
  });
});
