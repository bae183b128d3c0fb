import { z } from 'zod';
import { type Check, defineCheck, listOf } from './check.js';
import * as refer from './references.js';
import { deploymentSnapshot } from './snapshot.js';

const { model } = deploymentSnapshot.shape;
const common = { version: 1, subject: 'deployment', gate: 'BLOCK_DEPLOYMENT' } as const;

const SHA256 = /^(?:sha256:)?([0-9a-f]{64})$/;
const hexOf = (digest: string): string | undefined => SHA256.exec(digest)?.[1];

/** Which way a metric improves, by its name in lower case without punctuation. */
const better: Readonly<Record<string, 'HIGHER' | 'LOWER'>> = {
  auc: 'HIGHER',
  rocauc: 'HIGHER',
  prauc: 'HIGHER',
  accuracy: 'HIGHER',
  balancedaccuracy: 'HIGHER',
  precision: 'HIGHER',
  recall: 'HIGHER',
  f1: 'HIGHER',
  r2: 'HIGHER',
  logloss: 'LOWER',
  brier: 'LOWER',
  mse: 'LOWER',
  rmse: 'LOWER',
  mae: 'LOWER',
  mape: 'LOWER',
};
const directionOf = (metric: string) => {
  const name = metric.toLowerCase().replace(/[^a-z0-9]/g, '');
  return Object.hasOwn(better, name) ? better[name] : undefined;
};

export const modelChecks: readonly Check[] = [
  defineCheck(
    {
      ...common,
      id: 'MDL-001',
      title: 'The version was evaluated and beats its baseline in every recorded metric',
      references: [refer.nistAiRmf('MEASURE 2.3'), refer.iso42001('A.6.2.4'), refer.aiGuidance('model validation')],
    },
    z.object({ model: model.pick({ evaluation: true }) }),
    ({ model: { evaluation } }) => {
      const evidence = Object.fromEntries(
        evaluation.map(({ metric, value, baseline }) => [metric, `${value} (baseline ${baseline})`]),
      );
      const unknown = evaluation.filter(({ metric }) => directionOf(metric) === undefined);
      if (unknown.length > 0)
        return {
          status: 'ERROR',
          reason: `Nobody told which way these metrics improve: ${listOf(unknown.map(({ metric }) => metric))}. Known: ${listOf(Object.keys(better))}.`,
          evidence,
        };
      const beaten = evaluation.filter(({ metric, value, baseline }) =>
        directionOf(metric) === 'HIGHER' ? !(value > baseline) : !(value < baseline),
      );
      return beaten.length === 0
        ? {
            status: 'PASS',
            reason: `Better than the baseline in ${listOf(evaluation.map(({ metric }) => metric))}.`,
            evidence,
          }
        : {
            status: 'FAIL',
            reason: `No better than the baseline in ${listOf(beaten.map(({ metric, value, baseline }) => `${metric} (${value}, baseline ${baseline})`))}: improve the model before it is served.`,
            evidence,
          };
    },
  ),
  defineCheck(
    {
      ...common,
      id: 'SUP-005',
      title: 'The bytes to be served are those of the registry',
      references: [refer.nistAiRmf('MEASURE 2.7'), refer.iso42001('A.6.2.5'), refer.nistCsf('PR.DS-01')],
    },
    z.object({ model: model.pick({ digest: true, registeredDigest: true }) }),
    ({ model: { digest, registeredDigest } }) => {
      const evidence = { digest, registeredDigest };
      const found = hexOf(digest);
      const registered = hexOf(registeredDigest);
      if (found === undefined || registered === undefined)
        return {
          status: 'ERROR',
          reason: 'A digest is not SHA-256 in lower-case hexadecimal, so the two cannot be compared.',
          evidence,
        };
      return found === registered
        ? { status: 'PASS', reason: 'Digest and registry agree.', evidence }
        : {
            status: 'FAIL',
            reason: 'The artifact is not the one that was registered: do not serve it, find out who changed it.',
            evidence,
          };
    },
  ),
  defineCheck(
    {
      ...common,
      id: 'SUP-006',
      title: 'The model can be traced to its run, training set, code and environment',
      references: [refer.slsa('v1.0 provenance'), refer.iso42001('A.7.5'), refer.nistCsf('ID.AM-08')],
    },
    z.object({ model: model.pick({ lineage: true }) }),
    ({ model: { lineage } }) => ({
      status: 'PASS',
      reason: `Run ${lineage.runId}, its training set, code and environment are recorded.`,
      evidence: { runId: lineage.runId, trainingSetDigest: lineage.trainingSetDigest, codeRef: lineage.codeRef },
    }),
  ),
];
