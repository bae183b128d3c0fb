// What each type of stage takes and gives. A changed meaning of a stage is a new `version`: it is part of the cache key.
import type { StageType, Value, Values, ValueType } from './definition.js';

export interface Slot {
  readonly type: ValueType;
  readonly required?: true;
  readonly default?: Value;
  readonly description: string;
}

export interface StageSpec {
  readonly version: number;
  /** Whether the same inputs give the same outputs, and nothing outside hangs on the stage being run. */
  readonly cached: boolean;
  readonly parameters: Readonly<Record<string, Slot>>;
  readonly outputs: Readonly<Record<string, Omit<Slot, 'required' | 'default'>>>;
}

const needed = (type: ValueType, description: string): Slot => ({ type, required: true, description });
const optional = (type: ValueType, description: string, standard?: Value): Slot => ({
  type,
  description,
  ...(standard === undefined ? {} : { default: standard }),
});
const given = (type: ValueType, description: string) => ({ type, description });

export const stageSpecs: Readonly<Record<StageType, StageSpec>> = {
  PREPARE: {
    version: 1,
    cached: true,
    parameters: {
      featureViewIds: optional('STRINGS', 'View versions to build first.'),
      trainingSet: needed('OBJECT', 'Input of `createTrainingSet` without `name`.'),
      name: optional('STRING', 'Beginning of the name of the set; default the name of the pipeline.'),
    },
    outputs: {
      trainingSetId: given('STRING', 'Training set.'),
      digest: given('STRING', 'Digest over its values.'),
      rows: given('INTEGER', 'Rows.'),
    },
  },
  VALIDATE: {
    version: 1,
    cached: true,
    parameters: {
      trainingSetId: needed('STRING', 'Training set to judge.'),
      minRows: optional('INTEGER', 'Fewest rows.'),
      maxRows: optional('INTEGER', 'Most rows.'),
      maxNullShare: optional('NUMBER', 'Largest share of nulls of any feature, 0 to 1.'),
      nullShares: optional('OBJECT', 'Largest share of nulls by column, instead of `maxNullShare` for it.'),
      minLabelRate: optional('NUMBER', 'Smallest mean of the label.'),
      maxLabelRate: optional('NUMBER', 'Largest mean of the label.'),
    },
    outputs: {
      rows: given('INTEGER', 'Rows.'),
      labelRate: given('NUMBER', 'Mean of the label.'),
      nullShares: given('OBJECT', 'Share of nulls by column.'),
    },
  },
  TRAIN: {
    version: 1,
    cached: true,
    parameters: {
      experimentId: needed('STRING', 'Experiment that the run belongs to.'),
      trainingSetId: needed('STRING', 'Training set to learn from.'),
      trainer: optional('STRING', 'Trainer plugin.', 'gbdt'),
      task: optional('STRING', 'BINARY, MULTICLASS or REGRESSION.', 'BINARY'),
      classes: optional('INTEGER', 'Number of classes; MULTICLASS only.'),
      parameters: optional('OBJECT', 'Parameters of the trainer.', {}),
      seed: optional('INTEGER', 'Seed.', 1),
      holdoutFraction: optional('NUMBER', 'Share of rows, the last by time, held out.'),
      validationFraction: optional('NUMBER', 'Share of the trained rows for early stopping.'),
      groupBaseline: optional('STRINGS', 'Carried columns whose group mean is a baseline.'),
    },
    outputs: {
      runId: given('STRING', 'Training run.'),
      modelDigest: given('STRING', 'Digest of the model.'),
    },
  },
  EVALUATE: {
    version: 1,
    cached: true,
    parameters: {
      runId: needed('STRING', 'Training run to judge.'),
      minimum: optional('OBJECT', 'Smallest value by score, e.g. `{"auc": 0.7}`.'),
      maximum: optional('OBJECT', 'Largest value by score, e.g. `{"logLoss": 0.6}`.'),
      requireParity: optional('BOOLEAN', 'Whether the exported model must answer as the trainer did.', true),
    },
    outputs: {
      scores: given('OBJECT', 'Scores on held-out rows.'),
      parityPassed: given('BOOLEAN', 'Whether the exported model answers as the trainer did.'),
    },
  },
  REGISTER: {
    version: 1,
    cached: false,
    parameters: {
      modelName: needed('STRING', 'Model; made where there is none of this name.'),
      runId: needed('STRING', 'Training run whose model is registered.'),
    },
    outputs: {
      modelVersionId: given('STRING', 'Model version.'),
      version: given('INTEGER', 'Its number.'),
      modelName: given('STRING', 'Model.'),
    },
  },
  GATE: {
    version: 1,
    cached: false,
    parameters: {
      modelVersionId: needed('STRING', 'Model version to judge.'),
      alias: needed('STRING', 'Alias whose gates judge it.'),
      promote: optional(
        'BOOLEAN',
        'Whether to ask for the promotion too, and to wait until it is approved; not only for the verdict.',
        false,
      ),
      reason: optional('STRING', 'Reason of the promotion.'),
    },
    outputs: {
      checks: given('INTEGER', 'Checks that were made.'),
      promotionId: given('STRING', 'Promotion; empty where none was asked for.'),
      promotionState: given('STRING', 'State of the promotion; empty where none was asked for.'),
    },
  },
  APPROVE: {
    version: 1,
    cached: false,
    parameters: {
      role: needed('STRING', 'Role in which somebody else than the requester must decide.'),
      question: optional('STRING', 'What is to be decided.', ''),
    },
    outputs: {
      role: given('STRING', 'Role in which it was decided.'),
      reason: given('STRING', 'Why.'),
    },
  },
  DEPLOY: {
    version: 1,
    cached: false,
    parameters: {
      endpoint: needed('STRING', 'Endpoint; made where there is none of this name.'),
      modelVersionId: needed('STRING', 'Model version to serve.'),
      zone: optional('STRING', 'Zone to serve in; default the zone of the run.'),
    },
    outputs: {
      endpointId: given('STRING', 'Endpoint.'),
      revision: given('INTEGER', 'Live revision.'),
    },
  },
  COMMAND: {
    version: 1,
    cached: false,
    parameters: {
      argv: needed('STRINGS', 'Program and arguments; no shell in between.'),
      environment: optional('OBJECT', 'Further variables of its environment, all texts.'),
      inputs: optional('OBJECT', 'Values and artifacts handed to it.', {}),
      outputs: optional('OBJECT', 'Type by name of everything that it hands back, e.g. `{"model": "ARTIFACT"}`.', {}),
      codeVersion: optional('STRING', 'Version of its code; needed for `cache`, for a path does not tell it.'),
    },
    outputs: { exitCode: given('INTEGER', 'Always 0: another one fails the stage.') },
  },
};

/** Outputs of a stage by name; those of a command are declared by its `outputs`. */
export function outputsOf(type: StageType, parameters: Values): Readonly<Record<string, ValueType>> {
  const fixed = Object.fromEntries(Object.entries(stageSpecs[type].outputs).map(([name, slot]) => [name, slot.type]));
  if (type !== 'COMMAND') return fixed;
  return { ...fixed, ...((parameters.outputs ?? {}) as Record<string, ValueType>) };
}

export function isOfType(value: Value, type: ValueType): boolean {
  switch (type) {
    case 'STRING':
      return typeof value === 'string';
    case 'INTEGER':
      return Number.isSafeInteger(value);
    case 'NUMBER':
      return typeof value === 'number' && Number.isFinite(value);
    case 'BOOLEAN':
      return typeof value === 'boolean';
    case 'STRINGS':
      return Array.isArray(value) && value.every((part) => typeof part === 'string');
    case 'OBJECT':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'ARTIFACT':
      return isArtifact(value);
  }
}

/** Sealed bytes in the vault, as one stage hands them to another. */
export interface Artifact {
  readonly artifact: string;
  readonly digest: string;
  readonly bytes: number;
}

export const isArtifact = (value: unknown): value is Artifact =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Artifact).artifact === 'string' &&
  typeof (value as Artifact).digest === 'string';
