import { Attribute } from '@falaj/subgraph-kit';
import { Int, ObjectType } from 'type-graphql';
import { Pipeline, PipelineRun, PipelineTrigger } from './pipeline-types.js';

@ObjectType({ description: 'Result of createPipeline.' })
export class PipelinePayload {
  @Attribute(() => Pipeline, 'open', 'The version.', { nullable: true }) pipeline!: unknown;
  @Attribute(() => Boolean, 'open', 'Whether it is new; false where the newest version was the same.')
  created!: boolean;
}

@ObjectType({ description: 'Result of the mutations of runs.' })
export class PipelineRunPayload {
  @Attribute(() => PipelineRun, 'open', 'The run.', { nullable: true }) run!: unknown;
}

@ObjectType({ description: 'Result of startPipelineRun.' })
export class StartPipelineRunPayload {
  @Attribute(() => PipelineRun, 'open', 'The run.', { nullable: true }) run!: unknown;
  @Attribute(() => Boolean, 'open', 'Whether it is new; false where the idempotency key was used before.')
  started!: boolean;
}

@ObjectType({ description: 'Result of the mutations of triggers.' })
export class PipelineTriggerPayload {
  @Attribute(() => PipelineTrigger, 'open', 'The trigger.', { nullable: true }) trigger!: unknown;
}

@ObjectType({ description: 'Result of triggerPipelines.' })
export class TriggerPipelinesPayload {
  @Attribute(() => Int, 'open', 'Triggers that wait for this event.') matched!: number;
  @Attribute(() => Int, 'open', 'Those that had not yet been told of it; their runs begin in a moment.')
  fired!: number;
}
