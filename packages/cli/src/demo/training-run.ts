import {
  RunProgressDocument,
  RunStateDocument,
  StartTrainingRunDocument,
  type StartTrainingRunInput,
} from '@falaj/client';
import { figure } from './figure.js';
import { type Journey, need } from './journey.js';

/** Starts a training run of the scientist and follows it, live, to its end. */
export async function trainedRun(journey: Journey, input: StartTrainingRunInput) {
  const { client } = need(journey.actors, 'scientist');
  const { startTrainingRun } = await client.data(StartTrainingRunDocument, { input });
  const runId = need(startTrainingRun, 'run').id;
  for await (const event of client.subscribe(RunProgressDocument, { runId })) {
    const progress = event.data?.runProgress;
    if (event.errors) throw new Error(event.errors[0]?.message);
    const loss = progress?.metrics?.find((metric) => metric.key === 'validationLoss')?.value;
    journey.progress(`step ${progress?.step} of ${progress?.totalSteps}, validation loss ${figure(loss)}`);
  }
  const { run } = await client.data(RunStateDocument, { id: runId });
  if (run?.state !== 'SUCCEEDED') throw new Error(`The run is ${run?.state}: ${run?.error ?? 'no reason given'}`);
  return run;
}
