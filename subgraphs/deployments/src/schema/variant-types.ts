import { Attribute, connectionOf, DateTime, EntityType } from '@falaj/subgraph-kit';
import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Endpoint } from './endpoint-types.js';

export const SplitKind = { MANUAL: 'MANUAL', ROLLOUT: 'ROLLOUT', AB_TEST: 'AB_TEST' } as const;
registerEnumType(SplitKind, { name: 'SplitKind', description: 'Who decides over the weights of a traffic split.' });

@ObjectType({ description: 'A revision of an endpoint under a name, with its share of the traffic.' })
export class Variant {
  @Attribute(() => String, 'open', 'Name, told with every answer.') name!: string;
  @Attribute(() => Int, 'internal', 'Revision that answers.') revision!: number;
  @Attribute(() => Int, 'internal', 'Share of the traffic in basis points; 0 answers nobody.') weight!: number;
}

@EntityType('TrafficSplit', 'How the traffic of an endpoint is divided over its variants.')
export class TrafficSplit {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => SplitKind, 'internal', 'Who decides over the weights.') kind!: string;
  @Attribute(() => ID, 'internal', 'Rollout or A/B test that it belongs to; null for one made by hand.', {
    nullable: true,
  })
  studyId!: string | null;
  @Attribute(
    () => String,
    'internal',
    'Salt of the buckets: first 12 hex digits of SHA-256 over salt, line feed and subject, modulo 10,000.',
  )
  salt!: string;
  @Attribute(() => [Variant], 'internal', 'All variants, in the order of their buckets.') variants!: Variant[];
  @Attribute(() => String, 'internal', 'Zone of the endpoint.') zone!: string;
  @Attribute(() => String, 'pii', 'Who split it.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When it was first split.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

@EntityType('RevisionActivation', 'A revision became the live one of its endpoint.')
export class RevisionActivation {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => Int, 'internal', 'Revision.') revision!: number;
  @Attribute(() => String, 'internal', 'DEPLOYED, ROLLED_BACK or PROMOTED.') cause!: string;
  @Attribute(() => DateTime, 'internal', 'When.') at!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

export const RevisionActivationConnection = connectionOf(() => RevisionActivation, 'RevisionActivation');

@InputType({ description: 'A model version to make a revision of, which answers nobody yet.' })
export class StageRevisionInput {
  @Field(() => ID, { description: 'Endpoint.' }) endpointId!: string;
  @Field(() => ID, { description: 'Model version.' }) modelVersionId!: string;
}

@ObjectType({ description: 'Result of stageRevision.' })
export class StageRevisionPayload {
  @Attribute(() => Endpoint, 'open', 'The endpoint.', { nullable: true }) endpoint!: unknown;
  @Attribute(() => Int, 'open', 'The new revision.') revision!: number;
}

@InputType({ description: 'A variant of a split.' })
export class VariantInput {
  @Field(() => String, { description: 'Lower-case name, unique in the split.' }) name!: string;
  @Field(() => Int, { description: 'Revision of the endpoint.' }) revision!: number;
  @Field(() => Int, { description: 'Basis points, 0 to 10,000; all together 10,000.' }) weight!: number;
}

@InputType({ description: 'A split of the traffic by hand.' })
export class SplitTrafficInput {
  @Field(() => ID, { description: 'Endpoint.' }) endpointId!: string;
  @Field(() => [VariantInput], { description: 'Variants; none sends everything to the live revision.' })
  variants!: VariantInput[];
}

@InputType({ description: 'A way back.' })
export class RollbackEndpointInput {
  @Field(() => ID, { description: 'Endpoint.' }) endpointId!: string;
  @Field(() => Int, {
    nullable: true,
    description:
      'Revision to answer by. Default: the live one where the traffic is split, else the newest that was live before it.',
  })
  toRevision?: number;
  @Field(() => String, { description: 'Why, for the audit record.' }) reason!: string;
}
