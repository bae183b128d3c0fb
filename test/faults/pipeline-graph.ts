// Pipelines of the real platform under kill -9: through the graph a pipeline validates, trains and evaluates; at random
// moments the process that holds its run is killed. Another process of the experiments subgraph goes on within 20 s at
// the unfinished stage, each training run is there once, and every run that was acknowledged succeeds.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type SplitProcesses, type SubgraphProcess, startSplit } from '../platform-processes.js';
import { type Journey, journeyOn, rowsOf, until } from '../platform-requests.js';
import { randomFrom } from '../random.js';

const KILLS = 6;
const RESUMED_WITHIN_MS = 20_000;

type Ask = (query: string, variables: object) => Promise<Record<string, { id?: string; run?: { id: string } }>>;

/** Asks as the data scientist; again while the subgraph is away, for what is sent twice is done once. */
const askerOn =
  (platform: SplitProcesses, { actors, ids }: Journey): Ask =>
  (query, variables) =>
    until(
      async () => {
        const response = await fetch(new URL('/graphql', platform.url), {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            authorization: `Bearer ${actors.scientist?.token}`,
            'x-falaj-workspace': ids.workspaceId ?? '',
          },
          body: JSON.stringify({ query, variables }),
        });
        const { data, errors = [] } = (await response.json()) as {
          data?: Awaited<ReturnType<Ask>>;
          errors?: { message: string; extensions?: { falaj?: { retryable?: boolean } } }[];
        };
        if (errors.length === 0 && data) return data;
        if (errors.some(({ extensions }) => extensions?.falaj?.retryable)) return undefined;
        throw new Error(JSON.stringify(errors));
      },
      60_000,
      'an answer of the graph',
    );

const CREATE_PIPELINE = `mutation ($input: CreatePipelineInput!) { createPipeline(input: $input) { pipeline { id } } }`;
const CREATE_EXPERIMENT = `mutation ($input: CreateExperimentInput!) { createExperiment(input: $input) { experiment { id } } }`;
const START = `mutation ($input: StartPipelineRunInput!) { startPipelineRun(input: $input) { run { id } } }`;

async function createPipeline(ask: Ask, trainingSetId: string): Promise<void> {
  const made = (await ask(CREATE_EXPERIMENT, { input: { name: 'killed pipelines' } })) as unknown as {
    createExperiment: { experiment: { id: string } };
  };
  const trees = 400;
  await ask(CREATE_PIPELINE, {
    input: {
      name: 'killed',
      concurrency: 2,
      stages: [
        { name: 'validate', type: 'VALIDATE', cache: false, parameters: { trainingSetId, minRows: 10 } },
        {
          name: 'train',
          type: 'TRAIN',
          cache: false,
          needs: ['validate'],
          // It asks the graph, which cannot reach this subgraph until the killed process is replaced.
          retries: 12,
          parameters: {
            experimentId: made.createExperiment.experiment.id,
            trainingSetId,
            parameters: { trees, learningRate: 0.05, maxLeaves: 6, minRowsPerLeaf: 100, earlyStoppingRounds: trees },
          },
        },
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the pipeline's own way to mention an output
        { name: 'evaluate', type: 'EVALUATE', cache: false, parameters: { runId: '${stages.train.runId}' } },
      ],
    },
  });
}

interface Held {
  readonly id: string;
  readonly state: string;
  readonly fence: number;
  readonly pid: number;
}

async function holderOf(directory: string, runId: string): Promise<Held | undefined> {
  const [row] = await rowsOf(
    directory,
    `select id, state, fence, holder from workflows.run where workflow = 'pipeline' and input->>'runId' = $1`,
    [runId],
  );
  return (
    row && {
      id: String(row.id),
      state: String(row.state),
      fence: Number(row.fence),
      pid: Number(String(row.holder).split(':')[1]),
    }
  );
}

export async function run(seed: number): Promise<{ passed: number; failed: number }> {
  const random = randomFrom(seed);
  const directory = mkdtempSync(join(tmpdir(), 'falaj-faults-pipeline-graph-'));
  const platform = await startSplit(directory);
  const faults: string[] = [];
  const acknowledged: string[] = [];
  let resumed = 0;
  let slowest = 0;
  try {
    const journey = await journeyOn(platform, 'trainingSet');
    const ask = askerOn(platform, journey);
    await createPipeline(ask, journey.ids.trainingSetId ?? '');
    let besides: SubgraphProcess = await platform.launch('experiments', 'beside');
    for (let attempt = 0; resumed + faults.length < KILLS && attempt < 10 * KILLS; attempt++) {
      const started = await ask(START, { input: { pipeline: 'killed', idempotencyKey: `kill-${attempt}` } });
      const runId = started.startPipelineRun?.run?.id ?? '';
      acknowledged.push(runId);
      await sleep(random() * 3_000);
      const before = await holderOf(directory, runId);
      const inPlace = platform.process('experiments');
      const victim = [inPlace, besides].find(({ pid }) => pid === before?.pid);
      if (!before || !victim || before.state !== 'RUNNING') continue;
      await victim.kill();
      const killedAt = performance.now();
      const after = await holderOf(directory, runId);
      const replacement = platform.launch('experiments', victim === inPlace ? 'in place' : 'beside');
      if (after?.state === 'RUNNING' && after.fence === before.fence) {
        const taken = await until(
          async () => ((await holderOf(directory, runId))?.fence ?? 0) > before.fence,
          RESUMED_WITHIN_MS,
          'resumed',
        ).catch(() => false);
        if (taken) resumed++;
        else faults.push(`${runId} was not taken up again within ${RESUMED_WITHIN_MS} ms`);
        slowest = Math.max(slowest, performance.now() - killedAt);
      }
      const fresh = await replacement;
      if (victim !== inPlace) besides = fresh;
    }
    faults.push(...(await judge(directory, acknowledged)));
    if (resumed < KILLS) faults.push(`only ${resumed} of ${KILLS} kills interrupted a run and saw it resumed`);
  } finally {
    await platform.kill();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  }
  for (const fault of faults) console.log(`     seed ${seed}: ${fault}`);
  console.log(
    `${faults.length === 0 ? 'ok  ' : 'FAIL'} pipeline-graph: ${KILLS} killed, ${resumed} resumed (slowest ${(slowest / 1000).toFixed(1)} s), ` +
      `${acknowledged.length} pipeline runs acknowledged`,
  );
  return { passed: resumed, failed: faults.length };
}

/** Every acknowledged run succeeded with each stage done, one training run and one notice of its end each. */
async function judge(directory: string, acknowledged: readonly string[]): Promise<string[]> {
  const faults: string[] = [];
  for (const id of acknowledged) {
    const ended = await until(
      async () => {
        const [row] = await rowsOf(directory, 'select state, error from experiments.pipeline_run where id = $1', [id]);
        return row && !['QUEUED', 'RUNNING', 'WAITING'].includes(String(row.state)) && row;
      },
      90_000,
      `${id} ends`,
    ).catch((error: Error) => ({ state: error.message, error: null }));
    if (ended.state !== 'SUCCEEDED') faults.push(`${id} is ${ended.state}: ${JSON.stringify(ended.error)}`);
    const [facts] = await rowsOf(
      directory,
      `select (select count(*)::int from experiments.pipeline_stage where run_id = $1 and state = 'SUCCEEDED') as stages,
         (select count(*)::int from falaj.outbox where key = $1 and topic = 'experiments.pipeline-run-ended') as notices,
         (select count(*)::int from workflows.step where run_id = $1 and state <> 'SUCCEEDED') as unfinished`,
      [id],
    );
    if (facts?.stages !== 3 || facts.notices !== 1 || facts.unfinished !== 0)
      faults.push(`${id}: 3 stages, 1 notice and nothing unfinished were due; found ${JSON.stringify(facts)}`);
  }
  const [trained] = await rowsOf(directory, 'select count(*)::int as runs from experiments.run');
  if (trained?.runs !== acknowledged.length)
    faults.push(`${acknowledged.length} training runs were due, one a pipeline run; found ${trained?.runs}`);
  return faults;
}
