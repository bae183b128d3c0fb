import { JSONObject } from '@falaj/subgraph-kit';
import { Field, Float, ID, InputType, Int } from 'type-graphql';
import { PipelineRunState, PipelineStageType, PipelineTriggerKind, PipelineValueType } from './pipeline-types.js';

@InputType({ description: 'A parameter that runs of a pipeline take.' })
export class PipelineParameterInput {
  @Field(() => String, { description: 'Name.' }) name!: string;
  @Field(() => PipelineValueType, { description: 'Type; not ARTIFACT.' }) type!: string;
  @Field(() => JSONObject, {
    nullable: true,
    description: 'What a run takes that is not told, as `{ value: … }`; without it a run must be told.',
  })
  standard?: { value?: unknown };
  @Field(() => String, { nullable: true, description: 'What it means.' }) description?: string;
}

@InputType({ description: 'A stage.' })
export class PipelineStageInput {
  @Field(() => String, { description: 'Unique in the pipeline.' }) name!: string;
  @Field(() => PipelineStageType, { description: 'What it does.' }) type!: string;
  @Field(() => [String], { nullable: true, description: 'Stages before it, beside those whose outputs it mentions.' })
  needs?: string[];
  @Field(() => JSONObject, {
    nullable: true,
    description: `Parameters by type; texts may mention \${parameters.name} and \${stages.name.output}.`,
  })
  parameters?: Record<string, unknown>;
  @Field(() => Int, { nullable: true, description: 'Further attempts after the first, 0 to 20; default 0.' })
  retries?: number;
  @Field(() => Float, { nullable: true, description: 'Seconds before the second attempt; doubles; default 1.' })
  backoffSeconds?: number;
  @Field(() => Float, { nullable: true, description: 'Seconds that one attempt may take; default no limit.' })
  timeoutSeconds?: number;
  @Field(() => Boolean, { nullable: true, description: 'Whether an earlier result may stand; default by type.' })
  cache?: boolean;
  @Field(() => Float, { nullable: true, description: 'Seconds after which an earlier result no longer stands.' })
  cacheSeconds?: number;
}

@InputType({ description: 'A pipeline. Where it differs from the newest version of its name it is the next one.' })
export class CreatePipelineInput {
  @Field(() => String, { description: 'Lower-case letter, then up to 62 of a-z, 0-9, _ and -.' }) name!: string;
  @Field(() => String, { nullable: true, description: 'What it is for.' }) description?: string;
  @Field(() => [PipelineParameterInput], { nullable: true, description: 'Parameters of its runs.' })
  parameters?: PipelineParameterInput[];
  @Field(() => [PipelineStageInput], { description: 'Stages, 1 to 100.' }) stages!: PipelineStageInput[];
  @Field(() => Int, { nullable: true, description: 'Runs at a time, over all processes; default 1.' })
  concurrency?: number;
  @Field(() => Int, { nullable: true, description: 'Higher begins first, -1000 to 1000; default 0.' })
  priority?: number;
}

@InputType({ description: 'A run to start.' })
export class StartPipelineRunInput {
  @Field(() => String, { description: 'Pipeline.' }) pipeline!: string;
  @Field(() => Int, { nullable: true, description: 'Version; default the newest.' }) version?: number;
  @Field(() => String, {
    description: 'Unique in the workspace: a second start under it is the same run.',
  })
  idempotencyKey!: string;
  @Field(() => JSONObject, { nullable: true, description: 'Parameters by name.' }) parameters?: Record<string, unknown>;
  @Field(() => Boolean, { nullable: true, description: 'Whether earlier results may stand; default true.' })
  caching?: boolean;
  @Field(() => Int, { nullable: true, description: 'Higher begins first; default that of the pipeline.' })
  priority?: number;
  @Field(() => String, { nullable: true, description: 'Zone of its records; default that of the caller.' })
  zone?: string;
}

@InputType({ description: 'A run to stop.' })
export class CancelPipelineRunInput {
  @Field(() => ID, { description: 'Run.' }) runId!: string;
  @Field(() => String, { description: 'Why.' }) reason!: string;
}

@InputType({ description: 'A run to go on with; what its stages made stays.' })
export class ResumePipelineRunInput {
  @Field(() => ID, { description: 'Run that is FAILED, REFUSED or CANCELLED.' }) runId!: string;
  @Field(() => Int, {
    nullable: true,
    description: 'Go on with this version of the pipeline; stages that are done must be the same in it.',
  })
  version?: number;
}

@InputType({ description: 'A decision about an APPROVE stage.' })
export class PipelineDecisionInput {
  @Field(() => ID, { description: 'Run.' }) runId!: string;
  @Field(() => String, { description: 'Stage that waits.' }) stage!: string;
  @Field(() => String, { description: 'Role in which you decide.' }) role!: string;
  @Field(() => String, { description: 'Why.' }) reason!: string;
}

@InputType({ description: 'Restricts a list of pipelines.' })
export class PipelineFilter {
  @Field(() => String, { nullable: true, description: 'Versions of this name.' }) name?: string;
  @Field(() => Boolean, { nullable: true, description: 'Only the newest version of each name.' }) newestOnly?: boolean;
}

@InputType({ description: 'Restricts a list of runs.' })
export class PipelineRunFilter {
  @Field(() => String, { nullable: true, description: 'Runs of this pipeline.' }) pipelineName?: string;
  @Field(() => PipelineRunState, { nullable: true, description: 'Runs in this state.' }) state?: string;
  @Field(() => PipelineTriggerKind, { nullable: true, description: 'Runs that were started so.' })
  triggerKind?: string;
  @Field(() => ID, { nullable: true, description: 'Runs on behalf of this principal.' }) ownerId?: string;
}

@InputType({ description: 'Times at which a pipeline runs.' })
export class SchedulePipelineInput {
  @Field(() => String, { description: 'Unique in the workspace; the same name again replaces the trigger.' })
  name!: string;
  @Field(() => String, { description: 'Pipeline; its newest version runs.' }) pipeline!: string;
  @Field(() => String, { description: 'Five fields (minute first) or six (second first), e.g. `0 3 * * *`.' })
  cron!: string;
  @Field(() => String, { nullable: true, description: 'IANA, e.g. `Asia/Dubai`; default UTC.' }) timeZone?: string;
  @Field(() => JSONObject, { nullable: true, description: 'Parameters of the runs.' }) parameters?: Record<
    string,
    unknown
  >;
  @Field(() => String, { nullable: true, description: 'Zone of the runs; default that of the caller.' }) zone?: string;
}

@InputType({ description: 'An event upon which a pipeline runs.' })
export class SetPipelineTriggerInput {
  @Field(() => String, { description: 'Unique in the workspace; the same name again replaces the trigger.' })
  name!: string;
  @Field(() => String, { description: 'Pipeline; its newest version runs.' }) pipeline!: string;
  @Field(() => String, {
    description: 'Name of the event, e.g. `data.new`, `drift.alarm`, or a topic that the platform publishes.',
  })
  event!: string;
  @Field(() => JSONObject, { nullable: true, description: 'What of the payload must be equal.' }) match?: Record<
    string,
    unknown
  >;
  @Field(() => JSONObject, {
    nullable: true,
    description: `Parameters of the runs; texts may mention \${event.name}.`,
  })
  parameters?: Record<string, unknown>;
  @Field(() => String, { nullable: true, description: 'Zone of the runs; default that of the caller.' }) zone?: string;
}

@InputType({ description: 'Something that happened.' })
export class TriggerPipelinesInput {
  @Field(() => String, { description: 'Name of the event.' }) event!: string;
  @Field(() => String, { description: 'The event of this key starts each pipeline once, however often it is told.' })
  key!: string;
  @Field(() => JSONObject, { nullable: true, description: 'What happened.' }) payload?: Record<string, unknown>;
}
