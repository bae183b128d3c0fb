import { Attribute, connectionOf, DateTime, EntityType, ExtendedEntityType, JSONObject } from '@falaj/subgraph-kit';
import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';

export const EndpointState = { READY: 'READY', RETIRED: 'RETIRED' } as const;
registerEnumType(EndpointState, {
  name: 'EndpointState',
  description: 'READY answers requests; RETIRED no longer does.',
});

export const PermitEnd = { EXPIRED: 'EXPIRED', REVOKED: 'REVOKED' } as const;
registerEnumType(PermitEnd, {
  name: 'PermitEnd',
  description: 'How the transfer instrument of a placement ended: by its time, or before it.',
});

@ObjectType({ description: 'A tensor that an endpoint takes or gives.' })
export class TensorDescription {
  @Attribute(() => String, 'open', 'Name.') name!: string;
  @Attribute(() => String, 'internal', 'Datatype of the Open Inference Protocol, e.g. FP32.') datatype!: string;
  @Attribute(() => [Int], 'internal', 'Shape; -1 marks a variable dimension.') shape!: number[];
}

@ObjectType({ description: 'A named fact that a compliance check looked at.' })
export class CheckEvidence {
  @Attribute(() => String, 'open', 'What it is.') name!: string;
  @Attribute(() => String, 'sensitive', 'What was found.') value!: string;
}

@ObjectType({ description: 'What a compliance check said of a deployment.' })
export class CheckVerdict {
  @Attribute(() => String, 'open', 'Permanent id, e.g. RES-005.') checkId!: string;
  @Attribute(() => String, 'internal', 'What it checks.') title!: string;
  @Attribute(() => String, 'internal', 'PASS, FAIL, ERROR, NOT_APPLICABLE or MANUAL_PENDING.') status!: string;
  @Attribute(() => String, 'internal', 'What was found, what the limit is, what would make it pass.') reason!: string;
  @Attribute(() => String, 'internal', 'What a verdict other than PASS does.') gate!: string;
  @Attribute(() => [String], 'internal', 'Law or standard behind it.') references!: string[];
  @Attribute(() => ID, 'internal', 'Waiver in force by which it went out all the same; null = none was needed.')
  waiverId?: string;
  @Attribute(() => [CheckEvidence], 'sensitive', 'Facts that it looked at.') evidence!: CheckEvidence[];
}

@EntityType('Endpoint', 'A named address that answers predictions by one revision of a model at a time.')
export class Endpoint {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => String, 'internal', 'Unique among the live endpoints of the workspace.') name!: string;
  @Attribute(() => EndpointState, 'internal', 'Whether it answers.') state!: string;
  @Attribute(() => Int, 'internal', 'Live revision, counted from 1.') revision!: number;
  @Attribute(() => [TensorDescription], 'internal', 'Tensors that it takes.') inputs!: TensorDescription[];
  @Attribute(() => [TensorDescription], 'internal', 'Tensors that it gives.') outputs!: TensorDescription[];
  @Attribute(() => String, 'internal', 'Device that really runs the model.') device!: string;
  @Attribute(() => [CheckVerdict], 'internal', 'Compliance verdicts on the live revision.') compliance!: CheckVerdict[];
  @Attribute(() => String, 'internal', 'Zone in which it serves.') zone!: string;
  @Attribute(() => String, 'pii', 'Who created it.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When it was created.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

export const EndpointConnection = connectionOf(() => Endpoint, 'Endpoint');

@EntityType('EndpointRevision', 'One model version as an endpoint served it.')
export class EndpointRevision {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => Int, 'internal', 'Counted from 1.') revision!: number;
  @Attribute(() => [CheckVerdict], 'internal', 'Compliance verdicts.') compliance!: CheckVerdict[];
  @Attribute(() => String, 'internal', 'Zone in which it served.') zone!: string;
  @Attribute(() => [ID], 'internal', 'Transfer instruments that it rests on; none where the law allows its zone.')
  transferInstruments!: string[];
  @Attribute(() => DateTime, 'internal', 'When the first of them ends; null where it rests on none.')
  permittedUntil!: Date | null;
  @Attribute(() => PermitEnd, 'internal', 'How what it rests on ended; null while it is in force.')
  permitEnd!: string | null;
  @Attribute(() => DateTime, 'internal', 'When that ended; from then on it is loaded nowhere.')
  permitEndedAt!: Date | null;
  @Attribute(() => ID, 'internal', 'Incident of that end, where it was serving.') permitIncidentId!: string | null;
  @Attribute(() => DateTime, 'internal', 'Since when it answers nobody, because of that end.') drainedAt!: Date | null;
  @Attribute(() => String, 'pii', 'Who deployed it.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When it was deployed.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

export const EndpointRevisionConnection = connectionOf(() => EndpointRevision, 'EndpointRevision');

@ExtendedEntityType('ModelVersion', 'A model version, owned by subgraph models.')
export class ModelVersion {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
}

@InputType({ description: 'A new endpoint.' })
export class CreateEndpointInput {
  @Field(() => String, { description: 'Unique among the live endpoints of the workspace; part of its path.' })
  name!: string;
  @Field(() => ID, { description: 'Model version to serve.' }) modelVersionId!: string;
  @Field(() => String, { description: 'Zone in which to serve, e.g. `AE`.' }) zone!: string;
}

@InputType({ description: 'A new revision of an endpoint.' })
export class UpdateEndpointInput {
  @Field(() => ID, { description: 'Endpoint.' }) endpointId!: string;
  @Field(() => ID, { description: 'Model version to serve from now on.' }) modelVersionId!: string;
}

@ObjectType({ description: 'Result of createEndpoint, updateEndpoint and deleteEndpoint.' })
export class EndpointPayload {
  @Attribute(() => Endpoint, 'open', 'The endpoint.', { nullable: true }) endpoint!: unknown;
}

@InputType({ description: 'Restricts a list of endpoints.' })
export class EndpointFilter {
  @Field(() => EndpointState, { nullable: true, description: 'Endpoints in this state.' }) state?: string;
  @Field(() => String, { nullable: true, description: 'Endpoints in this zone.' }) zone?: string;
  @Field(() => String, { nullable: true, description: 'Exact name.' }) name?: string;
}

@InputType({
  description: 'Rows to predict: entity keys, whose features the server joins, or the features themselves.',
})
export class PredictInput {
  @Field(() => String, { description: 'Name of the endpoint.' }) endpoint!: string;
  @Field(() => String, { nullable: true, description: 'Model version; default the live one.' }) version?: string;
  @Field(() => [JSONObject], {
    nullable: true,
    description: 'One object of entity keys per row, optionally with `event_time` (ISO 8601; default now).',
  })
  rows?: Record<string, unknown>[];
  @Field(() => [[Float]], {
    nullable: true,
    description: 'One row of feature values each, in the order of the model; null is a missing value.',
  })
  features?: (number | null)[][];
  @Field(() => [String], { nullable: true, description: 'Output tensors wanted; default all.' }) outputs?: string[];
  @Field(() => String, {
    nullable: true,
    description: 'Key of whoever the prediction is about: the same key gets the same variant. Default: the request id.',
  })
  subject?: string;
}

@ObjectType({ description: 'A tensor of predictions.' })
export class OutputTensor {
  @Attribute(() => String, 'open', 'Name.') name!: string;
  @Attribute(() => String, 'internal', 'Datatype.') datatype!: string;
  @Attribute(() => [Int], 'internal', 'Shape.') shape!: number[];
  @Attribute(() => [Float], 'internal', 'Values, row by row.') values!: number[];
}

@ObjectType({ description: 'Predictions of an endpoint.' })
export class Prediction {
  @Attribute(() => String, 'internal', 'Endpoint that answered.') modelName!: string;
  @Attribute(() => String, 'internal', 'Model version that answered.') modelVersion!: string;
  @Attribute(() => Int, 'internal', 'Revision of the endpoint that answered.') revision!: number;
  @Attribute(() => String, 'internal', 'Variant that answered; `live` where the traffic is not split.')
  variant!: string;
  @Attribute(() => ID, 'open', 'Id of this inference, by which labels and outcomes are joined later.')
  inferenceId!: string;
  @Attribute(() => [OutputTensor], 'internal', 'Output tensors.') outputs!: OutputTensor[];
}
