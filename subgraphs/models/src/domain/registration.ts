// Which runs may become a model version, and what is copied from them: a version answers for its lineage by itself,
// whatever later becomes of the run.
import { PlatformError, refused } from '@falaj/runtime';

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
  if (withheld.length > 0) throw withheldFrom(withheld);
  if (run.state !== 'SUCCEEDED')
    throw unmet(`a run that is ${run.state}`, 'SUCCEEDED', 'wait for its end, or register another run');
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
  if (masked.length > 0) throw withheldFrom(masked);
  if (absent.length > 0)
    throw unmet(
      `a run without ${absent.join(', ')}`,
      'complete lineage',
      'train it on the platform by startTrainingRun',
    );

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

const withheldFrom = (withheld: readonly string[]): PlatformError =>
  new PlatformError('FORBIDDEN', `You may not register this run: ${withheld.join(', ')} is withheld from you.`, {
    details: { withheld },
  });

const unmet = (found: string, limit: string, whatToDo: string): PlatformError =>
  refused({ rule: 'REGISTRATION_OF_FINISHED_TRAINING', found, limit, whatToDo });

function requireParity(parity: RunAnswer['parity']): void {
  if (parity?.passed === true) return;
  const whatToDo = 'report it to the author of the trainer: its exported model does not answer as the trained one';
  if (!parity) throw unmet('no evidence of parity', 'passed parity', whatToDo);
  const { maxDifference, tolerance } = parity;
  throw unmet(`parity that differs by ${maxDifference}`, `at most ${tolerance}`, whatToDo);
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
  throw refused(
    {
      rule: 'INHERITED_ZONES',
      found: `registration in ${zone} of a model trained on ${categories.join(', ')} data`,
      limit: `one of ${allowedZones.join(', ') || 'no zone'}, which the training data allows`,
      whatToDo: 'train in an allowed zone',
    },
    'RESIDENCY_VIOLATION',
    { targetZone: zone, allowedZones, categories },
  );
}
