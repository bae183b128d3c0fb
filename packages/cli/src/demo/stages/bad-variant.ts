import {
  CreateModelVersionDocument,
  CreateTrainingSetDocument,
  RolloutStateDocument,
  StageRevisionDocument,
  StartRolloutDocument,
} from '@falaj/client';
import { label, scheduledTime } from '../flight-features.js';
import { type Flight, flightsBetween, predictEach, replayDays } from '../flight-replay.js';
import { type Journey, need, type Stage } from '../journey.js';
import { trainedRun } from '../training-run.js';
import { ENDPOINT, MODEL } from './pipeline.js';

const LOOK_MS = 250;

/** A planted fault: a version that learned "on time" as its label goes out as a canary, and is taken back by itself. */
export const badVariant: Stage = {
  title: 'planted bad variant',
  async run(journey) {
    const approver = need(journey.actors, 'approver').client;
    const endpointId = need(journey.ids, 'replayEndpointId');
    const { stageRevision } = await approver.data(StageRevisionDocument, {
      input: { endpointId, modelVersionId: await wrongVersion(journey) },
    });
    const { startRollout } = await approver.data(StartRolloutDocument, {
      input: {
        endpointId,
        candidateRevision: stageRevision.revision,
        steps: [
          { weight: 1_000, minimumSeconds: 2, minimumSamples: 50 },
          { weight: 5_000, minimumSeconds: 2, minimumSamples: 200 },
        ],
        guardrails: [
          { metric: 'ERROR_RATE', limit: 0.01 },
          { metric: 'SCORE_SHIFT', limit: 0.2 },
        ],
      },
    });
    const rolloutId = need(startRollout, 'rollout').id;
    const state = async () => (await approver.data(RolloutStateDocument, { id: rolloutId })).rollout;
    let asked = 0;
    let now = await state();
    await replayDays(journey, flightsBetween('2001/03/01', '2001/03/08'), async (flights: readonly Flight[]) => {
      await predictEach(journey, ENDPOINT, flights);
      asked += flights.length;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      now = await state();
      return now?.state === 'RUNNING' ? 'ON' : 'DONE';
    });
    if (now?.state !== 'ROLLED_BACK') throw new Error(`The planted variant is ${now?.state}: ${now?.reason}`);
    const broken = now.evidence?.at(-1)?.findings?.find(({ status }) => status === 'BROKEN');
    return (
      `rolled back by itself after ${asked} requests at step ${(now.step ?? 0) + 1}: ${broken?.metric} ` +
      `${broken?.found?.toFixed(2)} (surely above ${broken?.atLeast?.toFixed(2)}, limit ${broken?.limit})`
    );
  },
};

/** Trained and registered like any other: nothing but its answers tells that it is wrong. */
async function wrongVersion(journey: Journey): Promise<string> {
  const scientist = need(journey.actors, 'scientist').client;
  const { createTrainingSet } = await scientist.data(CreateTrainingSetDocument, {
    input: {
      name: 'flights_on_time',
      featureServiceId: need(journey.ids, 'featureServiceId'),
      labelSourceId: need(journey.ids, 'flights'),
      eventTime: scheduledTime,
      label: { ...label, condition: { operator: 'LTE', number: 15 } },
    },
  });
  const { id: runId } = await trainedRun(journey, {
    experimentId: need(journey.ids, 'experimentId'),
    name: 'the label turned round',
    trainingSetId: need(createTrainingSet, 'trainingSet').id,
    trainer: 'gbdt',
    task: 'BINARY',
    parameters: { trees: 60 },
    seed: 7,
  });
  const { createModelVersion } = await scientist.data(CreateModelVersionDocument, {
    input: { modelName: MODEL, runId },
  });
  return need(createModelVersion, 'modelVersion').id;
}
