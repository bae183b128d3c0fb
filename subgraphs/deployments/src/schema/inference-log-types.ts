import { Attribute, connectionOf, DateTime, EntityType } from '@falaj/subgraph-kit';
import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';

export const InputClass = {
  open: 'open',
  internal: 'internal',
  pii: 'pii',
  sensitive: 'sensitive',
  secret: 'secret',
} as const;
registerEnumType(InputClass, {
  name: 'InputClass',
  description:
    'How an input is written down: open and internal as they are, pii as a keyed digest, sensitive and secret not at all.',
});

@ObjectType({ description: 'Class that was declared for an input or a feature column.' })
export class LoggedColumn {
  @Attribute(() => String, 'internal', 'Input or column, as the model names it.') column!: string;
  @Attribute(() => InputClass, 'internal', 'Class.') inputClass!: string;
}

@ObjectType({ description: 'What became of the inferences of an endpoint, over all processes, since its log was set.' })
export class InferenceLogCounts {
  @Attribute(() => Float, 'internal', 'Written down.') written!: number;
  @Attribute(() => Float, 'internal', 'Left out by the sample.') sampledOut!: number;
  @Attribute(() => Float, 'internal', 'Lost because they came faster than they could be written.') dropped!: number;
}

@EntityType('InferenceLog', 'Whether and how the inferences of an endpoint are written down.')
export class InferenceLog {
  @Attribute(() => ID, 'open', 'Endpoint that it is of.') id!: string;
  @Attribute(() => Boolean, 'internal', 'Whether inferences are written down now.') enabled!: boolean;
  @Attribute(() => Int, 'internal', 'Share of the requests that is kept, in basis points.') sampleRate!: number;
  @Attribute(() => Int, 'internal', 'Days after which a record is deleted.') retentionDays!: number;
  @Attribute(() => String, 'internal', 'Zone in which the records lie: that of the endpoint.') zone!: string;
  @Attribute(() => String, 'pii', 'Who set it.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When it was set.') updatedAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

@EntityType('InferenceRecord', 'One request to an endpoint and its answer, as they were written down.')
export class InferenceRecord {
  @Attribute(() => ID, 'open', 'Inference id, as the answer gave it.') id!: string;
  @Attribute(() => ID, 'internal', 'Endpoint.') endpointId!: string;
  @Attribute(() => DateTime, 'internal', 'When the request was taken up.') at!: Date;
  @Attribute(() => Int, 'internal', 'Revision that answered.') revision!: number;
  @Attribute(() => ID, 'internal', 'Model version that answered.') modelVersionId!: string;
  @Attribute(() => Int, 'internal', 'Its number.') modelVersion!: number;
  @Attribute(() => String, 'internal', 'Variant; live where the traffic is not split.') variant!: string;
  @Attribute(() => String, 'pii', 'Keyed digest of the subject; null where none was sent.', { nullable: true })
  subject!: string | null;
  @Attribute(() => ID, 'pii', 'Who asked.') principalId!: string;
  @Attribute(() => String, 'internal', 'The caller’s own id of the request.', { nullable: true })
  requestId!: string | null;
  @Attribute(() => String, 'internal', 'Trace, W3C Trace Context.', { nullable: true }) traceId!: string | null;
  @Attribute(() => Float, 'internal', 'Milliseconds from taking up the request to the answer.') latencyMs!: number;
  @Attribute(() => Int, 'internal', 'Rows that were asked for.') rowCount!: number;
  @Attribute(() => [String], 'internal', 'Inputs and columns that are not in clear.') redacted!: string[];
  @Attribute(() => String, 'internal', 'Code of the failure; null where it was answered.', { nullable: true })
  errorCode!: string | null;
  @Attribute(() => String, 'internal', 'Zone in which it lies.') zone!: string;
}

export const InferenceRecordConnection = connectionOf(() => InferenceRecord, 'InferenceRecord');

@InputType({ description: 'Class of an input; the stricter of this and what is known of its source holds.' })
export class LoggedColumnInput {
  @Field(() => String, { description: 'Input or column, as the model names it.' }) column!: string;
  @Field(() => InputClass, { description: 'Class.' }) inputClass!: string;
}

@InputType({ description: 'How the inferences of an endpoint are written down.' })
export class SetInferenceLogInput {
  @Field(() => ID, { description: 'Endpoint.' }) endpointId!: string;
  @Field(() => Boolean, { defaultValue: true, description: 'Whether they are written down.' }) enabled!: boolean;
  @Field(() => Int, { defaultValue: 10_000, description: 'Share that is kept, 1 to 10,000 basis points.' })
  sampleRate!: number;
  @Field(() => Int, { defaultValue: 30, description: 'Days after which a record is deleted, 1 to 3,650.' })
  retentionDays!: number;
  @Field(() => [LoggedColumnInput], { defaultValue: [], description: 'Inputs that are stricter than their source.' })
  classes!: LoggedColumnInput[];
}

@ObjectType({ description: 'Result of setInferenceLog.' })
export class InferenceLogPayload {
  @Attribute(() => InferenceLog, 'open', 'The log.', { nullable: true }) inferenceLog!: unknown;
}

@ObjectType({ description: 'Result of rewrapInferenceLogKeys.' })
export class RewrapInferenceLogKeysPayload {
  @Attribute(() => Int, 'open', 'Keys that were moved; the others were under it already.') rewrapped!: number;
}

@InputType({ description: 'Restriction of inference records.' })
export class InferenceRecordFilter {
  @Field(() => String, { nullable: true, description: 'Of this variant.' }) variant?: string;
  @Field(() => Int, { nullable: true, description: 'Answered by this model version.' }) modelVersion?: number;
  @Field(() => DateTime, { nullable: true, description: 'At this instant or later.' }) atSince?: Date;
  @Field(() => DateTime, { nullable: true, description: 'Before this instant.' }) atUntil?: Date;
  @Field(() => String, { nullable: true, description: 'That failed with this code; `*` with any, `-` with none.' })
  errorCode?: string;
}
