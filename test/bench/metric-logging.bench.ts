/**
 * Metric points logged by users, beside raw COPY of the same rows into a table of the same columns and primary key, in
 * the same database. A batch of ours is 10,000 points in one transaction as the app role: row-level security, the lock on
 * the run, the look for points that are there already, and the latest value of each metric. `through-graph` adds parsing
 * and checking of the GraphQL variables, the caller's policy and the audit record. Raw COPY has none of it, and is written
 * at once from memory.
 *
 * Rounds interleave, every round writes new steps, and the median of the rounds' ratios counts.
 */
import { columnsOf, openExperiments, savePoints } from '@falaj/subgraph-experiments/testing';
import { person } from '@falaj/subgraph-kit/testing/requests';
import pg from 'pg';
import type { Figure } from './figure.js';

const POINTS = 10_000;
const KEYS = 20;
const ROUNDS = 15;
const WARM = 3;

const LOG = `mutation ($input: LogRunBatchInput!) { logRunBatch(input: $input) { points } }`;
const CREATE = `mutation { createRun(input: { experimentId: "e", name: "bench" }) { run { id } } }`;

export async function run(): Promise<Figure[]> {
  const world = await openExperiments();
  const raw = new pg.Client({ connectionString: world.test.url });
  try {
    await raw.connect();
    await raw.query(`create table raw_point (workspace_id text not null, run_id text not null, key text not null,
      step integer not null, value double precision not null, logged_at timestamptz not null, primary key (run_id, key, step))`);
    const scientist = person('data-scientist');
    const ids = await Promise.all([1, 2].map(async () => (await world.ask(scientist, CREATE)).data.createRun.run.id));
    const [stored, asked] = ids as [string, string];
    const scope = { workspaceId: 'w1', zones: ['AE'], principalId: scientist.id };
    const ratios = { store: [] as number[], graph: [] as number[] };
    let rows = 0;
    for (let round = 0; round < WARM + ROUNDS; round++) {
      const series = seriesOf(round);
      const lines = linesOf(stored, series);
      const copy = await seconds(() => copyInto(raw, lines));
      const store = await seconds(async () => {
        const points = columnsOf(series, new Date());
        const saved = await world.test.database.inWorkspace(scope, (tx) =>
          savePoints(tx, { id: stored, workspaceId: 'w1', zone: 'AE' }, points),
        );
        if (saved !== POINTS) throw new Error(`expected ${POINTS} points, saved ${saved}`);
      });
      const graph = await seconds(async () => {
        const answer = await world.ask(scientist, LOG, { input: { runId: asked, metrics: series } });
        if (answer.data?.logRunBatch?.points !== POINTS) throw new Error(answer.message ?? 'not all points were saved');
      });
      if (round < WARM) continue;
      rows = Math.max(rows, POINTS / store);
      ratios.store.push(copy / store);
      ratios.graph.push(copy / graph);
    }
    await assertNothingDoubles(world, scientist, asked);
    return [
      { name: 'metric-logging.to-raw-copy', value: median(ratios.store), unit: 'x', op: '>=', bar: 0.3 },
      { name: 'metric-logging.through-graph-to-raw-copy', value: median(ratios.graph), unit: 'x', op: '>=', bar: 0.15 },
      { name: 'metric-logging.rows-per-second', value: rows, unit: 'rows/s', op: '>=', bar: 10_000 },
    ];
  } finally {
    await raw.end();
    await world.close();
  }
}

interface Series {
  readonly key: string;
  readonly steps: number[];
  readonly values: number[];
  readonly times: Date[];
}

function seriesOf(round: number): Series[] {
  const length = POINTS / KEYS;
  return Array.from({ length: KEYS }, (_, key) => {
    const steps = Array.from({ length }, (_, step) => round * length + step);
    return {
      key: `metric-${key}`,
      steps,
      values: steps.map(() => Math.random()),
      times: steps.map((step) => new Date(1_790_000_000_000 + step * 1000)),
    };
  });
}

const linesOf = (runId: string, series: readonly Series[]): string =>
  series
    .flatMap(({ key, steps, values, times }) =>
      steps.map((step, at) => `w1\t${runId}\t${key}\t${step}\t${values[at]}\t${times[at]?.toISOString()}\n`),
    )
    .join('');

/** COPY FROM STDIN by the driver's own messages. */
function copyInto(client: pg.Client, text: string): Promise<void> {
  const { connection } = client as unknown as { connection: CopyConnection };
  return new Promise((resolve, reject) => {
    const query = {
      submit: (to: { query(text: string): void }) => to.query('copy raw_point from stdin'),
      handleCopyInResponse: () => {
        connection.sendCopyFromChunk(Buffer.from(text));
        connection.endCopyFrom();
      },
      handleCommandComplete: () => {},
      handleReadyForQuery: () => resolve(),
      handleError: (error: Error) => reject(error),
    };
    client.query(query as unknown as pg.Submittable);
  });
}

interface CopyConnection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

async function assertNothingDoubles(
  world: Awaited<ReturnType<typeof openExperiments>>,
  who: ReturnType<typeof person>,
  runId: string,
): Promise<void> {
  const metrics = seriesOf(0);
  await world.ask(who, LOG, { input: { runId, metrics } });
  const again = await world.ask(who, LOG, { input: { runId, metrics } });
  if (again.data?.logRunBatch?.points !== 0) throw new Error('a batch that was sent again was saved again');
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}
