// What known time is for, on real flights: delays become known when the flight has left and its report is in. Features that
// wait for that give a modest, honest model. The same features without it see the answer, and the scores give it away.
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type {
  FeatureSpec,
  FeatureViewSpec,
  KeyExpression,
  Matrix,
  OfflineStoreV1,
  PluginHost,
  RequestFeature,
  TimeExpression,
  TrainerV1,
} from '@falaj/contracts';
import offlineStore from '@falaj/plugin-offline-store-duckdb';
import gbdt from '@falaj/plugin-trainer-gbdt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  featureViews,
  label,
  requestFeatures,
  scheduledTime,
  serviceKeys,
  trainerParameters,
} from '../../packages/cli/src/demo/flight-features.js';

const SEEDS = [7, 11, 13];
const source = { format: 'JSON', path: 'flights-20k.json' } as const;
const call = {
  signal: new AbortController().signal,
  log: { debug() {}, info() {}, warn() {}, error() {} },
  principal: 'tester',
  workspace: 'workspace',
  zone: 'AE',
  traceparent: '',
  idempotencyKey: '',
  report() {},
};

let folder: string;
let store: OfflineStoreV1;
let trainer: TrainerV1;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'falaj-known-time-'));
  // The package exports only its code: the data lies beside the folder of that.
  const sample = join(dirname(createRequire(import.meta.url).resolve('vega-datasets')), '..');
  await mkdir(join(folder, 'landing'));
  await cp(join(sample, 'data', source.path), join(folder, 'landing', source.path));
  const host: PluginHost = {
    clock: Date.now,
    log: call.log,
    directory: join(folder, 'plugins', 'duckdb'),
    secret: (name) => {
      throw new Error(`no secret ${name}`);
    },
  };
  store = await offlineStore.open({ folders: [join(folder, 'landing')] }, host);
  trainer = await gbdt.open({}, host);
});

afterAll(async () => {
  await trainer?.close();
  await store?.close();
  await rm(folder, { recursive: true, force: true });
});

test('features that wait until delays are known give an honest model, better than its baselines', async () => {
  const set = await trainingSet('as defined');
  // The bars leave room for another machine's arithmetic: measured 0.674 to 0.678 over five seeds.
  for (const seed of SEEDS) {
    const { scores, baselines } = await evaluate(set, seed);
    expect(scores.auc).toBeGreaterThanOrEqual(0.65);
    expect(scores.auc).toBeLessThan(0.75);
    expect(scores.brier).toBeLessThan(baselines.base.brier);
    expect(scores.logLoss).toBeLessThan(baselines.base.logLoss);
    expect(scores.auc).toBeGreaterThan(baselines.hour.auc);
    expect(scores.auc).toBeGreaterThan(baselines.route.auc);
  }
});

test('the same features without known time see the answer: scores that no honest model reaches', async () => {
  const { scores } = await evaluate(await trainingSet('event time only'), SEEDS[0] as number);
  expect(scores.auc).toBeGreaterThanOrEqual(0.8);
});

interface TrainingSet {
  readonly features: Matrix;
  readonly labels: Float32Array;
  readonly routes: readonly (string | null)[];
  readonly hours: readonly number[];
}

async function trainingSet(known: 'as defined' | 'event time only'): Promise<TrainingSet> {
  const views = featureViews.map((view) => {
    const spec: FeatureViewSpec = {
      name: view.name,
      version: 1,
      source,
      keys: (view.keys as readonly KeyInput[]).map(keyOf),
      eventTime: timeOf(view.eventTime),
      ...(view.knownTime && known === 'as defined' ? { knownTime: timeOf(view.knownTime) } : {}),
      ttlSeconds: view.ttlSeconds ?? null,
      features: (view.features as readonly FeatureInput[]).map(featureOf),
    };
    return {
      spec,
      keys: (serviceKeys[view.name] as readonly KeyInput[]).map(keyOf),
      features: spec.features.map(({ name }) => ({ feature: name, column: `${view.name}_${name}` })),
    };
  });
  const { condition } = label;
  const built = await store.buildTrainingSet(
    {
      spec: {
        source,
        eventTime: timeOf(scheduledTime),
        carry: ['origin', 'destination'],
        label: {
          name: label.name,
          column: label.column,
          ...(condition ? { condition: { operator: condition.operator, value: condition.number ?? 0 } } : {}),
        },
        views,
        requestFeatures: requestFeatures as readonly RequestFeature[],
      },
    },
    call,
  );
  expect(built.rows).toBe(20_000);
  const names = built.columns.filter(({ role }) => role === 'FEATURE').map(({ name }) => name);
  const read = await store.readTrainingSet(
    { data: built.data, columns: [...names, label.name, 'origin', 'destination'] },
    call,
  );
  const column = (name: string): readonly (number | string | null)[] =>
    Array.from((read.columns.find((each) => each.name === name)?.values ?? []) as ArrayLike<number | string | null>);
  const values = new Float32Array(read.rows * names.length);
  names.forEach((name, place) => {
    for (const [row, value] of column(name).entries()) values[row * names.length + place] = Number(value);
  });
  const destinations = column('destination');
  return {
    features: { rows: read.rows, columns: names, values },
    labels: Float32Array.from(column(label.name).map(Number)),
    routes: column('origin').map((origin, row) => `${origin}-${destinations[row]}`),
    hours: column('hour').map((hour) => Math.floor(Number(hour))),
  };
}

/** Learns from the first 70 % by time (of them the last 15 % to stop early) and scores the last 30 %. */
async function evaluate({ features, labels, routes, hours }: TrainingSet, seed: number) {
  const width = features.columns.length;
  const trained = Math.floor(features.rows * 0.7);
  const fitted = Math.floor(trained * 0.85);
  const slice = (from: number, to: number): Matrix => ({
    rows: to - from,
    columns: features.columns,
    values: features.values.slice(from * width, to * width),
  });
  const result = await trainer.train(
    {
      task: 'binary',
      features: slice(0, fitted),
      labels: labels.slice(0, fitted),
      validation: { features: slice(fitted, trained), labels: labels.slice(fitted, trained) },
      holdout: slice(trained, features.rows),
      parameters: trainerParameters,
      seed,
    },
    call,
  );
  const truth = labels.slice(trained);
  const base = mean(labels.slice(0, trained));
  const byGroup = (groups: readonly unknown[]) => {
    const sums = new Map<unknown, { sum: number; count: number }>();
    groups.slice(0, trained).forEach((group, row) => {
      const found = sums.get(group) ?? { sum: 0, count: 0 };
      sums.set(group, { sum: found.sum + (labels[row] as number), count: found.count + 1 });
    });
    return groups.slice(trained).map((group) => {
      const found = sums.get(group);
      return found ? found.sum / found.count : base;
    });
  };
  const baselines = {
    base: score(
      truth,
      Array.from(truth, () => base),
    ),
    hour: score(truth, byGroup(hours)),
    route: score(truth, byGroup(routes)),
  };
  return { scores: score(truth, Array.from(result.holdoutPredictions ?? [])), baselines, bestStep: result.bestStep };
}

const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

function score(truth: Float32Array, predictions: readonly number[]) {
  expect(predictions).toHaveLength(truth.length);
  const squares = predictions.map((prediction, row) => (prediction - (truth[row] as number)) ** 2);
  const losses = predictions.map((prediction, row) => {
    const clipped = Math.min(Math.max(prediction, 1e-6), 1 - 1e-6);
    return -Math.log(truth[row] === 1 ? clipped : 1 - clipped);
  });
  return { auc: aucOf(truth, predictions), brier: mean(squares), logLoss: mean(losses) };
}

/** The chance that a random positive is above a random negative, ties a half: by mean ranks. */
function aucOf(truth: Float32Array, predictions: readonly number[]): number {
  const order = predictions
    .map((_, row) => row)
    .sort((one, other) => (predictions[one] as number) - (predictions[other] as number));
  let rankSum = 0;
  let positives = 0;
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && predictions[order[to] as number] === predictions[order[from] as number]) to += 1;
    for (let at = from; at < to; at++) {
      if (truth[order[at] as number] !== 1) continue;
      positives += 1;
      rankSum += (from + 1 + to) / 2;
    }
    from = to;
  }
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * (truth.length - positives));
}

// The graph's inputs, as the contract says the same: absent for null, one value for one of three.
type TimeInput = typeof scheduledTime;
interface KeyInput {
  readonly name: string;
  readonly column?: string | null;
  readonly constant?: string | null;
}
interface FeatureInput {
  readonly name: string;
  readonly aggregate?: 'COUNT' | 'SUM' | 'MEAN' | 'SHARE' | null;
  readonly column?: string | null;
  readonly condition?: { readonly column: string; readonly operator: string; readonly number?: number | null } | null;
  readonly windowSeconds?: number | null;
}

const keyOf = ({ name, column, constant }: KeyInput): KeyExpression =>
  column == null ? { name, constant: constant ?? '' } : { name, column };

const timeOf = (time: TimeInput): TimeExpression => ({
  column: time.column,
  ...(time.format ? { format: time.format } : {}),
  ...(time.timeZone ? { timeZone: time.timeZone } : {}),
  ...(time.plusColumn ? { plus: { column: time.plusColumn, unit: time.plusUnit ?? 'SECONDS' } } : {}),
  ...(time.offsetSeconds ? { offsetSeconds: time.offsetSeconds } : {}),
});

function featureOf({ name, aggregate, column, condition, windowSeconds }: FeatureInput): FeatureSpec {
  if (!aggregate || !windowSeconds) throw new Error(`Feature "${name}" of the sample is no window.`);
  return {
    name,
    kind: 'WINDOW',
    aggregate,
    windowSeconds,
    ...(column ? { column } : {}),
    ...(condition
      ? { condition: { column: condition.column, operator: condition.operator as 'GT', value: condition.number ?? 0 } }
      : {}),
  };
}
