import { Attribute, connectionOf, DateTime, EntityType } from '@falaj/subgraph-kit';
import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { waiverStates } from '../../store/compliance/tables.js';

export const AccessKind = { REQUEST: 'REQUEST', BREAK_GLASS: 'BREAK_GLASS' } as const;
registerEnumType(AccessKind, {
  name: 'AccessKind',
  description: 'How a role for a time was come by.',
  valuesConfig: {
    REQUEST: { description: 'It was asked for, and somebody else decides.' },
    BREAK_GLASS: { description: 'It was taken in an emergency, and somebody else reviews what was done.' },
  },
});

export const AccessState = Object.fromEntries(waiverStates.map((state) => [state, state])) as {
  readonly [State in (typeof waiverStates)[number]]: State;
};
registerEnumType(AccessState, {
  name: 'AccessState',
  description:
    'Where a request stands. An APPROVED one gives its role until `endsAt`; REVOKED: taken back, or ended early.',
});

@EntityType('AccessRequest', 'A role for a time: asked for and granted by somebody else, or taken in an emergency.')
export class AccessRequest {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => AccessKind, 'internal', 'How it was come by.') kind!: string;
  @Attribute(() => String, 'internal', 'Role.') role!: string;
  @Attribute(() => Int, 'internal', 'For how long, in seconds.') durationSeconds!: number;
  @Attribute(() => String, 'internal', 'What it is needed for.') reason!: string;
  @Attribute(() => AccessState, 'internal', 'Where it stands.') state!: string;
  @Attribute(() => DateTime, 'internal', 'From when the role was held.', { nullable: true }) beginsAt!: Date | null;
  @Attribute(() => DateTime, 'internal', 'When the role ends, or ended, by itself or by somebody.', { nullable: true })
  endsAt!: Date | null;
  @Attribute(() => ID, 'internal', 'Id of who decided, or ended it.', { nullable: true }) decidedById!: string | null;
  @Attribute(() => String, 'internal', 'Why it was decided so.', { nullable: true }) decision!: string | null;
  @Attribute(() => DateTime, 'internal', 'When it was decided.', { nullable: true }) decidedAt!: Date | null;
  @Attribute(() => ID, 'internal', 'Id of the incident that a broken glass is for.', { nullable: true })
  incidentId!: string | null;
  @Attribute(() => ID, 'internal', 'Id of who looked at what was done.', { nullable: true })
  reviewedById!: string | null;
  @Attribute(() => String, 'internal', 'What they found.', { nullable: true }) review!: string | null;
  @Attribute(() => DateTime, 'internal', 'When they did.', { nullable: true }) reviewedAt!: Date | null;
  @Attribute(() => ID, 'internal', 'Id of who asked for it or took it.') ownerId!: string;
  @Attribute(() => String, 'pii', 'Who asked for it or took it.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}
export const AccessRequestConnection = connectionOf(() => AccessRequest, 'AccessRequest');

@InputType({ description: 'Restricts requests for access.' })
export class AccessRequestFilter {
  @Field(() => AccessState, { nullable: true, description: 'Where they stand.' })
  state?: (typeof waiverStates)[number];
  @Field(() => AccessKind, { nullable: true, description: 'How they were come by.' }) kind?: 'REQUEST' | 'BREAK_GLASS';
  @Field(() => ID, { nullable: true, description: 'Who asked.' }) ownerId?: string;
  @Field(() => Boolean, {
    nullable: true,
    description: 'Broken glasses that nobody reviewed (false), or that somebody did (true).',
  })
  reviewed?: boolean;
}

const DURATION = 'For how long, in seconds';

@InputType({ description: 'A role that the caller would hold for a time.' })
export class RequestAccessInput {
  @Field(() => String, { description: 'Role, e.g. one of `explainDecision { remedies { role } }`.' }) role!: string;
  @Field(() => Int, { nullable: true, description: `${DURATION}, 60 to 7,776,000 (90 days); default 8 hours.` })
  durationSeconds?: number;
  @Field(() => String, { description: 'What it is needed for, in at least 10 characters.' }) reason!: string;
}

@InputType({ description: 'A role that the caller takes now, because of an emergency.' })
export class BreakGlassInput {
  @Field(() => String, { description: 'Role; those that administer cannot be taken.' }) role!: string;
  @Field(() => Int, { nullable: true, description: `${DURATION}, 60 to 3,600; default an hour.` })
  durationSeconds?: number;
  @Field(() => String, { description: 'What happens, in at least 10 characters.' }) reason!: string;
  @Field(() => ID, { nullable: true, description: 'Incident that it is for; absent, and one of P2 is opened.' })
  incidentId?: string;
}

@InputType({ description: 'The decision on a request for access.' })
export class DecideAccessRequestInput {
  @Field(() => ID, { description: 'Request.' }) accessRequestId!: string;
  @Field(() => Boolean, { description: 'Whether the role is granted, from now on.' }) approve!: boolean;
  @Field(() => String, { description: 'Why, in at least 10 characters.' }) reason!: string;
}

@InputType({ description: 'The end of a request, or of the access that it gave.' })
export class EndAccessInput {
  @Field(() => ID, { description: 'Request.' }) accessRequestId!: string;
  @Field(() => String, { description: 'Why, in at least 10 characters.' }) reason!: string;
}

@InputType({ description: 'What somebody found who looked at what was done behind a broken glass.' })
export class ReviewBreakGlassInput {
  @Field(() => ID, { description: 'Which.' }) accessRequestId!: string;
  @Field(() => String, { description: 'What was found, in at least 10 characters.' }) review!: string;
}

@ObjectType({ description: 'Result of a change of a request for access.' })
export class AccessRequestPayload {
  @Attribute(() => AccessRequest, 'open', 'The request.', { nullable: true }) accessRequest!: unknown;
}
