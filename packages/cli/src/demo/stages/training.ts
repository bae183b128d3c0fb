import { CreateExperimentDocument } from '@falaj/client';
import { figure } from '../figure.js';
import { trainerParameters } from '../flight-features.js';
import { need, type Stage } from '../journey.js';
import { trainedRun } from '../training-run.js';

/** Gradient boosting in a process of its own, followed live; then ONNX parity and a hold-out ordered by time. */
export const training: Stage = {
  title: 'training and evaluation',
  async run(journey) {
    const { client } = need(journey.actors, 'scientist');
    const { createExperiment } = await client.data(CreateExperimentDocument, { input: { name: 'flight delays' } });
    journey.ids.experimentId = need(createExperiment, 'experiment').id;
    const run = await trainedRun(journey, {
      experimentId: journey.ids.experimentId,
      name: 'first cut',
      trainingSetId: need(journey.ids, 'trainingSetId'),
      trainer: 'gbdt',
      task: 'BINARY',
      parameters: trainerParameters,
      seed: 7,
      holdoutFraction: 0.3,
      groupBaseline: ['origin', 'destination'],
    });
    journey.ids.runId = run.id;
    const scores = run.evaluation?.scores ?? {};
    const base = run.evaluation?.baselines?.find((baseline) => baseline.name === 'base rate')?.scores ?? {};
    const group = run.evaluation?.baselines?.find((baseline) => baseline.name?.startsWith('mean by'))?.scores ?? {};
    return (
      `AUC ${figure(scores.auc)} (route mean ${figure(group.auc)}), Brier ${figure(scores.brier)} (base rate ${figure(base.brier)}), ` +
      `log loss ${figure(scores.logLoss)}; ONNX parity ${run.parity?.maxDifference?.toExponential(1)} on ${run.parity?.rows} rows`
    );
  },
};
