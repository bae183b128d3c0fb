// What windows are compared with: profiles of the reference, made once and kept.
import type { Call, DriftColumn, DriftProfile } from '@falaj/contracts';
import { refused } from '@falaj/runtime';
import { columnNameOf } from '../domain/inference-log/redaction.js';
import { PREDICTION } from '../domain/monitor/monitor-spec.js';
import { scoresOf } from '../domain/rollout/shadow-comparison.js';
import type { FeaturePlan } from '../inference/index.js';
import type { DeploymentsContext } from '../schema/context.js';
import type { EndpointRecord } from './model-host.js';
import { columnOf, MOST_RECORDS, presentIn, recordsBetween } from './monitor-data.js';
import { assertMayBegin } from './placement.js';
import { revisionOf } from './writes.js';

/** Bins of a column at most, and values that are kept of it for tests of whole distributions. */
const BINS = 10;
const SAMPLE = 5_000;
/** Rows of a training set whose predictions make the reference of predictions; spread evenly over its time. */
const PREDICTED_ROWS = 5_000;
const PREDICT_BATCH = 1_000;
/** Fewer values make no reference. */
const LEAST_VALUES = 50;

export interface Reference {
  readonly kind: 'TRAINING_SET' | 'WINDOW';
  readonly source: string;
  readonly profiles: Readonly<Record<string, DriftProfile>>;
}

const TRAINING_SET = /* GraphQL */ `
  query ReferenceOfModel($id: ID!) {
    modelVersion(id: $id) { trainingSet { id artifactKey artifactDigest zone columns { name role type } } }
  }
`;

interface TrainingSetAnswer {
  readonly modelVersion: {
    readonly trainingSet: {
      readonly id: string;
      readonly artifactKey: string | null;
      readonly artifactDigest: string | null;
      readonly zone: string | null;
      readonly columns: readonly { readonly name: string; readonly role: string | null }[] | null;
    } | null;
  } | null;
}

/** What can be watched of the live model: inputs that the log holds in clear, and predictions. */
export async function watchable(
  context: DeploymentsContext,
  target: EndpointRecord,
): Promise<{ readonly clear: readonly string[]; readonly withheld: readonly string[] }> {
  const { columns } = await context.services.logSettings.layout(target.id, target.revision);
  const named = (clear: boolean) =>
    columns.filter(({ treatment }) => (treatment === 'CLEAR') === clear).map(({ name }) => name);
  return { clear: [...named(true), PREDICTION], withheld: named(false) };
}

const columnNames = (plan: Partial<FeaturePlan>): string[] => (plan.columns ?? []).map(columnNameOf);

/** Values of the set that the live model was trained on, and what that model makes of them. */
export async function trainingSetReference(
  context: DeploymentsContext,
  target: EndpointRecord,
  wanted: readonly string[],
): Promise<Reference> {
  const { platform, principal, request } = context;
  const answer = await platform.graph.query<TrainingSetAnswer>(TRAINING_SET, { id: target.modelVersionId }, request);
  const set = answer.modelVersion?.trainingSet;
  if (!set?.artifactKey || !set.artifactDigest || !set.zone)
    throw refused({
      rule: 'REFERENCE_IN_SIGHT',
      found: 'a live model whose training set is not there, or withheld from you',
      limit: 'a training set that you may read',
      whatToDo: 'give referenceFrom and referenceTo, a stretch of the inference log',
    });
  const call = context.pluginCall(target.zone);
  const revision = await context.transaction((tx) => revisionOf(tx, target.id, target.revision));
  // The set is read in the zone of the endpoint: where that rests on an instrument, only while it is in force.
  assertMayBegin(revision);
  const { model } = revision;
  const inputs = columnNames(model.servingPlan);
  const place = { workspaceId: principal.workspaceId, zone: set.zone };
  const data = await platform.vault.get(set.artifactKey, set.artifactDigest, place, call);
  const read = wanted.includes(PREDICTION) ? inputs : wanted;
  const { columns } = await platform.plugins.get('offline-store').readTrainingSet({ data, columns: [...read] }, call);
  for (const column of read) context.shown.record('TrainingSet', set.id, `rows.${column}`);
  const byName = new Map<string, DriftColumn>(
    columns.map(({ values }, index) => [
      read[index] ?? '',
      // As a model is given them, and as the log holds them.
      values instanceof Float64Array
        ? { kind: 'NUMERIC', values: values.map(Math.fround) }
        : { kind: 'CATEGORICAL', values },
    ]),
  );
  if (wanted.includes(PREDICTION))
    byName.set(PREDICTION, { kind: 'NUMERIC', values: await predictions(context, target, inputs, byName) });
  return { kind: 'TRAINING_SET', source: set.id, profiles: await profilesOf(context, wanted, byName, call) };
}

/** Values of a stretch of the endpoint's own log. */
export async function windowReference(
  context: DeploymentsContext,
  target: EndpointRecord,
  wanted: readonly string[],
  from: Date,
  to: Date,
): Promise<Reference> {
  const records = await context.transaction((tx) => recordsBetween(tx, target.id, from, to, MOST_RECORDS));
  const byName = new Map<string, DriftColumn>(
    wanted.map((name) => {
      const text = records.some(({ features }) => features.some((row) => typeof row[name] === 'string'));
      return [name, columnOf(records, name, text ? 'CATEGORICAL' : 'NUMERIC')];
    }),
  );
  const profiles = await profilesOf(context, wanted, byName, context.pluginCall(target.zone));
  return { kind: 'WINDOW', source: `${from.toISOString()}/${to.toISOString()}`, profiles };
}

async function profilesOf(
  context: DeploymentsContext,
  wanted: readonly string[],
  columns: ReadonlyMap<string, DriftColumn>,
  call: Call,
): Promise<Record<string, DriftProfile>> {
  const drift = context.platform.plugins.get('drift');
  const profiles: Record<string, DriftProfile> = {};
  for (const name of wanted) {
    const column = columns.get(name);
    const present = column ? presentIn(column) : 0;
    if (!column || present < LEAST_VALUES)
      throw refused(
        {
          rule: 'REFERENCE_LARGE_ENOUGH',
          found: `${present} values of ${name} in the reference`,
          limit: `at least ${LEAST_VALUES}`,
          whatToDo: 'choose another reference, or watch other features',
        },
        'PRECONDITION_FAILED',
        { feature: name },
      );
    profiles[name] = await drift.profile({ column, bins: BINS, sample: SAMPLE }, call);
  }
  return profiles;
}

async function predictions(
  context: DeploymentsContext,
  target: EndpointRecord,
  inputs: readonly string[],
  columns: ReadonlyMap<string, DriftColumn>,
): Promise<Float64Array> {
  const { served } = await context.services.host.load(target, target.revision);
  const numbers = inputs.map((name) => {
    const column = columns.get(name);
    return column?.kind === 'NUMERIC' ? column.values : new Float64Array();
  });
  const rows = numbers[0]?.length ?? 0;
  const chosen = Array.from({ length: Math.min(rows, PREDICTED_ROWS) }, (_, place) =>
    Math.floor((place * rows) / Math.min(rows, PREDICTED_ROWS)),
  );
  const scores: number[] = [];
  for (let from = 0; from < chosen.length; from += PREDICT_BATCH) {
    const batch = chosen.slice(from, from + PREDICT_BATCH);
    const data = Float32Array.from(batch.flatMap((row) => numbers.map((column) => column[row] ?? Number.NaN)));
    const tensor = { name: 'features', datatype: 'FP32' as const, shape: [batch.length, inputs.length], data };
    const answer = await served.infer([tensor], [], {
      principal: context.principal,
      signal: context.request.signal,
      id: undefined,
    });
    scores.push(...scoresOf(answer));
  }
  return Float64Array.from(scores);
}
