/**
 * The gbdt trainer beside scikit-learn's HistGradientBoostingClassifier: same data, same rounds, leaves and bins, one
 * thread each, fits interleaved, CPU time of each process. The peer's interpreter is FALAJ_BENCH_PYTHON, else `python3`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Matrix, PluginHost, TrainerCall } from '@falaj/contracts';
import gbdt from '@falaj/plugin-trainer-gbdt';
import type { Figure } from './figure.js';

const SEEDS = [7, 11, 13, 17, 19];
const REPETITIONS = 3;
const ROWS = 20_000;
const TEST_ROWS = 20_000;
const COLUMNS = 20;
const SETTINGS = { trees: 100, leaves: 31, rate: 0.1, l2: 1 };
const NAMES = Array.from({ length: COLUMNS }, (_, column) => `x${column}`);

interface Rows {
  readonly features: Matrix;
  readonly labels: Float32Array;
}

interface Outcome {
  readonly cpuSeconds: number;
  readonly auc: number;
}

export async function run(): Promise<Figure[]> {
  const peer = await startPeer();
  if (!peer) {
    console.log(
      'trainer: the peer is missing: no Python with scikit-learn (set FALAJ_BENCH_PYTHON to one). Without it there is no ratio and no figure.',
    );
    return [];
  }
  const folder = await mkdtemp(join(tmpdir(), 'falaj-bench-trainer-'));
  try {
    console.log(
      `trainer: peer is scikit-learn ${peer.version}, ${SEEDS.length} seeds, ${REPETITIONS} interleaved fits each`,
    );
    const ratios: number[] = [];
    const differences: number[] = [];
    await fitOurs(syntheticRows(1, 2_000), syntheticRows(2, 2_000)); // the JIT's warm-up; the peer is compiled already
    for (const seed of SEEDS) {
      const train = syntheticRows(seed, ROWS);
      const test = syntheticRows(seed + 1_000, TEST_ROWS);
      const paths = { train: join(folder, 'train'), test: join(folder, 'test') };
      await writeRows(paths.train, train);
      await writeRows(paths.test, test);
      const ours: Outcome[] = [];
      const theirs: Outcome[] = [];
      for (let repetition = 0; repetition < REPETITIONS; repetition++) {
        ours.push(await fitOurs(train, test));
        theirs.push(await peer.fit({ ...paths, rows: ROWS, testRows: TEST_ROWS, columns: COLUMNS, ...SETTINGS }));
      }
      const [our, their] = [medianCpu(ours), medianCpu(theirs)];
      const [ourAuc, theirAuc] = [ours[0]?.auc ?? Number.NaN, theirs[0]?.auc ?? Number.NaN];
      console.log(
        `trainer: seed ${seed}: cpu ${our.toFixed(3)} s, peer ${their.toFixed(3)} s; AUC ${ourAuc.toFixed(4)}, peer ${theirAuc.toFixed(4)}`,
      );
      ratios.push(our / their);
      differences.push(ourAuc - theirAuc);
    }
    const meanDifference = differences.reduce((sum, value) => sum + value, 0) / differences.length;
    return [
      { name: 'trainer.cpu-vs-sklearn', value: median(ratios), unit: 'x', op: '<=', bar: 2 },
      { name: 'trainer.auc-difference', value: Math.abs(meanDifference), unit: 'AUC', op: '<=', bar: 0.005 },
    ];
  } finally {
    await peer.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function fitOurs(train: Rows, test: Rows): Promise<Outcome> {
  const trainer = await gbdt.open({}, {} as PluginHost);
  const request = {
    task: 'binary' as const,
    ...train,
    parameters: { trees: SETTINGS.trees, maxLeaves: SETTINGS.leaves, learningRate: SETTINGS.rate, l2: SETTINGS.l2 },
    seed: 1,
  };
  const call = { signal: new AbortController().signal, report() {} } as unknown as TrainerCall;
  const before = process.cpuUsage();
  await trainer.train(request, call);
  const { user, system } = process.cpuUsage(before);
  // Scoring is not part of the fit, for the peer neither; training is deterministic, so the model is the same.
  const { holdoutPredictions } = await trainer.train({ ...request, holdout: test.features }, call);
  await trainer.close();
  return {
    cpuSeconds: (user + system) / 1e6,
    auc: areaUnderCurve(holdoutPredictions ?? new Float64Array(), test.labels),
  };
}

/** Thresholds, a product, a wave and noise over uniform columns, half of which mean nothing. */
function syntheticRows(seed: number, rows: number): Rows {
  const random = generator(seed);
  const values = new Float32Array(rows * COLUMNS);
  const labels = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < COLUMNS; column++) values[row * COLUMNS + column] = random() * 4 - 2;
    const x = (column: number) => values[row * COLUMNS + column] as number;
    const score =
      2 * x(0) * x(1) +
      3 * Math.sin(2 * x(2)) +
      (x(3) > 0.5 ? 2 : -1) +
      (x(4) > 0 && x(5) < 0.3 ? 2.5 : 0) +
      x(6) ** 2 -
      1.3 +
      0.7 * x(7) +
      (Math.abs(x(8)) < 0.8 ? 1 : -1) * x(9);
    labels[row] = random() < 1 / (1 + Math.exp(-1.5 * score)) ? 1 : 0;
  }
  return { features: { rows, columns: NAMES, values }, labels };
}

function generator(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** By ranks; ties share theirs. */
function areaUnderCurve(predictions: Float64Array, labels: Float32Array): number {
  const order = Array.from(predictions.keys()).sort((a, b) => (predictions[a] as number) - (predictions[b] as number));
  let rankSum = 0;
  let positive = 0;
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && predictions[order[to] as number] === predictions[order[from] as number]) to++;
    for (const row of order.slice(from, to)) {
      if (labels[row] !== 1) continue;
      positive++;
      rankSum += (from + to + 1) / 2;
    }
    from = to;
  }
  return (rankSum - (positive * (positive + 1)) / 2) / (positive * (labels.length - positive));
}

interface Peer {
  readonly version: string;
  fit(job: Readonly<Record<string, unknown>>): Promise<Outcome>;
  stop(): Promise<void>;
}

/** Starts the Python peer; undefined when there is no interpreter or no scikit-learn. */
async function startPeer(): Promise<Peer | undefined> {
  // The bench runs from dist; the script stays beside its source.
  const script = fileURLToPath(new URL('../../bench/trainer-sklearn.py', import.meta.url));
  const python = process.env.FALAJ_BENCH_PYTHON ?? 'python3';
  const child = spawn(python, [script], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, OMP_NUM_THREADS: '1' },
  });
  const gone = exited(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.done) return undefined;
  return {
    version: (JSON.parse(first.value) as { version: string }).version,
    async fit(job) {
      child.stdin.write(`${JSON.stringify(job)}\n`);
      const answer = await lines.next();
      if (answer.done)
        throw new Error('The scikit-learn peer ended in the middle of the bench; run its script by hand to see why.');
      return JSON.parse(answer.value) as Outcome;
    },
    async stop() {
      child.stdin.end();
      await gone;
    },
  };
}

/** Resolves when the process has ended or could not be started. */
function exited(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });
}

async function writeRows(path: string, { features, labels }: Rows): Promise<void> {
  await writeFile(path, Buffer.concat([bytesOf(features.values), bytesOf(labels)]));
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function medianCpu(outcomes: readonly Outcome[]): number {
  return median(outcomes.map(({ cpuSeconds }) => cpuSeconds));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}
