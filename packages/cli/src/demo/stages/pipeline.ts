import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ApprovePipelineStageDocument,
  CreateDataSourceDocument,
  CreateExperimentDocument,
  CreatePipelineDocument,
  PipelineRunProgressDocument,
  PipelineRunStateDocument,
  ResumePipelineRunDocument,
  SaveModelCardDocument,
  StartPipelineRunDocument,
} from '@falaj/client';
import { label, scheduledTime } from '../flight-features.js';
import { flightsBetween } from '../flight-replay.js';
import { hire } from '../hire.js';
import { type Journey, need, type Stage } from '../journey.js';

export const MODEL = 'flight-delay-january';
export const ENDPOINT = 'flight-delay-february';

/** Two trainers in one durable pipeline, on what was known by the end of January; a gate blocks, a person approves. */
export const pipeline: Stage = {
  title: 'pipeline with two trainers',
  async run(journey) {
    const bot = await hire(journey, 'release bot', ['data-scientist', 'approver'], 'SERVICE');
    Object.assign(journey.actors, { bot });
    const { createExperiment } = await bot.client.data(CreateExperimentDocument, { input: { name: 'january' } });
    await bot.client.data(CreatePipelineDocument, {
      input: {
        name: 'flight-delay-monthly',
        stages: stages(journey, await januarySource(journey), need(createExperiment, 'experiment').id),
      },
    });
    const { startPipelineRun } = await bot.client.data(StartPipelineRunDocument, {
      input: { pipeline: 'flight-delay-monthly', idempotencyKey: `${journey.label}-january`, parameters: {} },
    });
    const runId = need(startPipelineRun, 'run').id;

    const refused = await follow(journey, runId, 'END');
    if (refused.state !== 'REFUSED') throw new Error(`Without a model card the run is ${refused.state}.`);
    await bot.client.data(SaveModelCardDocument, {
      input: {
        modelVersionId: String(refused.outputs('register-boosted').modelVersionId),
        intendedUse: 'Ranking the departures of the next hours by their chance of delay.',
        limitations: 'Learned from January alone.',
        owners: ['Network operations'],
      },
    });
    await bot.client.data(ResumePipelineRunDocument, { input: { runId } });
    const waiting = await follow(journey, runId, 'QUESTION');
    if (waiting.state !== 'WAITING') throw new Error(`The run should wait for an approval and is ${waiting.state}.`);
    const decision = { runId, stage: 'approve', role: 'approver' };
    const own = await bot.client.request(ApprovePipelineStageDocument, { input: { ...decision, reason: 'mine' } });
    await need(journey.actors, 'approver').client.data(ApprovePipelineStageDocument, {
      input: { ...decision, reason: 'Scores and card read.' },
    });
    const done = await follow(journey, runId, 'END');
    if (done.state !== 'SUCCEEDED') throw new Error(`The run is ${done.state}: ${done.error}`);

    journey.ids.replayEndpointId = String(done.outputs('deploy').endpointId);
    journey.ids.challengerVersionId = String(done.outputs('register-network').modelVersionId);
    const auc = (trainer: string): string =>
      ((done.outputs(`evaluate-${trainer}`).scores as { auc?: number } | undefined)?.auc ?? Number.NaN).toFixed(3);
    return (
      `AUC gbdt ${auc('boosted')}, tfjs ${auc('network')}; blocked by ${refused.error}, resumed with a card, ` +
      `approved by a person (by the bot itself: ${own.errors?.[0]?.extensions.code}), ${ENDPOINT} live`
    );
  },
};

/** What was on file at the end of January: rows of later months are not in it at all. */
async function januarySource(journey: Journey): Promise<string> {
  const folder = join(journey.landing, journey.label);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'flights-january.json'), JSON.stringify(flightsBetween('2001/01/01', '2001/02/01')));
  const { createDataSource } = await need(journey.actors, 'engineer').client.data(CreateDataSourceDocument, {
    input: {
      name: 'flights-january',
      format: 'JSON',
      path: `${journey.label}/flights-january.json`,
      zone: 'AE',
      categories: ['none'],
    },
  });
  return need(createDataSource, 'dataSource').id;
}

const ref = (path: string): string => `\${stages.${path}}`;

function stages(journey: Journey, labelSourceId: string, experimentId: string) {
  const train = (trainer: string, parameters: Record<string, unknown>) => ({
    type: 'TRAIN' as const,
    needs: ['validate'],
    parameters: {
      experimentId,
      trainingSetId: ref('prepare.trainingSetId'),
      trainer,
      parameters,
      seed: 7,
      holdoutFraction: 0.3,
      groupBaseline: ['origin', 'destination'],
    },
  });
  const judgeAndRegister = (name: string) => [
    {
      name: `evaluate-${name}`,
      type: 'EVALUATE' as const,
      parameters: { runId: ref(`train-${name}.runId`), minimum: { auc: 0.5 } },
    },
    {
      name: `register-${name}`,
      type: 'REGISTER' as const,
      needs: [`evaluate-${name}`],
      parameters: { modelName: MODEL, runId: ref(`train-${name}.runId`) },
    },
  ];
  const modelVersionId = ref('register-boosted.modelVersionId');
  return [
    {
      name: 'prepare',
      type: 'PREPARE' as const,
      parameters: {
        trainingSet: {
          featureServiceId: need(journey.ids, 'featureServiceId'),
          labelSourceId,
          eventTime: scheduledTime,
          carry: ['origin', 'destination'],
          label,
        },
      },
    },
    {
      name: 'validate',
      type: 'VALIDATE' as const,
      parameters: {
        trainingSetId: ref('prepare.trainingSetId'),
        minRows: 5_000,
        minLabelRate: 0.05,
        maxLabelRate: 0.5,
      },
    },
    {
      name: 'train-boosted',
      ...train('gbdt', {
        trees: 300,
        learningRate: 0.03,
        maxLeaves: 6,
        minRowsPerLeaf: 100,
        l2: 10,
        columnSample: 0.5,
      }),
    },
    { name: 'train-network', ...train('tfjs', { hiddenUnits: '16', epochs: 12, dropout: 0.2, l2: 0.001 }) },
    ...judgeAndRegister('boosted'),
    ...judgeAndRegister('network'),
    {
      name: 'gate',
      type: 'GATE' as const,
      needs: ['register-network'],
      parameters: { modelVersionId, alias: 'champion' },
    },
    {
      name: 'approve',
      type: 'APPROVE' as const,
      needs: ['gate'],
      parameters: { role: 'approver', question: `Serve version ${ref('register-boosted.version')}?` },
    },
    { name: 'deploy', type: 'DEPLOY' as const, needs: ['approve'], parameters: { endpoint: ENDPOINT, modelVersionId } },
  ];
}

/** Follows the run to its end, or until it has a question to a person. */
async function follow(journey: Journey, runId: string, to: 'END' | 'QUESTION') {
  const { client } = need(journey.actors, 'bot');
  for await (const event of client.subscribe(PipelineRunProgressDocument, { runId })) {
    if (event.errors) throw new Error(event.errors[0]?.message);
    const run = event.data?.pipelineRunProgress;
    const running = run?.stages?.filter(({ state }) => state === 'RUNNING').map(({ name }) => name) ?? [];
    journey.progress(running.join(', '));
    if (run?.state === 'WAITING' ? to === 'QUESTION' : !['QUEUED', 'RUNNING'].includes(run?.state ?? '')) break;
  }
  const { pipelineRun } = await client.data(PipelineRunStateDocument, { id: runId });
  const stage = (name: string) => pipelineRun?.stages?.find((each) => each.name === name);
  return {
    state: pipelineRun?.state,
    error: pipelineRun?.error ? `${pipelineRun.error.stage}` : undefined,
    outputs: (name: string): Record<string, unknown> => stage(name)?.outputs ?? {},
  };
}
