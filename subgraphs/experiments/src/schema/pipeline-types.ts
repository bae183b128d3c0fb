import { Attribute, connectionOf, DateTime, EntityType, JSONObject } from '@falaj/subgraph-kit';
import { Float, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { stageTypes, valueTypes } from '../domain/pipeline/definition.js';

const described = (values: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(values).map(([name, description]) => [name, { description }]));
const named = <T extends string>(values: readonly T[]) =>
  Object.fromEntries(values.map((value) => [value, value])) as { readonly [K in T]: K };

export const PipelineStageType = named(stageTypes);
registerEnumType(PipelineStageType, {
  name: 'PipelineStageType',
  description: 'What a stage does.',
  valuesConfig: described({
    PREPARE: 'Builds feature views and a training set.',
    VALIDATE: 'Holds rows, null shares and label rate of a training set to bounds.',
    TRAIN: 'Trains and waits for the end.',
    EVALUATE: 'Holds the scores of a training run to bounds.',
    REGISTER: 'Registers the model of a training run.',
    GATE: 'Lets the gates of the model judge a version.',
    APPROVE: 'Waits for the decision of a person who did not ask for the run.',
    DEPLOY: 'Lets an endpoint serve a version.',
    COMMAND: 'Runs a program in a process group of its own.',
  }),
});

export const PipelineValueType = named(valueTypes);
registerEnumType(PipelineValueType, { name: 'PipelineValueType', description: 'Type of a parameter or an output.' });

export const PipelineRunState = named([
  'QUEUED',
  'RUNNING',
  'WAITING',
  'SUCCEEDED',
  'FAILED',
  'REFUSED',
  'CANCELLED',
] as const);
registerEnumType(PipelineRunState, {
  name: 'PipelineRunState',
  description: 'Where a run of a pipeline stands.',
  valuesConfig: described({
    WAITING: 'A person is asked; nothing else goes on.',
    FAILED: 'Something broke; it can be resumed.',
    REFUSED: 'A rule or a person said no; it can be resumed.',
    CANCELLED: 'It was stopped; it can be resumed.',
  }),
});

export const PipelineStageState = named([
  'PENDING',
  'RUNNING',
  'WAITING',
  'SUCCEEDED',
  'CACHED',
  'FAILED',
  'REFUSED',
  'SKIPPED',
  'CANCELLED',
] as const);
registerEnumType(PipelineStageState, {
  name: 'PipelineStageState',
  description: 'Where a stage stands.',
  valuesConfig: described({
    WAITING: 'A person is asked.',
    CACHED: 'An earlier result of the same inputs stands for a new one.',
    REFUSED: 'A rule or a person said no.',
    SKIPPED: 'Something before it did not succeed.',
  }),
});

export const PipelineTriggerKind = named(['REQUEST', 'SCHEDULE', 'EVENT'] as const);
registerEnumType(PipelineTriggerKind, { name: 'PipelineTriggerKind', description: 'What started a run.' });

@ObjectType({ description: 'A parameter that runs of a pipeline take.' })
export class PipelineParameter {
  @Attribute(() => String, 'open', 'Name.') name!: string;
  @Attribute(() => PipelineValueType, 'open', 'Type.') type!: string;
  @Attribute(() => Boolean, 'open', 'Whether a run must be told.') required!: boolean;
  @Attribute(() => JSONObject, 'internal', 'What a run takes that is not told, under `value`.') standard!: {
    value: unknown;
  } | null;
  @Attribute(() => String, 'internal', 'What it means.') description!: string;
}

@ObjectType({ description: 'The program of a stage; policy must allow `execute` of it, and no built-in rule does.' })
export class PipelineCommand {
  @Attribute(() => String, 'internal', 'Program.') program!: string;
  @Attribute(() => [String], 'sensitive', 'Program and arguments.') argv!: string[];
}

@ObjectType({ description: 'A stage as it is defined.' })
export class PipelineStageDefinition {
  @Attribute(() => String, 'open', 'Unique in the pipeline.') name!: string;
  @Attribute(() => PipelineStageType, 'open', 'What it does.') type!: string;
  @Attribute(() => [String], 'open', 'Stages before it: those it names and those whose outputs it takes.')
  needs!: readonly string[];
  @Attribute(() => JSONObject, 'sensitive', 'Parameters, with references to parameters and outputs.')
  parameters!: object;
  @Attribute(() => Int, 'internal', 'Further attempts after the first.') retries!: number;
  @Attribute(() => Float, 'internal', 'Seconds before the second attempt; doubles.') backoffSeconds!: number;
  @Attribute(() => Float, 'internal', 'Seconds that one attempt may take; null = no limit.') timeoutSeconds!:
    | number
    | null;
  @Attribute(() => Boolean, 'internal', 'Whether an earlier result may stand for a new one.') cached!: boolean;
  @Attribute(() => PipelineCommand, 'internal', 'Program; COMMAND only.') command!: PipelineCommand | null;
}

@EntityType('Pipeline', 'A version of a pipeline: stages without a cycle, as data. It never changes.')
export class Pipeline {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => String, 'internal', 'Name, shared by its versions.') name!: string;
  @Attribute(() => Int, 'internal', 'Counted from 1.') version!: number;
  @Attribute(() => String, 'internal', 'What it is for.') description!: string;
  @Attribute(() => String, 'internal', 'Digest over everything that it is made of.') digest!: string;
  @Attribute(() => Int, 'internal', 'Runs of it at a time, over all processes.') concurrency!: number;
  @Attribute(() => Int, 'internal', 'Runs of a higher priority begin first.') priority!: number;
  @Attribute(() => String, 'pii', 'Who wrote it.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When it was written.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}
export const PipelineConnection = connectionOf(() => Pipeline, 'Pipeline');

@ObjectType({ description: 'Why a stage or a run did not succeed.' })
export class PipelineError {
  @Attribute(() => String, 'open', 'Code; STAGE_REFUSED where a rule or a person said no.') code!: string;
  @Attribute(() => String, 'internal', 'Stage.') stage!: string | null;
  @Attribute(() => String, 'internal', 'What is wrong, what was found, what to do.') message!: string;
  @Attribute(() => JSONObject, 'internal', 'Facts: rules, found values, limits.') details!: object | null;
}

@EntityType('PipelineRun', 'A run of a pipeline: durable, resumed on another process when its own dies.')
export class PipelineRun {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => String, 'internal', 'Pipeline.') pipelineName!: string;
  @Attribute(() => Int, 'internal', 'Version that it runs.') pipelineVersion!: number;
  @Attribute(() => String, 'internal', 'Key under which a second start is the same run.') idempotencyKey!: string;
  @Attribute(() => JSONObject, 'sensitive', 'Every parameter.') parameters!: object;
  @Attribute(() => Boolean, 'internal', 'Whether earlier results may stand for new ones.') caching!: boolean;
  @Attribute(() => Int, 'internal', 'Higher begins first.') priority!: number;
  @Attribute(() => PipelineTriggerKind, 'internal', 'What started it.') triggerKind!: string;
  @Attribute(() => ID, 'internal', 'Trigger that started it.') triggerId!: string | null;
  @Attribute(() => JSONObject, 'sensitive', 'Event that started it.') event!: object | null;
  @Attribute(() => PipelineRunState, 'internal', 'Where it stands.') state!: string;
  @Attribute(() => PipelineError, 'internal', 'Why it did not succeed.') error!: PipelineError | null;
  @Attribute(() => String, 'internal', 'Why it was cancelled.') cancelReason!: string | null;
  @Attribute(() => DateTime, 'internal', 'Begin of the first stage.') startedAt!: Date | null;
  @Attribute(() => DateTime, 'internal', 'End.') finishedAt!: Date | null;
  @Attribute(() => String, 'internal', 'Zone of its records and artifacts.') zone!: string;
  @Attribute(() => ID, 'internal', 'Principal on whose behalf it runs.') ownerId!: string;
  @Attribute(() => String, 'pii', 'On whose behalf it runs.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When it was asked for.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}
export const PipelineRunConnection = connectionOf(() => PipelineRun, 'PipelineRun');

@EntityType('PipelineStage', 'A stage of a run.')
export class PipelineStage {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => ID, 'open', 'Run.') runId!: string;
  @Attribute(() => Int, 'open', 'Place in the definition, from 0.') position!: number;
  @Attribute(() => String, 'internal', 'Name.') name!: string;
  @Attribute(() => PipelineStageType, 'internal', 'What it does.') type!: string;
  @Attribute(() => [String], 'internal', 'Stages before it.') needs!: string[];
  @Attribute(() => PipelineStageState, 'internal', 'Where it stands.') state!: string;
  @Attribute(() => Int, 'internal', 'Attempts so far; those of a killed process count.') attempts!: number;
  @Attribute(() => JSONObject, 'sensitive', 'Inputs, references resolved.') inputs!: object | null;
  @Attribute(() => JSONObject, 'sensitive', 'Outputs; an artifact is shown by key, digest and size.') outputs!:
    | object
    | null;
  @Attribute(() => PipelineError, 'internal', 'Why it did not succeed.') error!: PipelineError | null;
  @Attribute(() => String, 'sensitive', 'Last 16 KiB that its command wrote.') logTail!: string;
  @Attribute(() => ID, 'internal', 'Stage whose result stands here; CACHED only.') cachedFrom!: string | null;
  @Attribute(() => ID, 'internal', 'Training run that it started.') trainingRunId!: string | null;
  @Attribute(() => String, 'internal', 'Role in which it must be decided; APPROVE only.') approverRole!: string | null;
  @Attribute(() => String, 'internal', 'What is to be decided; APPROVE only.') question!: string | null;
  @Attribute(() => DateTime, 'internal', 'Begin.') startedAt!: Date | null;
  @Attribute(() => DateTime, 'internal', 'End.') finishedAt!: Date | null;
  @Attribute(() => DateTime, 'internal', 'When the run was asked for.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}
export const PipelineStageConnection = connectionOf(() => PipelineStage, 'PipelineStage');

@EntityType('PipelineDecision', 'What a person decided about an APPROVE stage. It never changes.')
export class PipelineDecision {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => Boolean, 'internal', 'For or against.') approved!: boolean;
  @Attribute(() => String, 'internal', 'Role in which it was decided.') role!: string;
  @Attribute(() => String, 'internal', 'Why.') reason!: string;
  @Attribute(() => ID, 'internal', 'Principal who decided.') ownerId!: string;
  @Attribute(() => String, 'pii', 'Who decided.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

@EntityType('PipelineTrigger', 'Starts runs at times or upon events, on behalf of its owner.')
export class PipelineTrigger {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => String, 'internal', 'Unique in the workspace.') name!: string;
  @Attribute(() => String, 'internal', 'Pipeline; its newest version runs.') pipelineName!: string;
  @Attribute(() => String, 'internal', 'Times, as cron; null for events.') cron!: string | null;
  @Attribute(() => String, 'internal', 'Time zone of the times.') timeZone!: string | null;
  @Attribute(() => String, 'internal', 'Event; null for times.') event!: string | null;
  @Attribute(() => JSONObject, 'internal', 'What of the payload must be equal.') eventMatch!: object;
  @Attribute(() => JSONObject, 'sensitive', `Parameters of its runs; \${event.x} takes from the payload.`)
  parameters!: object;
  @Attribute(() => Boolean, 'internal', 'Whether it starts runs.') active!: boolean;
  @Attribute(() => DateTime, 'internal', 'When it last started a run.') lastFiredAt!: Date | null;
  @Attribute(() => PipelineError, 'internal', 'Why its last run could not be started.')
  lastError!: PipelineError | null;
  @Attribute(() => String, 'internal', 'Zone of its runs.') zone!: string;
  @Attribute(() => String, 'pii', 'On whose behalf its runs go.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When it was made.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}
export const PipelineTriggerConnection = connectionOf(() => PipelineTrigger, 'PipelineTrigger');
