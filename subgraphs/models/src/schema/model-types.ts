import { Attribute, connectionOf, DateTime, EntityType, ExtendedEntityType, JSONObject } from '@falaj/subgraph-kit';
import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';

export const ModelVersionState = { READY: 'READY' } as const;
registerEnumType(ModelVersionState, {
  name: 'ModelVersionState',
  description: 'Where a model version stands.',
  valuesConfig: { READY: { description: 'It can be deployed.' } },
});

export const AliasAction = { SET: 'SET', REMOVED: 'REMOVED' } as const;
registerEnumType(AliasAction, {
  name: 'AliasAction',
  description: 'What happened to an alias.',
  valuesConfig: {
    SET: { description: 'It stands for the version from then on.' },
    REMOVED: { description: 'It stands for none from then on.' },
  },
});

export const AliasCause = {
  DIRECT: 'DIRECT',
  PROMOTION: 'PROMOTION',
  ROLLBACK: 'ROLLBACK',
  BREAK_GLASS: 'BREAK_GLASS',
} as const;
registerEnumType(AliasCause, {
  name: 'AliasCause',
  description: 'How it came that an alias moved.',
  valuesConfig: {
    DIRECT: { description: 'By setModelAlias or removeModelAlias.' },
    PROMOTION: { description: 'By a promotion that passed its gates.' },
    ROLLBACK: { description: 'Back to a version that it stood for before.' },
    BREAK_GLASS: { description: 'Past its gates, in an emergency.' },
  },
});

export const ModelOrigin = { RUN: 'RUN', EXTERNAL: 'EXTERNAL' } as const;
registerEnumType(ModelOrigin, {
  name: 'ModelOrigin',
  description: 'Where a model came from.',
  valuesConfig: {
    RUN: { description: 'A run of this platform trained it.' },
    EXTERNAL: { description: 'It was brought as a file.' },
  },
});

@EntityType('Model', 'A named line of model versions for one purpose.')
export class Model {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => String, 'internal', 'Unique in the workspace.') name!: string;
  @Attribute(() => String, 'internal', 'What it is for.') description!: string;
  @Attribute(() => String, 'pii', 'Who created it.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When it was created.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

@ObjectType({ description: 'A tensor that a model takes or gives.' })
export class ModelTensor {
  @Attribute(() => String, 'open', 'Name.') name!: string;
  @Attribute(() => String, 'internal', 'Datatype of the Open Inference Protocol, e.g. `FP32`.') datatype!: string;
  @Attribute(() => [Int], 'internal', 'Shape; -1 marks a variable dimension, the first one is the batch.')
  shape!: number[];
  @Attribute(() => [String], 'internal', 'Columns of the second dimension, in order; inputs only.') columns!:
    | string[]
    | null;
}

@ObjectType({ description: 'What a model takes and gives.' })
export class ModelSignature {
  @Attribute(() => [ModelTensor], 'internal', 'Inputs.') inputs!: ModelTensor[];
  @Attribute(() => [ModelTensor], 'internal', 'Outputs.') outputs!: ModelTensor[];
}

@ObjectType({ description: 'An exact view version that a model learned from.' })
export class ModelFeatureView {
  @Attribute(() => ID, 'open', 'Id of the view version.') featureViewId!: string;
  @Attribute(() => String, 'open', 'Name of the view.') name!: string;
  @Attribute(() => Int, 'open', 'Version of the view.') version!: number;
}

@EntityType('ModelVersion', 'A registered model with the lineage that it was registered with; it never changes.')
export class ModelVersion {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => ID, 'internal', 'Model that it belongs to.') modelId!: string;
  @Attribute(() => String, 'internal', 'Name of that model.') modelName!: string;
  @Attribute(() => Int, 'internal', 'Counted from 1 in its model.') version!: number;
  @Attribute(() => ModelVersionState, 'internal', 'Where it stands.') state!: string;
  @Attribute(() => ModelOrigin, 'internal', 'Where it came from.') origin!: string;
  @Attribute(() => ID, 'internal', 'Run that trained it; null for a model from outside.') runId!: string | null;
  @Attribute(() => ID, 'internal', 'Training set that it learned from; null for a model from outside.')
  trainingSetId!: string | null;
  @Attribute(() => String, 'sensitive', 'Digest of the training set when the run began.') trainingSetDigest!:
    | string
    | null;
  @Attribute(() => JSONObject, 'internal', 'What the structural checks found in its file.') intake!: Record<
    string,
    unknown
  > | null;
  @Attribute(() => JSONObject, 'internal', 'Proof that it answers as the trainer did: rows, maxDifference, tolerance.')
  parity!: Record<string, unknown> | null;
  @Attribute(() => [ModelFeatureView], 'internal', 'Exact view versions that it learned from.')
  featureViewVersions!: ModelFeatureView[];
  @Attribute(() => ModelSignature, 'internal', 'What it takes and gives.') signature!: ModelSignature;
  @Attribute(() => JSONObject, 'sensitive', 'How inference makes its columns from the online store and the request.')
  servingPlan!: Record<string, unknown>;
  @Attribute(() => String, 'platform', 'Where the sealed model is kept.') artifactKey!: string;
  @Attribute(() => String, 'sensitive', 'SHA-256 of the model.') digest!: string;
  @Attribute(() => String, 'internal', 'Format of the model, e.g. `onnx`.') format!: string;
  @Attribute(() => JSONObject, 'sensitive', 'Scores on held-out rows, beside baselines.') evaluation!: Record<
    string,
    unknown
  >;
  @Attribute(() => String, 'internal', 'Code that trained it.') codeReference!: string;
  @Attribute(() => JSONObject, 'internal', 'Node, platform, trainer package and version.') environment!: Record<
    string,
    unknown
  >;
  @Attribute(() => [String], 'internal', 'Categories of data, inherited from the training set.') categories!: string[];
  @Attribute(
    () => [String],
    'internal',
    'Zones in which it may be stored and may serve, inherited from the training set.',
  )
  allowedZones!: string[];
  @Attribute(() => String, 'internal', 'Zone in which it is stored.') zone!: string;
  @Attribute(() => String, 'pii', 'Who registered it.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When it was registered.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

@ObjectType('ModelAlias', { description: 'A name that stands for one version of a model at a time, e.g. `champion`.' })
export class ModelAlias {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => String, 'open', 'Unique in its model.') alias!: string;
  @Attribute(() => String, 'internal', 'Name of the model.') modelName!: string;
  @Attribute(() => ID, 'internal', 'Version that it stands for.') modelVersionId!: string;
  @Attribute(() => DateTime, 'internal', 'Since when it stands for this version.') setAt!: Date;
  @Attribute(() => String, 'pii', 'Who set it.') setBy!: string;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

@ObjectType('AliasChange', { description: 'One move of an alias; moves are kept for ever.' })
export class AliasChange {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => String, 'open', 'Alias.') alias!: string;
  @Attribute(() => String, 'internal', 'Name of the model.') modelName!: string;
  @Attribute(() => AliasAction, 'internal', 'What happened.') action!: string;
  @Attribute(() => ID, 'internal', 'Version that it stands for since then, or stood for until then.')
  modelVersionId!: string;
  @Attribute(() => AliasCause, 'internal', 'How it came.') cause!: string;
  @Attribute(() => String, 'internal', 'Why, as they said who did it.') reason!: string | null;
  @Attribute(() => ID, 'internal', 'Promotion that moved it.') promotionId!: string | null;
  @Attribute(() => DateTime, 'internal', 'When.') at!: Date;
  @Attribute(() => String, 'pii', 'Who did it.') by!: string;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

@ExtendedEntityType('Run', 'A training run, owned by subgraph experiments.')
export class Run {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
}

@ExtendedEntityType('TrainingSet', 'A training set, owned by subgraph features.')
export class TrainingSet {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
}

export const ModelConnection = connectionOf(() => Model, 'Model');
export const ModelVersionConnection = connectionOf(() => ModelVersion, 'ModelVersion');
export const AliasChangeConnection = connectionOf(() => AliasChange, 'AliasChange');

@InputType({ description: 'A new model.' })
export class CreateModelInput {
  @Field(() => String, { description: 'Unique in the workspace.' }) name!: string;
  @Field(() => String, { nullable: true, description: 'What it is for.' }) description?: string;
}

@InputType({ description: 'A run that becomes the next version of a model.' })
export class CreateModelVersionInput {
  @Field(() => String, { description: 'Model.' }) modelName!: string;
  @Field(() => ID, { description: 'Run that SUCCEEDED, with parity passed.' }) runId!: string;
}

@InputType({ description: 'Which version an alias stands for from now on.' })
export class SetModelAliasInput {
  @Field(() => String, { description: 'Model.' }) modelName!: string;
  @Field(() => String, {
    description: 'Alias: a lower-case letter, then up to 62 of a-z, 0-9 and -; `latest` and `v<number>` are reserved.',
  })
  alias!: string;
  @Field(() => Int, { description: 'Number of the version.' }) version!: number;
  @Field(() => String, { nullable: true, description: 'Why; kept in the history.' }) reason?: string;
  @Field(() => Boolean, {
    nullable: true,
    description: 'Moves a protected alias past its gates, where a rule grants `breakGlass`; needs a reason.',
  })
  breakGlass?: boolean;
}

@InputType({ description: 'An alias to remove; its history stays.' })
export class RemoveModelAliasInput {
  @Field(() => String, { description: 'Model.' }) modelName!: string;
  @Field(() => String, { description: 'Alias.' }) alias!: string;
  @Field(() => String, { nullable: true, description: 'Why; kept in the history.' }) reason?: string;
  @Field(() => Boolean, {
    nullable: true,
    description: 'Moves a protected alias past its gates, where a rule grants `breakGlass`; needs a reason.',
  })
  breakGlass?: boolean;
}

@InputType({ description: 'An alias that shall stand again for a version that it stood for before.' })
export class RollbackModelAliasInput {
  @Field(() => String, { description: 'Model.' }) modelName!: string;
  @Field(() => String, { description: 'Alias.' }) alias!: string;
  @Field(() => Int, { nullable: true, description: 'Number of the version; default the one before the present.' })
  version?: number;
  @Field(() => String, { description: 'Why; kept in the history.' }) reason!: string;
}

@InputType({ description: 'Restricts a list of models.' })
export class ModelFilter {
  @Field(() => String, { nullable: true, description: 'Part of the name, any case.' }) nameContains?: string;
}

@InputType({ description: 'Restricts a list of model versions.' })
export class ModelVersionFilter {
  @Field(() => ID, { nullable: true, description: 'Versions of this model.' }) modelId?: string;
  @Field(() => ID, { nullable: true, description: 'Versions that this run trained.' }) runId?: string;
}

@ObjectType({ description: 'Result of createModel.' })
export class CreateModelPayload {
  @Attribute(() => Model, 'open', 'The new model.', { nullable: true }) model!: unknown;
}

@ObjectType({ description: 'Result of createModelVersion.' })
export class CreateModelVersionPayload {
  @Attribute(() => ModelVersion, 'open', 'The new version.', { nullable: true }) modelVersion!: unknown;
}

@ObjectType({ description: 'Result of setModelAlias.' })
export class SetModelAliasPayload {
  @Attribute(() => ModelAlias, 'open', 'The alias as it stands.', { nullable: true }) alias!: unknown;
}

@ObjectType({ description: 'Result of removeModelAlias.' })
export class RemoveModelAliasPayload {
  @Attribute(() => Model, 'open', 'The model, without the alias.', { nullable: true }) model!: unknown;
}
