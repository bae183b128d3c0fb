import { Attribute, connectionOf, DateTime, EntityType } from '@falaj/subgraph-kit';
import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';

export const ShadowState = { ACTIVE: 'ACTIVE', STOPPED: 'STOPPED' } as const;
registerEnumType(ShadowState, { name: 'ShadowState', description: 'Whether requests are copied to it.' });

@ObjectType({ description: 'A distribution: its mean, and its quantiles to a relative error of 1 %.' })
export class Quantiles {
  @Attribute(() => Float, 'internal', 'Mean.', { nullable: true }) mean!: number | null;
  @Attribute(() => Float, 'internal', 'Smallest.', { nullable: true }) minimum!: number | null;
  @Attribute(() => Float, 'internal', '5 % lie below.', { nullable: true }) p5!: number | null;
  @Attribute(() => Float, 'internal', 'Half lie below.', { nullable: true }) p50!: number | null;
  @Attribute(() => Float, 'internal', '95 % lie below.', { nullable: true }) p95!: number | null;
  @Attribute(() => Float, 'internal', 'Greatest.', { nullable: true }) maximum!: number | null;
}

@ObjectType({ description: 'How the answers of a shadow differ from those that were given.' })
export class ShadowReport {
  @Attribute(() => Int, 'internal', 'Requests that both answered.') compared!: number;
  @Attribute(() => Int, 'internal', 'Requests that the shadow failed on, or did not answer within 10 s.')
  failed!: number;
  @Attribute(() => Int, 'internal', 'Copies that were dropped because too many waited.') dropped!: number;
  @Attribute(() => Int, 'internal', 'Rows compared.') rows!: number;
  @Attribute(() => Float, 'internal', 'Share of the rows on which the two decide differently.', { nullable: true })
  disagreement!: number | null;
  @Attribute(() => Quantiles, 'internal', 'Score of the shadow minus that of the answer, row by row.')
  scoreDelta!: Quantiles;
  @Attribute(() => Quantiles, 'internal', 'Milliseconds of the answers that were given.') answerLatency!: Quantiles;
  @Attribute(() => Quantiles, 'internal', 'Milliseconds of the shadow, for the same requests.')
  shadowLatency!: Quantiles;
  @Attribute(() => Float, 'internal', 'Median latency of the shadow minus that of the answers, milliseconds.', {
    nullable: true,
  })
  latencyDelta!: number | null;
}

@EntityType('Shadow', 'A revision that gets copies of an endpoint’s requests and answers nobody.')
export class Shadow {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => Int, 'internal', 'Revision.') revision!: number;
  @Attribute(() => Int, 'internal', 'Share of the requests that is copied, in basis points.') sampleRate!: number;
  @Attribute(() => Float, 'internal', 'Score from which on it decides yes.') threshold!: number;
  @Attribute(() => ShadowState, 'internal', 'Whether requests are copied to it.') state!: string;
  @Attribute(() => DateTime, 'internal', 'When it was stopped.', { nullable: true }) stoppedAt!: Date | null;
  @Attribute(() => String, 'internal', 'Zone of the endpoint.') zone!: string;
  @Attribute(() => String, 'pii', 'Who started it.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When it was started.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

export const ShadowConnection = connectionOf(() => Shadow, 'Shadow');

@InputType({ description: 'A shadow.' })
export class StartShadowInput {
  @Field(() => ID, { description: 'Endpoint.' }) endpointId!: string;
  @Field(() => Int, { description: 'Revision, from stageRevision.' }) revision!: number;
  @Field(() => Int, { defaultValue: 10_000, description: 'Share of the requests to copy, 1 to 10,000 basis points.' })
  sampleRate!: number;
  @Field(() => Float, { defaultValue: 0.5, description: 'Score from which on it decides yes.' }) threshold!: number;
}

@ObjectType({ description: 'Result of startShadow and stopShadow.' })
export class ShadowPayload {
  @Attribute(() => Shadow, 'open', 'The shadow.', { nullable: true }) shadow!: unknown;
}
