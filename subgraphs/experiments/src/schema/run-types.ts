import { Attribute, connectionOf, DateTime, EntityType, ExtendedEntityType, JSONObject } from '@falaj/subgraph-kit';
import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';

export const RunState = {
  QUEUED: 'QUEUED',
  RUNNING: 'RUNNING',
  SUCCEEDED: 'SUCCEEDED',
  FAILED: 'FAILED',
  CANCELLED: 'CANCELLED',
} as const;
registerEnumType(RunState, { name: 'RunState', description: 'Where a run stands; the last three are final.' });

export const RunKind = { TRAINING: 'TRAINING', LOGGED: 'LOGGED' } as const;
registerEnumType(RunKind, {
  name: 'RunKind',
  description:
    'TRAINING: the platform runs it, with trainer, training set and parity. LOGGED: its user runs and logs it.',
});

export const Task = { BINARY: 'binary', MULTICLASS: 'multiclass', REGRESSION: 'regression' } as const;
registerEnumType(Task, { name: 'TrainingTask', description: 'What the label is: 0 or 1, a class index, or a number.' });

@ObjectType({ description: 'A measured value of a run.' })
export class Metric {
  @Attribute(() => String, 'open', 'Name, e.g. `trainingLoss`.') key!: string;
  @Attribute(() => Int, 'internal', 'Step at which it was measured.') step!: number;
  @Attribute(() => Float, 'sensitive', 'Value; null where it is not a finite number, see `text`.') value!:
    | number
    | null;
  @Attribute(() => String, 'sensitive', 'Value as text: `NaN`, `Infinity` and `-Infinity` are kept.') text!: string;
  @Attribute(() => DateTime, 'internal', 'When it was measured.') loggedAt!: Date;
}

@ObjectType({ description: 'Scores of a baseline that any model must beat.' })
export class BaselineScores {
  @Attribute(() => String, 'open', 'Baseline.') name!: string;
  @Attribute(() => JSONObject, 'sensitive', 'Scores by name.') scores!: Record<string, number | null>;
}

@ObjectType({ description: 'Scores of the exported model on rows held out by time, beside baselines.' })
export class Evaluation {
  @Attribute(() => Int, 'internal', 'Rows held out: the last by time.') rows!: number;
  @Attribute(() => Int, 'internal', 'Rows trained on, validation included.') trainedRows!: number;
  @Attribute(() => Float, 'sensitive', 'Mean label among the trained rows.') baseRate!: number;
  @Attribute(
    () => JSONObject,
    'sensitive',
    'Scores by name: auc, logLoss, brier; or rmse, mae, r2; or accuracy, logLoss.',
  )
  scores!: Record<string, number | null>;
  @Attribute(() => [BaselineScores], 'sensitive', 'Baselines on the same rows.') baselines!: BaselineScores[];
}

@ObjectType({ description: 'Evidence that the exported model answers as the trainer did.' })
export class ParityEvidence {
  @Attribute(() => Int, 'internal', 'Rows compared.') rows!: number;
  @Attribute(() => Float, 'internal', 'Largest absolute difference of two predictions.') maxDifference!: number;
  @Attribute(() => Float, 'internal', 'Largest difference that is accepted.') tolerance!: number;
  @Attribute(() => Boolean, 'internal', 'Whether it is within the tolerance.') passed!: boolean;
}

@ObjectType({ description: 'How much a column contributed.' })
export class FeatureImportance {
  @Attribute(() => String, 'open', 'Column.') column!: string;
  @Attribute(() => Float, 'sensitive', 'Share of the total gain; all shares sum to 1.') share!: number;
}

@ObjectType({ description: 'An exact view version that a run learned from.' })
export class FeatureViewReference {
  @Attribute(() => ID, 'open', 'Id of the view version.') id!: string;
  @Attribute(() => String, 'open', 'Name.') name!: string;
  @Attribute(() => Int, 'open', 'Version.') version!: number;
}

@EntityType('Run', 'One training or trial, with everything that it was made of and what came out.')
export class Run {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => String, 'internal', 'Name.') name!: string;
  @Attribute(() => RunKind, 'internal', 'Who runs it.') kind!: string;
  @Attribute(() => RunState, 'internal', 'Where it stands.') state!: string;
  @Attribute(() => String, 'internal', 'Trainer plugin; null for a logged run.') trainer!: string | null;
  @Attribute(() => ID, 'internal', 'Training set that it learns from; null for a logged run, see `inputs`.')
  trainingSetId!: string | null;
  @Attribute(() => String, 'sensitive', 'Digest of the training set when the run began.') trainingSetDigest!:
    | string
    | null;
  @Attribute(
    () => [String],
    'internal',
    'Zones in which the model may be stored and processed, inherited from the training set.',
  )
  allowedZones!: string[];
  @Attribute(() => [String], 'internal', 'Categories of data, inherited from the training set.') categories!: string[];
  @Attribute(() => Int, 'internal', 'Seed: the same request with the same seed gives the same model.') seed!:
    | number
    | null;
  @Attribute(() => Int, 'internal', 'Steps done.') step!: number;
  @Attribute(() => Int, 'internal', 'Steps planned; 0 until known.') totalSteps!: number;
  @Attribute(() => Evaluation, 'sensitive', 'Scores on held-out rows.') evaluation!: Evaluation | null;
  @Attribute(() => ParityEvidence, 'internal', 'Parity of the exported model.') parity!: ParityEvidence | null;
  @Attribute(() => JSONObject, 'internal', 'Node, platform, trainer package and version.') environment!: Record<
    string,
    unknown
  > | null;
  @Attribute(() => String, 'internal', 'Code that trained it.') codeReference!: string | null;
  @Attribute(() => String, 'platform', 'Where the sealed model is kept.') modelArtifactKey!: string | null;
  @Attribute(() => String, 'sensitive', 'SHA-256 of the model.') modelDigest!: string | null;
  @Attribute(() => String, 'internal', 'Why it failed.') error!: string | null;
  @Attribute(() => DateTime, 'internal', 'Start of the training.') startedAt!: Date | null;
  @Attribute(() => DateTime, 'internal', 'End.') finishedAt!: Date | null;
  @Attribute(() => DateTime, 'internal', 'When it was put away; null for a run that lists show.')
  archivedAt!: Date | null;
  @Attribute(() => String, 'internal', 'Zone in which it ran.') zone!: string;
  @Attribute(() => [ID], 'internal', 'Transfer instruments that it rests on; none where the law allows its zone.')
  transferInstruments!: string[];
  @Attribute(() => DateTime, 'internal', 'When the first of them ends; null where it rests on none.')
  permittedUntil!: Date | null;
  @Attribute(() => ID, 'internal', 'Principal who started it; four-eyes rules compare it.') ownerId!: string;
  @Attribute(() => String, 'pii', 'Who started it.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When it was asked for.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

export const RunConnection = connectionOf(() => Run, 'Run');

@ExtendedEntityType('TrainingSet', 'A training set, owned by subgraph features.')
export class TrainingSet {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
}

@ObjectType({ description: 'A trainer that this deployment offers.' })
export class TrainerInfo {
  @Attribute(() => String, 'open', 'Name, as `startTrainingRun` takes it.') name!: string;
  @Attribute(() => String, 'internal', 'Package.') package!: string;
  @Attribute(() => String, 'internal', 'Version.') version!: string;
  @Attribute(() => String, 'internal', 'READY, DEGRADED, QUARANTINED or FAILED.') state!: string;
  @Attribute(() => String, 'internal', 'inline or process.') isolation!: string;
  @Attribute(() => [String], 'internal', 'Named abilities, e.g. `multiclass`.') capabilities!: string[];
}

@ObjectType({ description: 'A change of a run, as it happens.' })
export class RunProgress {
  @Attribute(() => ID, 'open', 'Run.') runId!: string;
  @Attribute(() => RunState, 'internal', 'Where it stands.') state!: string;
  @Attribute(() => Int, 'internal', 'Steps done.') step!: number;
  @Attribute(() => Int, 'internal', 'Steps planned; 0 until known.') totalSteps!: number;
  @Attribute(() => [Metric], 'sensitive', 'Latest value of each metric.') metrics!: Metric[];
}

@InputType({ description: 'A training to run.' })
export class StartTrainingRunInput {
  @Field(() => ID, { description: 'Experiment that it belongs to.' }) experimentId!: string;
  @Field(() => String, { description: 'Name.' }) name!: string;
  @Field(() => ID, { description: 'Training set to learn from.' }) trainingSetId!: string;
  @Field(() => String, { nullable: true, description: 'Zone to train in; default that of the training set.' })
  zone?: string;
  @Field(() => String, { nullable: true, description: 'Trainer plugin; default `gbdt`.' }) trainer?: string;
  @Field(() => Task, { nullable: true, description: 'What the label is; default BINARY.' }) task?: string;
  @Field(() => Int, { nullable: true, description: 'Number of classes; MULTICLASS only.' }) classes?: number;
  @Field(() => JSONObject, { nullable: true, description: 'Parameters of the trainer.' }) parameters?: Record<
    string,
    unknown
  >;
  @Field(() => Int, { nullable: true, description: 'Seed; default 1.' }) seed?: number;
  @Field(() => Float, { nullable: true, description: 'Share of rows, the last by time, held out; default 0.3.' })
  holdoutFraction?: number;
  @Field(() => Float, {
    nullable: true,
    description: 'Share of the trained rows, the last by time, for early stopping; default 0.15.',
  })
  validationFraction?: number;
  @Field(() => [String], { nullable: true, description: 'Carried columns whose group mean is a baseline.' })
  groupBaseline?: string[];
}

@ObjectType({ description: 'Result of startTrainingRun and cancelRun.' })
export class RunPayload {
  @Attribute(() => Run, 'open', 'The run.', { nullable: true }) run!: unknown;
}

@InputType({ description: 'Restricts a list of runs.' })
export class RunFilter {
  @Field(() => ID, { nullable: true, description: 'Runs of this experiment.' }) experimentId?: string;
  @Field(() => RunState, { nullable: true, description: 'Runs in this state.' }) state?: string;
  @Field(() => ID, { nullable: true, description: 'Runs that read this training set.' }) trainingSetId?: string;
  @Field(() => Boolean, { nullable: true, description: 'Archived runs instead of the others.' }) archived?: boolean;
}
