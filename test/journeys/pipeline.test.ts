// A pipeline from sources to a live endpoint on a platform of six processes: every first-party stage asks the real
// subgraphs over HTTP, a second person approves, and a second run finds in the cache what cannot have changed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ApprovePipelineStageDocument,
  CreatePipelineDocument,
  createClient,
  type FalajClient,
  GrantRoleDocument,
  PipelineRunProgressDocument,
  PipelineRunStateDocument,
  ResumePipelineRunDocument,
  SaveModelCardDocument,
  StartPipelineRunDocument,
} from '@falaj/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Processes, startSplit } from '../platform-processes.js';
import { clientOf, type Journey, predictionOf, rowsOf } from '../platform-requests.js';
import { continueJourney } from '../platform-template.js';

const directory = mkdtempSync(join(tmpdir(), 'falaj-pipeline-'));
let platform: Processes;
let journey: Journey;
let scientist: FalajClient;
let approver: FalajClient;

const ref = (path: string) => `\${${path}}`;

beforeAll(async () => {
  const started = await continueJourney(directory, startSplit);
  ({ processes: platform, journey } = started);
  const workspace = journey.ids.workspaceId ?? '';
  const administrator = createClient({ url: platform.url, token: started.operator, workspace });
  // Who starts this pipeline also deploys by it; the approval is another person's all the same.
  const principalId = journey.actors.scientist?.principalId ?? '';
  await administrator.data(GrantRoleDocument, { input: { principalId, role: 'approver' } });
  scientist = clientOf(platform, journey);
  approver = clientOf(platform, journey, 'approver');
  const [experiment] = await rowsOf(directory, 'select id from experiments.experiment');
  const trainingSetId = ref('stages.prepare.trainingSetId');
  const runId = ref('stages.train.runId');
  const modelVersionId = ref('stages.register.modelVersionId');
  await scientist.data(CreatePipelineDocument, {
    input: {
      name: 'whole',
      parameters: [{ name: 'seed', type: 'INTEGER', standard: { value: 3 } }],
      stages: [
        {
          name: 'prepare',
          type: 'PREPARE',
          parameters: {
            trainingSet: {
              featureServiceId: journey.ids.featureServiceId,
              labelSourceId: journey.ids.flights,
              eventTime: { column: 'date', format: '%Y/%m/%d %H:%M', timeZone: 'UTC' },
              label: { name: 'late', column: 'delay', condition: { operator: 'GT', number: 15 } },
            },
          },
        },
        {
          name: 'validate',
          type: 'VALIDATE',
          parameters: { trainingSetId, minRows: 20_000, maxRows: 20_000, minLabelRate: 0.1, maxLabelRate: 0.3 },
        },
        {
          name: 'train',
          type: 'TRAIN',
          needs: ['validate'],
          parameters: {
            experimentId: experiment?.id,
            trainingSetId,
            seed: ref('parameters.seed'),
            parameters: { trees: 40 },
          },
        },
        { name: 'evaluate', type: 'EVALUATE', parameters: { runId, minimum: { auc: 0.55 } } },
        { name: 'register', type: 'REGISTER', needs: ['evaluate'], parameters: { modelName: 'nightly', runId } },
        { name: 'gate', type: 'GATE', parameters: { modelVersionId, alias: 'challenger' } },
        { name: 'approve', type: 'APPROVE', needs: ['gate'], parameters: { role: 'approver' } },
        { name: 'deploy', type: 'DEPLOY', needs: ['approve'], parameters: { endpoint: 'nightly', modelVersionId } },
      ],
    },
  });
}, 180_000);

afterAll(async () => {
  await platform?.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function start(idempotencyKey: string): Promise<string> {
  const { startPipelineRun } = await scientist.data(StartPipelineRunDocument, {
    input: { pipeline: 'whole', idempotencyKey },
  });
  return startPipelineRun.run?.id ?? '';
}

/** Follows the run over HTTP to one of these states. */
async function follow(runId: string, ...states: string[]): Promise<string> {
  const end = new AbortController();
  for await (const { data, errors } of scientist.subscribe(PipelineRunProgressDocument, { runId }, end.signal)) {
    expect(errors).toBeUndefined();
    const state = data?.pipelineRunProgress?.state ?? '';
    if (![...states, 'FAILED', 'REFUSED', 'CANCELLED'].includes(state)) continue;
    return state;
  }
  throw new Error('The run was lost from sight.');
}
const stagesOf = async (id: string) => (await scientist.data(PipelineRunStateDocument, { id })).pipelineRun;

it('goes from sources to predictions, by the approval of another person', async () => {
  const id = await start('first');
  // The gates of the registry want a model card: it is written, and the run goes on where it was.
  expect(await follow(id, 'WAITING')).toBe('REFUSED');
  const refused = await stagesOf(id);
  expect(refused?.error).toMatchObject({ code: 'STAGE_REFUSED', stage: 'gate' });
  const registered = refused?.stages?.find(({ name }) => name === 'register')?.outputs;
  await scientist.data(SaveModelCardDocument, {
    input: {
      modelVersionId: String(registered?.modelVersionId),
      intendedUse: 'Ranking departures of the next hours.',
      limitations: 'One winter month.',
      owners: ['Network operations'],
    },
  });
  await scientist.data(ResumePipelineRunDocument, { input: { runId: id } });
  expect([await follow(id, 'WAITING'), (await stagesOf(id))?.error]).toEqual(['WAITING', null]);
  const decision = { runId: id, stage: 'approve', role: 'approver', reason: 'Scores read.' };
  const own = await scientist.request(ApprovePipelineStageDocument, { input: decision });
  expect(own.errors?.[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', details: { rule: 'FOUR_EYES_INDEPENDENT' } });
  await approver.data(ApprovePipelineStageDocument, { input: decision });
  expect(await follow(id, 'SUCCEEDED')).toBe('SUCCEEDED');
  const run = await stagesOf(id);
  expect(run?.stages?.map(({ name, state }) => `${name} ${state}`)).toEqual(
    ['prepare', 'validate', 'train', 'evaluate', 'register', 'gate', 'approve', 'deploy'].map(
      (name) => `${name} SUCCEEDED`,
    ),
  );
  const [validated] = run?.stages?.filter(({ name }) => name === 'validate') ?? [];
  const [label] = await rowsOf(directory, 'select count(*)::int as sets from features.training_set');
  expect(label?.sets).toBe(3);
  expect(validated?.outputs).toMatchObject({ rows: 20_000 });
  expect(Number(validated?.outputs?.labelRate)).toBeCloseTo(0.2, 1);
  expect(await predictionOf(approver, 'nightly')).toHaveLength(2);
});

it('finds in the cache what cannot have changed, and does nothing twice', async () => {
  const before = await rowsOf(directory, 'select count(*)::int as runs from experiments.run');
  const id = await start('second');
  await follow(id, 'WAITING');
  const run = await stagesOf(id);
  expect(run?.stages?.map(({ name, state }) => `${name} ${state}`).slice(0, 6)).toEqual([
    'prepare CACHED',
    'validate CACHED',
    'train CACHED',
    'evaluate CACHED',
    'register SUCCEEDED',
    'gate SUCCEEDED',
  ]);
  expect(await rowsOf(directory, 'select count(*)::int as runs from experiments.run')).toEqual(before);
  expect(
    await rowsOf(directory, "select count(*)::int as versions from models.model_version where model_name = 'nightly'"),
  ).toEqual([{ versions: 1 }]);
});
