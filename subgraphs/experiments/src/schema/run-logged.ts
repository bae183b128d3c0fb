// What was logged with a run, as fields of it: one statement for all runs of a page.
import { PlatformError } from '@falaj/runtime';
import { Attribute, type SubgraphContext } from '@falaj/subgraph-kit';
import { Arg, Ctx, Int, Resolver, Root } from 'type-graphql';
import type { RunRow } from '../store/governed.js';
import {
  artifactsOf,
  inputsOf,
  type LoggedArtifact,
  type LoggedMetric,
  latestMetrics,
  type MetricPoint,
  metricBuckets,
  metricHistory,
  parametersOf,
  tagsOf,
} from '../store/metrics.js';
import type { ExperimentsContext } from './context.js';
import { MetricBucket, RunArtifact, RunInput, RunParameter, RunTag } from './run-log-types.js';
import { Metric, Run } from './run-types.js';

const MAX_KEYS = 500;
const KEYS = { nullable: true, description: 'Only these, up to 500; default all.' } as const;

export const shownMetric = ({ key, step, value, loggedAt }: MetricPoint | LoggedMetric): Metric => ({
  key,
  step,
  value: Number.isFinite(value) ? value : null,
  text: String(value),
  loggedAt: new Date(loggedAt),
});

export const shownArtifact = ({ path, digest, bytes, contentType, loggedAt }: LoggedArtifact): RunArtifact => ({
  path,
  digest,
  bytes,
  contentType,
  loggedAt: new Date(loggedAt),
});

type Logged<T> = (
  context: SubgraphContext,
  runIds: readonly string[],
  keys: readonly string[] | null,
) => Promise<readonly T[]>;

/** One statement for all runs that ask for the same keys in this request. */
export function loadLogged<T>(
  context: ExperimentsContext,
  name: string,
  runId: string,
  keys: readonly string[] | null | undefined,
  read: Logged<T>,
): Promise<T> {
  if (keys && keys.length > MAX_KEYS)
    throw new PlatformError('BAD_USER_INPUT', `keys: found ${keys.length}, expected at most ${MAX_KEYS}.`);
  return context.load(`Run.${name}:${JSON.stringify(keys ?? null)}`, runId, (ids) => read(context, ids, keys ?? null));
}

@Resolver(() => Run)
export class RunLoggedResolver {
  @Attribute(() => [Metric], 'sensitive', 'Latest value of each metric, by name.')
  async metrics(
    @Root() row: RunRow,
    @Ctx() context: ExperimentsContext,
    @Arg('keys', () => [String], KEYS) keys?: string[],
  ): Promise<Metric[]> {
    return (await loadLogged(context, 'metrics', row.id, keys, latestMetrics)).map(shownMetric);
  }

  @Attribute(() => [RunParameter], 'internal', 'Parameters, by name.')
  params(
    @Root() row: RunRow,
    @Ctx() context: ExperimentsContext,
    @Arg('keys', () => [String], KEYS) keys?: string[],
  ): Promise<RunParameter[]> {
    return loadLogged(context, 'params', row.id, keys, parametersOf);
  }

  @Attribute(() => [RunTag], 'internal', 'Tags, by name.')
  tags(
    @Root() row: RunRow,
    @Ctx() context: ExperimentsContext,
    @Arg('keys', () => [String], KEYS) keys?: string[],
  ): Promise<RunTag[]> {
    return loadLogged(context, 'tags', row.id, keys, tagsOf);
  }

  @Attribute(() => [RunInput], 'internal', 'Training sets that it read.')
  async inputs(@Root() row: RunRow, @Ctx() context: ExperimentsContext): Promise<RunInput[]> {
    const inputs = await loadLogged(context, 'inputs', row.id, null, inputsOf);
    return inputs.map(({ trainingSetId, digest }) => ({ trainingSet: { id: trainingSetId }, digest }));
  }

  @Attribute(() => [RunArtifact], 'internal', 'Files that it produced, by path.')
  async artifacts(@Root() row: RunRow, @Ctx() context: ExperimentsContext): Promise<RunArtifact[]> {
    return (await loadLogged(context, 'artifacts', row.id, null, artifactsOf)).map(shownArtifact);
  }

  @Attribute(() => [Metric], 'sensitive', 'Points of one metric in order, to draw it live or page through it.')
  async metricHistory(
    @Root() row: RunRow,
    @Ctx() context: ExperimentsContext,
    @Arg('key', () => String, { description: 'Metric.' }) key: string,
    @Arg('afterStep', () => Int, { nullable: true, description: 'Steps after this one; default all.' })
    afterStep: number | undefined,
    @Arg('first', () => Int, { defaultValue: 1000, description: 'How many, 1 to 10000.' }) first: number,
  ): Promise<Metric[]> {
    inRange('first', first, 10_000);
    const points = await metricHistory(context, row.id, key, afterStep ?? LEAST_STEP - 1, first);
    return points.map(shownMetric);
  }

  @Attribute(() => [MetricBucket], 'sensitive', 'One metric in few rows, however many points it has: for a plot.')
  metricBuckets(
    @Root() row: RunRow,
    @Ctx() context: ExperimentsContext,
    @Arg('key', () => String, { description: 'Metric.' }) key: string,
    @Arg('buckets', () => Int, { defaultValue: 200, description: 'Most rows, 1 to 2000.' }) buckets: number,
    @Arg('fromStep', () => Int, { nullable: true, description: 'First step; default the first.' })
    fromStep: number | undefined,
    @Arg('toStep', () => Int, { nullable: true, description: 'Last step; default the last.' })
    toStep: number | undefined,
  ): Promise<MetricBucket[]> {
    inRange('buckets', buckets, 2_000);
    const range = { buckets, fromStep: fromStep ?? LEAST_STEP, toStep: toStep ?? 2 ** 31 - 1 };
    return metricBuckets(context, row.id, key, range);
  }
}

const LEAST_STEP = -(2 ** 31) + 1;

function inRange(field: string, found: number, limit: number): void {
  if (found >= 1 && found <= limit) return;
  throw new PlatformError('BAD_USER_INPUT', `${field}: found ${found}, expected a whole number from 1 to ${limit}.`, {
    details: { field, found, limit },
  });
}
