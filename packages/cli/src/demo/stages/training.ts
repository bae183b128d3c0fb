import {
  CreateExperimentDocument,
  RunProgressDocument,
  RunStateDocument,
  StartTrainingRunDocument,
} from '@falaj/client';
import { trainerParameters } from '../flight-features.js';
import { need, type Stage } from '../journey.js';

const figure = (value: unknown): string => (typeof value === 'number' ? value.toFixed(4) : '-');

/** Gradient boosting in a process of its own, followed live; then ONNX parity and a hold-out ordered by time. */
export const training: Stage = {
  title: 'training and evaluation',
  async run(journey) {
    const { client } = need(journey.actors, 'scientist');
    const { createExperiment } = await client.data(CreateExperimentDocument, { input: { name: 'flight delays' } });
    const { startTrainingRun } = await client.data(StartTrainingRunDocument, {
      input: {
        experimentId: need(createExperiment, 'experiment').id,
        name: 'first cut',
        trainingSetId: need(journey.ids, 'trainingSetId'),
        trainer: 'gbdt',
        task: 'BINARY',
        parameters: trainerParameters,
        seed: 7,
        holdoutFraction: 0.3,
        groupBaseline: ['origin', 'destination'],
      },
    });
    const runId = need(startTrainingRun, 'run').id;
    journey.ids.runId = runId;
    for await (const event of client.subscribe(RunProgressDocument, { runId })) {
      const progress = event.data?.runProgress;
      if (event.errors) throw new Error(event.errors[0]?.message);
      const loss = progress?.metrics?.find((metric) => metric.key === 'validationLoss')?.value;
      journey.progress(`step ${progress?.step} of ${progress?.totalSteps}, validation loss ${figure(loss)}`);
    }
    const { run } = await client.data(RunStateDocument, { id: runId });
    if (run?.state !== 'SUCCEEDED') throw new Error(`The run is ${run?.state}: ${run?.error ?? 'no reason given'}`);
    const scores = run.evaluation?.scores ?? {};
    const base = run.evaluation?.baselines?.find((baseline) => baseline.name === 'base rate')?.scores ?? {};
    const group = run.evaluation?.baselines?.find((baseline) => baseline.name?.startsWith('mean by'))?.scores ?? {};
    return (
      `AUC ${figure(scores.auc)} (route mean ${figure(group.auc)}), Brier ${figure(scores.brier)} (base rate ${figure(base.brier)}), ` +
      `log loss ${figure(scores.logLoss)}; ONNX parity ${run.parity?.maxDifference?.toExponential(1)} on ${run.parity?.rows} rows`
    );
  },
};
