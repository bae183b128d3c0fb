import type { TensorSpec } from '@falaj/contracts';
import { PlatformError } from '@falaj/runtime';
import type { FeaturePlan } from '../inference/index.js';

/** What a placement rests on that the law alone would not allow. */
export interface PlacementPermit {
  /** Ids of transfer instruments. */
  readonly instruments: readonly string[];
  /** ISO 8601: when the first of them ends. */
  readonly validTo: string;
}

/** Where data that a model learned from is from. */
export type ModelOrigin = { readonly zone: string; readonly categories: readonly string[] } | null;

/** Everything that serving needs of a model version, copied into the revision: what runs does not change under it. */
export interface DeployableModel {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly artifactKey: string;
  readonly digest: string;
  readonly zone: string;
  readonly categories: readonly string[];
  readonly allowedZones: readonly string[];
  readonly servingPlan: FeaturePlan;
  /** What it learned from, null for what whoever deployed it could not see; absent before this was written down. */
  readonly origins?: readonly ModelOrigin[];
  /** Absent where the law allows the placement by itself. */
  readonly permit?: PlacementPermit;
}

/** A model version with its lineage as the graph answers it to the caller; null where withheld. */
export interface ModelVersionAnswer {
  readonly id: string;
  readonly version: number | null;
  readonly artifactKey: string | null;
  readonly digest: string | null;
  readonly zone: string | null;
  readonly categories: readonly string[] | null;
  readonly allowedZones: readonly string[] | null;
  readonly servingPlan: FeaturePlan | null;
  readonly trainingSetDigest: string | null;
  readonly codeReference: string | null;
  readonly environment: Readonly<Record<string, unknown>> | null;
  readonly maskedFields: readonly string[];
  readonly model: { readonly name: string | null } | null;
  readonly run: {
    readonly id: string;
    readonly modelDigest: string | null;
    readonly evaluation: {
      readonly scores: Readonly<Record<string, number | null>> | null;
      readonly baselines:
        | readonly { readonly name: string; readonly scores: Readonly<Record<string, number | null>> | null }[]
        | null;
    } | null;
  } | null;
  readonly trainingSet: {
    readonly labelSource: SourceAnswer | null;
    readonly featureViews: readonly { readonly source: SourceAnswer | null }[] | null;
  } | null;
}

interface SourceAnswer {
  readonly name: string | null;
  readonly zone: string | null;
  readonly categories: readonly string[] | null;
}

export const MODEL_VERSION = /* GraphQL */ `
  query ModelVersionToDeploy($id: ID!) {
    modelVersion(id: $id) {
      id
      version
      artifactKey
      digest
      zone
      categories
      allowedZones
      servingPlan
      trainingSetDigest
      codeReference
      environment
      maskedFields
      model { name }
      run { id modelDigest evaluation { scores baselines { name scores } } }
      trainingSet { labelSource { name zone categories } featureViews { source { name zone categories } } }
    }
  }
`;

/** The facts without which nothing can be served; a field that policy withholds stops the deployment by name. */
export function deployable(answer: ModelVersionAnswer | null): DeployableModel {
  if (!answer) throw new PlatformError('NOT_FOUND', 'ModelVersion not found.', { details: { type: 'ModelVersion' } });
  const { id, version, artifactKey, digest, zone, categories, allowedZones, servingPlan, model } = answer;
  const wanted = {
    version,
    artifactKey,
    digest,
    zone,
    categories,
    allowedZones,
    servingPlan,
    model: model?.name ?? null,
  };
  const withheld = Object.entries(wanted)
    .filter(([, value]) => value === null)
    .map(([field]) => field);
  if (withheld.length > 0) {
    throw new PlatformError(
      'FORBIDDEN',
      `You may not deploy this model version: ${withheld.join(', ')} is withheld from you.`,
      { details: { withheld } },
    );
  }
  return {
    id,
    name: model?.name ?? '',
    version,
    artifactKey,
    digest,
    zone,
    categories,
    allowedZones,
    servingPlan,
  } as DeployableModel;
}

/** Sources behind the training set; null for each that the caller may not see. A model from outside has none. */
export const sourcesOf = ({
  trainingSet,
  trainingSetDigest,
  maskedFields,
}: ModelVersionAnswer): (SourceAnswer | null)[] => {
  const isTrained = trainingSetDigest !== null || maskedFields.includes('trainingSetDigest');
  if (!trainingSet) return isTrained ? [null] : [];
  return [trainingSet.labelSource, ...(trainingSet.featureViews ?? [null]).map((view) => view?.source ?? null)];
};

/** What compliance checks see of a deployment; absent facts stay absent, for a check must not pass on what is missing. */
export function deploymentSnapshot(
  answer: ModelVersionAnswer,
  targetZone: string,
  workspaceZones: readonly string[],
  instruments: readonly { readonly type: string; readonly validTo: string; readonly targetZones: readonly string[] }[],
): Record<string, unknown> {
  const unique = [
    ...new Map(sourcesOf(answer).flatMap((source) => (source ? [[source.name, source] as const] : []))).values(),
  ];
  const scores = answer.run?.evaluation?.scores ?? {};
  const baseline = answer.run?.evaluation?.baselines?.[0]?.scores ?? {};
  return {
    targetZone,
    workspaceZones,
    model: {
      name: answer.model?.name ?? undefined,
      version: answer.version ?? undefined,
      digest: answer.run?.modelDigest ?? undefined,
      registeredDigest: answer.digest ?? undefined,
      allowedZones: answer.allowedZones ?? undefined,
      categories: answer.categories ?? undefined,
      dataZones: answer.zone ? [answer.zone] : undefined,
      evaluation: Object.entries(scores).flatMap(([metric, value]) =>
        value === null || typeof baseline[metric] !== 'number' ? [] : [{ metric, value, baseline: baseline[metric] }],
      ),
      lineage: {
        runId: answer.run?.id,
        trainingSetDigest: answer.trainingSetDigest ?? undefined,
        codeRef: answer.codeReference ?? undefined,
        environment: answer.environment ?? undefined,
      },
    },
    sources: unique,
    at: new Date().toISOString(),
    instruments: instruments.map(({ type, validTo, targetZones }) => ({ type, validTo, targetZones })),
  };
}

/** Tensors of an endpoint as stored and shown. */
export interface TensorDescription {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}

export const describeTensor = ({ name, datatype, shape }: TensorSpec): TensorDescription => ({
  name,
  datatype,
  shape: [...shape],
});
