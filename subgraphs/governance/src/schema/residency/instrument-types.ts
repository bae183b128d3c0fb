import { Attribute, connectionOf, DateTime, EntityType } from '@falaj/subgraph-kit';
import { Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { waiverStates } from '../../store/compliance/tables.js';

export const InstrumentState = Object.fromEntries(waiverStates.map((state) => [state, state])) as {
  readonly [State in (typeof waiverStates)[number]]: State;
};
registerEnumType(InstrumentState, {
  name: 'InstrumentState',
  description: 'Where a transfer instrument stands. Only an APPROVED one counts, between its dates.',
});

@EntityType(
  'TransferInstrument',
  'What permits data to go where its law does not let it go by itself: recorded by one, approved by another.',
)
export class TransferInstrument {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => String, 'internal', 'Kind, as a rule of law names it, e.g. `SCC`, `MOH_EXCEPTION`.') type!: string;
  @Attribute(() => String, 'internal', 'Zone whose data it is for.') dataZone!: string;
  @Attribute(() => [String], 'internal', 'Categories of data that it is for.') categories!: string[];
  @Attribute(() => [String], 'internal', 'Zones that it opens to them.') targetZones!: string[];
  @Attribute(() => String, 'internal', 'Where the document is: number or address.') reference!: string;
  @Attribute(() => String, 'internal', 'Digest of the document, `sha256:` and 64 hex digits.', { nullable: true })
  documentDigest!: string | null;
  @Attribute(() => String, 'internal', 'Why it was recorded.') reason!: string;
  @Attribute(() => DateTime, 'internal', 'From when it counts.') validFrom!: Date;
  @Attribute(() => DateTime, 'internal', 'Until when it counts.') validTo!: Date;
  @Attribute(() => InstrumentState, 'internal', 'Where it stands.') state!: string;
  @Attribute(() => ID, 'internal', 'Id of who recorded it.') ownerId!: string;
  @Attribute(() => String, 'pii', 'Who recorded it.') owner!: string;
  @Attribute(() => ID, 'internal', 'Id of who decided.') decidedById!: string | null;
  @Attribute(() => String, 'internal', 'Why it was decided so.') decision!: string | null;
  @Attribute(() => DateTime, 'internal', 'When it was decided.') decidedAt!: Date | null;
  @Attribute(() => DateTime, 'internal', 'When it was recorded.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}
export const TransferInstrumentConnection = connectionOf(() => TransferInstrument, 'TransferInstrument');

@InputType({ description: 'Restricts transfer instruments.' })
export class TransferInstrumentFilter {
  @Field(() => InstrumentState, { nullable: true, description: 'Where they stand.' })
  state?: (typeof waiverStates)[number];
  @Field(() => String, { nullable: true, description: 'Kind.' }) type?: string;
  @Field(() => String, { nullable: true, description: 'Zone whose data they are for.' }) dataZone?: string;
}

@InputType({ description: 'A transfer instrument, to be approved by somebody else.' })
export class RecordTransferInstrumentInput {
  @Field(() => String, { description: 'Kind, as a rule of `residencyRules` names it.' }) type!: string;
  @Field(() => String, { description: 'Zone whose data it is for, e.g. `AE`.' }) dataZone!: string;
  @Field(() => [String], { description: 'Categories of data that it is for.' }) categories!: string[];
  @Field(() => [String], { description: 'Zones that it opens to them.' }) targetZones!: string[];
  @Field(() => String, { description: 'Where the document is: number or address.' }) reference!: string;
  @Field(() => String, { nullable: true, description: 'Digest of the document, `sha256:` and 64 hex digits.' })
  documentDigest?: string;
  @Field(() => String, { description: 'Why, in at least 10 characters.' }) reason!: string;
  @Field(() => DateTime, { nullable: true, description: 'From when it counts; default now.' }) validFrom?: Date;
  @Field(() => DateTime, { description: 'Until when it counts.' }) validTo!: Date;
}

@InputType({ description: 'The decision on a transfer instrument.' })
export class DecideTransferInstrumentInput {
  @Field(() => ID, { description: 'Instrument.' }) instrumentId!: string;
  @Field(() => Boolean, { description: 'Whether it counts.' }) approve!: boolean;
  @Field(() => String, { description: 'Why, in at least 10 characters.' }) reason!: string;
}

@InputType({ description: 'The end of a transfer instrument before its time.' })
export class RevokeTransferInstrumentInput {
  @Field(() => ID, { description: 'Instrument.' }) instrumentId!: string;
  @Field(() => String, { description: 'Why, in at least 10 characters.' }) reason!: string;
}

@ObjectType({ description: 'Result of a change of a transfer instrument.' })
export class TransferInstrumentPayload {
  @Attribute(() => TransferInstrument, 'open', 'The instrument.', { nullable: true }) instrument!: unknown;
}
