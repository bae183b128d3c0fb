// The whole platform under kill -9: what was acknowledged stays, what was not leaves no half, nothing keeps running.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateEndpointDocument } from '@falaj/client';
import {
  descendantsOf,
  type Processes,
  programsOn,
  startSplit,
  startWhole,
  stillRunning,
} from '../platform-processes.js';
import {
  clientOf,
  createTrainingSet,
  journeyOn,
  modelOf,
  predictionOf,
  type Row,
  rowsOf,
  startRun,
  underway,
  until,
} from '../platform-requests.js';
import { randomFrom } from '../random.js';

type Random = () => number;

/** Where a case works, and what it must not leave running. */
interface Place {
  readonly directory: string;
  readonly random: Random;
  /** Stopped after the case, whatever came of it. */
  keep<P extends Processes>(platform: P): P;
}

function expectThat(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

const expectSame = (found: unknown, expected: unknown, what: string): void =>
  expectThat(
    JSON.stringify(found) === JSON.stringify(expected),
    `${what}: expected ${JSON.stringify(expected)?.slice(0, 300)}, found ${JSON.stringify(found)?.slice(0, 300)}`,
  );

/** Kills, and sees that server, plugins and every other process below are gone within 10 s. */
async function killAndClear(platform: Processes): Promise<void> {
  const below = descendantsOf(platform.pids);
  await platform.kill();
  await until(async () => stillRunning(below).length === 0, 10_000, 'no process of a killed platform runs');
  await until(async () => programsOn(platform.dataDirectory).length === 0, 10_000, 'no server of it runs');
}

const TREES = 1500;

const runRow = async (dataDirectory: string, runId: string): Promise<Row> => {
  const [row] = await rowsOf(dataDirectory, 'select attempt, lease_owner from experiments.run where id = $1', [runId]);
  return row ?? {};
};

const metricsOf = (dataDirectory: string, runId: string): Promise<Row[]> =>
  rowsOf(dataDirectory, 'select key, step, value from experiments.metric_point where run_id = $1 order by key, step', [
    runId,
  ]);

/** Cuts come in the first half, so that one never comes too late. */
const someStep = (random: Random): number => 1 + Math.floor(random() * TREES * 0.5);

const killedInTraining = async ({ directory, random, keep }: Place): Promise<void> => {
  const platform = keep(await startWhole(directory));
  const journey = await journeyOn(platform, 'trainingSet');
  const client = clientOf(platform, journey);
  const run = { trainingSetId: journey.ids.trainingSetId ?? '', trees: TREES };
  const undisturbed = await startRun(client, { ...run, name: 'undisturbed' });
  const digest = await modelOf(client, undisturbed);
  const cut = await startRun(client, { ...run, name: 'cut' });
  await underway(client, cut, someStep(random));
  await killAndClear(platform);
  const next = keep(await startWhole(directory));
  expectSame(await modelOf(clientOf(next, journey), cut), digest, 'the model of a run that was cut');
  expectThat((await runRow(directory, cut)).attempt === 2, 'the run was taken over once');
  const metrics = await metricsOf(directory, cut);
  expectThat(metrics.length >= TREES, `every step has its metrics; found ${metrics.length}`);
  expectSame(metrics, await metricsOf(directory, undisturbed), 'metric points, none twice and none missing');
};

const takenOverByAnother = async ({ directory, random, keep }: Place): Promise<void> => {
  const platform = keep(await startSplit(directory));
  const journey = await journeyOn(platform, 'trainingSet');
  const first = platform.process('experiments');
  const second = await platform.launch('experiments', 'beside');
  const client = clientOf(platform, journey);
  const run = { trainingSetId: journey.ids.trainingSetId ?? '', trees: TREES };
  const runId = await startRun(client, { ...run, name: 'cut' });
  await underway(client, runId, someStep(random));
  const row = await runRow(directory, runId);
  const holds = ({ pid }: { pid: number }, { lease_owner: owner }: Row) => String(owner).startsWith(`${pid}-`);
  const [holder, other] = holds(first, row) ? [first, second] : [second, first];
  expectThat(holds(holder, row), `one of the two holds the run; found ${row.lease_owner}`);
  await holder.kill();
  const taken = await until(
    async () => {
      const now = await runRow(directory, runId);
      return now.attempt === 2 && now;
    },
    60_000,
    'another process takes the run over',
  );
  expectThat(holds(other, taken), `the process that is left holds it; found ${taken.lease_owner}`);
  if (holder === first) await platform.launch('experiments', 'in place');
  const digest = await modelOf(client, runId);
  expectThat((await runRow(directory, runId)).attempt === 2, 'the run was taken over once');
  const undisturbed = await modelOf(client, await startRun(client, { ...run, name: 'undisturbed' }));
  expectSame(digest, undisturbed, 'the model of a run that moved');
};

const twoAtOnce = async ({ directory, keep }: Place): Promise<void> => {
  const [one, other] = await Promise.all([startWhole(directory), startWhole(directory)]);
  for (const platform of [one, other]) keep(platform);
  const journey = await journeyOn(one);
  const answers = await Promise.all(
    [one, other].map((platform) => predictionOf(clientOf(platform, journey, 'approver'), 'flight-delay')),
  );
  expectSame(answers[1], answers[0], 'the same prediction by both');
  await one.stop();
  expectSame(
    await predictionOf(clientOf(other, journey, 'approver'), 'flight-delay'),
    answers[0],
    'one answers on when the other has stopped',
  );
  await other.stop();
  await until(async () => programsOn(directory).length === 0, 10_000, 'the last one takes the server along');
};

const CUTS = 3;

/** Asks, and kills the platform somewhere in the time that the same request took undisturbed; whether it had answered. */
async function cutShort(platform: Processes, request: Promise<unknown>, afterMs: number): Promise<boolean> {
  let answered = false;
  const asked = request.then(
    () => {
      answered = true;
    },
    () => undefined,
  );
  await sleep(afterMs);
  await killAndClear(platform);
  await asked;
  return answered;
}

const killedInTrainingSet = async ({ directory, random, keep }: Place): Promise<void> => {
  let platform = keep(await startWhole(directory));
  const journey = await journeyOn(platform, 'trainingSet');
  const create = async (name: string): Promise<string> => {
    const { id, digest } = await createTrainingSet(clientOf(platform, journey), journey, name);
    expectSame(digest, journey.ids.trainingSetDigest, 'the digest of the same training set');
    return id;
  };
  const modelFrom = async (trainingSetId: string): Promise<string> => {
    const client = clientOf(platform, journey);
    return modelOf(client, await startRun(client, { name: trainingSetId, trainingSetId, trees: 5 }));
  };
  const began = performance.now();
  const undisturbed = await create('undisturbed');
  const took = performance.now() - began;
  const digest = await modelFrom(undisturbed);
  for (let cut = 0; cut < CUTS; cut++) {
    const name = `cut_${cut}`;
    const acknowledged = await cutShort(platform, create(name), random() * took * 1.2);
    platform = keep(await startWhole(directory));
    const found = await rowsOf(directory, 'select id, digest from features.training_set where name = $1', [name]);
    expectThat(found.length <= 1 && (found.length === 1 || !acknowledged), `${name}: acknowledged is kept`);
    await eachIsAudited(directory, 'features.training_set', 'createTrainingSet');
    const id = found.length === 1 ? String(found[0]?.id) : await create(name);
    expectSame(await modelFrom(id), digest, `the model of ${name}`);
  }
};

const killedInDeployment = async ({ directory, random, keep }: Place): Promise<void> => {
  let platform = keep(await startWhole(directory));
  const journey = await journeyOn(platform, 'deployment');
  const create = async (name: string) =>
    clientOf(platform, journey, 'approver').data(CreateEndpointDocument, {
      input: { name, modelVersionId: journey.ids.modelVersionId ?? '', zone: 'AE' },
    });
  const answer = await predictionOf(clientOf(platform, journey, 'approver'), 'flight-delay');
  const began = performance.now();
  await create('undisturbed');
  const took = performance.now() - began;
  for (let cut = 0; cut < CUTS; cut++) {
    const name = `cut-${cut}`;
    const acknowledged = await cutShort(platform, create(name), random() * took * 1.2);
    platform = keep(await startWhole(directory));
    const found = await rowsOf(directory, 'select id from deployments.endpoint where name = $1', [name]);
    expectThat(found.length <= 1 && (found.length === 1 || !acknowledged), `${name}: acknowledged is kept`);
    const headless = await rowsOf(
      directory,
      `select name from deployments.endpoint e where not exists (
         select from deployments.endpoint_revision r where r.endpoint_id = e.id and r.revision = e.revision)`,
    );
    expectSame(headless, [], 'endpoints without their revision');
    await eachIsAudited(directory, 'deployments.endpoint', 'createEndpoint');
    if (found.length === 0) await create(name);
    const ready = await rowsOf(directory, `select name from deployments.endpoint where state = 'READY'`);
    const client = clientOf(platform, journey, 'approver');
    for (const { name: endpoint } of ready)
      expectSame(await predictionOf(client, String(endpoint)), answer, `endpoint ${endpoint} answers`);
  }
};

/** A row and its audit record commit together or not at all. */
async function eachIsAudited(dataDirectory: string, table: string, action: string): Promise<void> {
  const records = await rowsOf(
    dataDirectory,
    `select subject_id from audit.record where action = $1 and outcome = 'SUCCEEDED' order by subject_id`,
    [action],
  );
  const made = await rowsOf(dataDirectory, `select id as subject_id from ${table} order by id`);
  expectSame(records, made, `audit records of ${action}`);
}

const cases: readonly (readonly [string, (place: Place) => Promise<void>])[] = [
  ['kill -9 in a training run: taken over after the restart, same model, no metric twice', killedInTraining],
  ['kill -9 of an experiments process: another one takes the run over', takenOverByAnother],
  ['two platforms started at once on one data directory', twoAtOnce],
  ['kill -9 while a training set is made: whole or not there', killedInTrainingSet],
  ['kill -9 while an endpoint is made: it answers or is not there', killedInDeployment],
];

/** Runs every case once, with the waits that the seed gives. Prints a line per case. */
export async function run(seed: number): Promise<{ passed: number; failed: number }> {
  let failed = 0;
  for (const [place, [name, test]] of cases.entries()) {
    // Its own numbers for each case: one that ends early moves no other's cuts.
    const random = randomFrom(seed + place);
    const base = mkdtempSync(join(tmpdir(), 'falaj-fault-'));
    const started: Processes[] = [];
    const keep: Place['keep'] = (platform) => {
      started.push(platform);
      return platform;
    };
    const began = performance.now();
    let fault: unknown;
    try {
      await test({ directory: join(base, 'data'), random, keep });
    } catch (error) {
      fault = error;
      failed++;
    } finally {
      for (const platform of started) await platform.kill();
    }
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    console.log(`${fault === undefined ? 'ok  ' : 'FAIL'} platform: ${name} (${seconds} s)`);
    if (fault !== undefined) console.log(`     seed ${seed}: ${fault instanceof Error ? fault.stack : String(fault)}`);
    await until(async () => programsOn(base).length === 0, 15_000, 'the case leaves nothing').catch(() => undefined);
    rmSync(base, { recursive: true, force: true });
  }
  return { passed: cases.length - failed, failed };
}
