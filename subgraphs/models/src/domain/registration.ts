// Which runs may become a model version, and what is copied from them: a version answers for its lineage by itself,
// whatever later becomes of the run.
import { PlatformError } from '@falaj/runtime';

export interface TensorSignature {
  readonly name: string;
  readonly datatype: string;
  /** -1 marks a variable dimension; the first one is the batch. */
  readonly shape: readonly number[];
  /** Columns of the second dimension, in order; inputs only. */
  readonly columns?: readonly string[];
}

export interface Signature {
  readonly inputs: readonly TensorSignature[];
  readonly outputs: readonly TensorSignature[];
}

export interface FeatureViewVersion {
  readonly featureViewId: string;
  readonly name: string;
  readonly version: number;
}

type Scores = Readonly<Record<string, number | null>>;

/** A run as the graph answers it to the caller; null where absent or withheld. */
export interface RunAnswer {
  readonly id: string;
  readonly ownerId: string | null;
  readonly state: string | null;
  readonly zone: string | null;
  readonly allowedZones: readonly string[] | null;
  readonly categories: readonly string[] | null;
  readonly trainingSetId: string | null;
  readonly trainingSetDigest: string | null;
  readonly modelArtifactKey: string | null;
  readonly modelDigest: string | null;
  readonly codeReference: string | null;
  readonly environment: Readonly<Record<string, unknown>> | null;
  readonly signature: Signature | null;
  readonly servingPlan: Readonly<Record<string, unknown>> | null;
  readonly parity: {
    readonly rows: number | null;
    readonly maxDifference: number | null;
    readonly tolerance: number | null;
    readonly passed: boolean | null;
  } | null;
  readonly evaluation: {
    readonly rows: number | null;
    readonly baseRate: number | null;
    readonly scores: Scores | null;
    readonly baselines: readonly { readonly name: string; readonly scores: Scores | null }[] | null;
  } | null;
  readonly featureViews: readonly { readonly id: string; readonly name: string; readonly version: number }[] | null;
  readonly maskedFields: readonly string[];
}

export const RUN_TO_REGISTER = /* GraphQL */ `
  query RunToRegister($id: ID!) {
    run(id: $id) {
      id
      ownerId
      state
      zone
      allowedZones
      categories
      trainingSetId
      trainingSetDigest
      modelArtifactKey
      modelDigest
      codeReference
      environment
      signature
      servingPlan
      parity { rows maxDifference tolerance passed }
      evaluation { rows baseRate scores baselines { name scores } }
      featureViews { id name version }
      maskedFields
    }
  }
`;

/** What a version keeps of its run. */
export interface Lineage {
  readonly runId: string;
  readonly zone: string;
  readonly allowedZones: string[];
  readonly categories: string[];
  readonly trainingSetId: string;
  readonly trainingSetDigest: string;
  readonly artifactKey: string;
  readonly digest: string;
  readonly codeReference: string;
  readonly environment: Readonly<Record<string, unknown>>;
  readonly signature: Signature;
  readonly servingPlan: Readonly<Record<string, unknown>>;
  readonly evaluation: NonNullable<RunAnswer['evaluation']>;
  readonly parity: NonNullable<RunAnswer['parity']>;
  /** Principal who started the training; null where withheld or unknown. */
  readonly trainedById: string | null;
  readonly featureViewVersions: FeatureViewVersion[];
}

/** Port: the zones that data may be in, and so what is made of it. */
export type ZonesOf = (
  inputs: readonly {
    readonly dataZone: string;
    readonly categories: readonly string[];
    readonly workspaceZones: readonly string[];
    readonly zones: readonly string[];
  }[],
) => { readonly zones: readonly string[] };

/**
 * The lineage of a run that may be registered: SUCCEEDED, with parity passed, complete, and in a zone where its model
 * may be. Throws NOT_FOUND, FORBIDDEN (a fact is withheld from the caller), PRECONDITION_FAILED or RESIDENCY_VIOLATION.
 */
export function lineageOf(run: RunAnswer | null, zonesOf: ZonesOf): Lineage {
  if (!run) throw new PlatformError('NOT_FOUND', 'Run not found.', { details: { type: 'Run' } });
  const withheld = ['state', 'parity'].filter((field) => run.maskedFields.includes(field));
  if (withheld.length > 0) throw refused(withheld);
  if (run.state !== 'SUCCEEDED')
    throw unmet(`the run is ${run.state}; a run that SUCCEEDED is needed`, run.state, 'SUCCEEDED');
  requireParity(run.parity);

  const {
    id: runId,
    zone,
    allowedZones,
    categories,
    trainingSetId,
    trainingSetDigest,
    modelArtifactKey,
    modelDigest,
  } = run;
  const { codeReference, environment, signature, servingPlan, evaluation, featureViews } = run;
  const facts = {
    zone,
    allowedZones,
    categories,
    trainingSetId,
    trainingSetDigest,
    modelArtifactKey,
    modelDigest,
    codeReference,
    environment,
    signature,
    servingPlan,
    evaluation,
    featureViews,
  };
  const absent = Object.entries(facts)
    .filter(([, value]) => value === null)
    .map(([field]) => field);
  const hidden =
    evaluation && (evaluation.scores === null || evaluation.baselines === null) ? ['evaluation.scores'] : [];
  const masked = [...absent.filter((field) => run.maskedFields.includes(field)), ...hidden];
  if (masked.length > 0) throw refused(masked);
  if (absent.length > 0)
    throw unmet(`the run has no ${absent.join(', ')}; complete lineage is needed`, absent, 'complete lineage');

  const whole = facts as { [K in keyof typeof facts]: NonNullable<(typeof facts)[K]> };
  requireZone(whole.zone, whole.allowedZones, whole.categories, zonesOf);
  return {
    runId,
    zone: whole.zone,
    allowedZones: [...whole.allowedZones],
    categories: [...whole.categories],
    trainingSetId: whole.trainingSetId,
    trainingSetDigest: whole.trainingSetDigest,
    artifactKey: whole.modelArtifactKey,
    digest: whole.modelDigest,
    codeReference: whole.codeReference,
    environment: whole.environment,
    signature: whole.signature,
    servingPlan: whole.servingPlan,
    evaluation: whole.evaluation,
    parity: run.parity as NonNullable<RunAnswer['parity']>,
    trainedById: run.ownerId,
    featureViewVersions: whole.featureViews.map((view) => ({
      featureViewId: view.id,
      name: view.name,
      version: view.version,
    })),
  };
}

const refused = (withheld: readonly string[]): PlatformError =>
  new PlatformError('FORBIDDEN', `You may not register this run: ${withheld.join(', ')} is withheld from you.`, {
    details: { withheld },
  });

const unmet = (what: string, found: unknown, needed: unknown): PlatformError =>
  new PlatformError(
    'PRECONDITION_FAILED',
    `Only a finished training with proof of parity becomes a model version: ${what}.`,
    { details: { found, needed } },
  );

function requireParity(parity: RunAnswer['parity']): void {
  if (parity?.passed === true) return;
  if (!parity)
    throw unmet('the run has no evidence of parity; passed parity is needed', 'no evidence', 'passed parity');
  const { maxDifference, tolerance } = parity;
  throw unmet(`parity differs by ${maxDifference}; at most ${tolerance} is needed`, maxDifference, tolerance);
}

/** A model stays where every zone rule that its training data inherited lets it be. */
function requireZone(
  zone: string,
  allowedZones: readonly string[],
  categories: readonly string[],
  zonesOf: ZonesOf,
): void {
  const { zones } = zonesOf([{ dataZone: zone, categories, workspaceZones: allowedZones, zones: allowedZones }]);
  if (zones.includes(zone)) return;
  throw new PlatformError(
    'RESIDENCY_VIOLATION',
    `register in ${zone} is refused for ${categories.join(', ')} data: the training data allows ${allowedZones.join(', ') || 'no zone'}; train in one of these.`,
    {
      details: {
        rule: 'INHERITED_ZONES',
        targetZone: zone,
        allowedZones,
        categories,
        whatToDo: 'train in an allowed zone',
      },
    },
  );
}
