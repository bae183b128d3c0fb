// What tests of the whole platform ask of it, by the graph as its users do or of its database directly.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { february, runJourney } from '@falaj/cli/demo';
import {
  CreateExperimentDocument,
  CreateTrainingSetDocument,
  createClient,
  type FalajClient,
  PredictDocument,
  RunStateDocument,
  StartTrainingRunDocument,
} from '@falaj/client';
import { startEmbeddedPostgres } from '@falaj/database';
import pg from 'pg';
import { operatorTokenOf, type Processes } from './platform-processes.js';

export type Journey = Awaited<ReturnType<typeof runJourney>>;
export type Row = Record<string, unknown>;

/** The demo's journey without its month of traffic, or its first stages up to `last`. */
export const journeyOn = async (
  { url, dataDirectory }: Processes,
  last?: NonNullable<Parameters<typeof runJourney>[3]>['last'],
): Promise<Journey> =>
  runJourney(url, await operatorTokenOf(dataDirectory), join(dataDirectory, 'landing'), {
    ...(last ? { last } : {}),
    without: february,
  });

/** An actor of the journey at a platform, which has another address after each start. */
export function clientOf(
  { url }: Processes,
  { actors, ids }: Journey,
  actor: keyof Journey['actors'] = 'scientist',
): FalajClient {
  return createClient({ url, token: actors[actor]?.token ?? '', workspace: ids.workspaceId ?? '' });
}

/** Looks until something is found. */
export async function until<T>(look: () => Promise<T | undefined | false>, withinMs: number, what: string): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`);
    await sleep(100);
  }
}

/** Asks the platform's own database, joining its server for this one statement. */
export const rowsOf = (dataDirectory: string, text: string, values: unknown[] = []): Promise<Row[]> =>
  joined(dataDirectory, async (client) => (await client.query<Row>(text, values)).rows);

/** The same as the role that requests run as, within a workspace and zones: row-level security decides. */
export const rowsWithin = (
  dataDirectory: string,
  { workspaceId, zones }: { readonly workspaceId: string; readonly zones: readonly string[] },
  text: string,
): Promise<Row[]> =>
  joined(dataDirectory, async (client) => {
    await client.query('begin read only');
    await client.query('set local role falaj_app');
    await client.query(`select set_config('falaj.workspace', $1, true), set_config('falaj.zones', $2, true)`, [
      workspaceId,
      zones.join(),
    ]);
    return (await client.query<Row>(text)).rows;
  });

async function joined<T>(dataDirectory: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const server = await startEmbeddedPostgres({ dataDirectory: join(dataDirectory, 'database') });
  const client = new pg.Client({ connectionString: server.url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end();
    await server.stop();
  }
}

/** The journey's training set under another name: the same rows, hence the same digest. */
export async function createTrainingSet(client: FalajClient, { ids }: Journey, name: string) {
  const { createTrainingSet: made } = await client.data(CreateTrainingSetDocument, {
    input: {
      name,
      featureServiceId: ids.featureServiceId ?? '',
      labelSourceId: ids.flights ?? '',
      eventTime: { column: 'date', format: '%Y/%m/%d %H:%M', timeZone: 'UTC' },
      carry: ['origin', 'destination'],
      label: { name: 'late', column: 'delay', condition: { operator: 'GT', number: 15 } },
    },
  });
  return { id: made.trainingSet?.id ?? '', digest: made.trainingSet?.digest ?? '' };
}

/** A run of exactly so many steps, always from the same seed. */
export async function startRun(
  client: FalajClient,
  wanted: { readonly name: string; readonly trainingSetId: string; readonly trees: number },
): Promise<string> {
  const { name, trainingSetId, trees } = wanted;
  const { createExperiment } = await client.data(CreateExperimentDocument, { input: { name } });
  const { startTrainingRun } = await client.data(StartTrainingRunDocument, {
    input: {
      experimentId: createExperiment.experiment?.id ?? '',
      name,
      trainingSetId,
      trainer: 'gbdt',
      task: 'BINARY',
      parameters: { trees, learningRate: 0.01, maxLeaves: 6, minRowsPerLeaf: 100, earlyStoppingRounds: trees },
      seed: 7,
      holdoutFraction: 0.3,
    },
  });
  return startTrainingRun.run?.id ?? '';
}

/** Waits until the run is that far and still runs. */
export const underway = (client: FalajClient, runId: string, step: number): Promise<unknown> =>
  until(
    async () => {
      const { run } = await client.data(RunStateDocument, { id: runId });
      if (run?.state !== 'QUEUED' && run?.state !== 'RUNNING')
        throw new Error(`The run was to be cut at step ${step}; it is ${run?.state} already.`);
      return (run.step ?? 0) >= step && run;
    },
    60_000,
    `the run reaches step ${step}`,
  );

/** Digest of the model of a run, which must succeed. */
export async function modelOf(client: FalajClient, runId: string): Promise<string> {
  const ended = await until(
    async () => {
      const { run } = await client.data(RunStateDocument, { id: runId });
      return run?.state !== 'QUEUED' && run?.state !== 'RUNNING' && run;
    },
    90_000,
    'the run ends',
  );
  if (ended?.state !== 'SUCCEEDED') throw new Error(`The run is ${ended?.state}: ${ended?.error}`);
  return ended.modelDigest ?? '';
}

const flights = [
  { origin: 'LAX', destination: 'PHX' },
  { origin: 'ORD', destination: 'DFW' },
];
const asOf = '2001-03-31T20:00:00Z';

export async function predictionOf(client: FalajClient, endpoint: string): Promise<readonly number[]> {
  const rows = flights.map((flight) => ({ ...flight, event_time: asOf }));
  const { predict } = await client.data(PredictDocument, { input: { endpoint, rows } });
  return predict?.outputs?.[0]?.values ?? [];
}

/** The same rows by the Open Inference Protocol, tensors as JSON or as bytes both ways. */
export async function inferenceOf(
  { url }: Processes,
  { actors, ids }: Journey,
  format: 'JSON' | 'BINARY',
): Promise<readonly number[]> {
  const columns = {
    origin: flights.map(({ origin }) => origin),
    destination: flights.map(({ destination }) => destination),
    event_time: flights.map(() => asOf),
  };
  const tensors = Object.entries(columns).map(([name, data]) => ({ name, data, bytes: bytesOf(data) }));
  const header = JSON.stringify({
    parameters: { binary_data_output: format === 'BINARY' },
    inputs: tensors.map(({ name, data, bytes }) => ({
      name,
      datatype: 'BYTES',
      shape: [data.length],
      ...(format === 'JSON' ? { data } : { parameters: { binary_data_size: bytes.length } }),
    })),
  });
  const response = await fetch(new URL(`/v2/models/${ids.endpointName}/infer`, url), {
    method: 'POST',
    headers: {
      authorization: `Bearer ${actors.approver?.token}`,
      'x-falaj-workspace': ids.workspaceId ?? '',
      ...(format === 'JSON'
        ? { 'content-type': 'application/json' }
        : {
            'content-type': 'application/octet-stream',
            'inference-header-content-length': String(Buffer.byteLength(header)),
          }),
    },
    body: Buffer.concat([Buffer.from(header), ...(format === 'JSON' ? [] : tensors.map(({ bytes }) => bytes))]),
  });
  const body = Buffer.from(await response.arrayBuffer());
  if (!response.ok) throw new Error(`/v2 answered ${response.status}: ${body.toString()}`);
  const split = Number(response.headers.get('inference-header-content-length') ?? body.length);
  const { outputs } = JSON.parse(body.toString('utf8', 0, split)) as { outputs: { data?: number[] }[] };
  if (format === 'JSON') return outputs[0]?.data ?? [];
  // Copied, so that they are aligned.
  return [...new Float32Array(new Uint8Array(body.subarray(split)).buffer)];
}

/** Texts of a BYTES tensor: each its length as a little-endian u32, then its UTF-8. */
const bytesOf = (texts: readonly string[]): Buffer =>
  Buffer.concat(
    texts.flatMap((text) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(Buffer.byteLength(text));
      return [length, Buffer.from(text)];
    }),
  );
