import { Attribute, connectionOf, DateTime, EntityType } from '@falaj/subgraph-kit';
import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { rotationStates } from '../../store/keys/tables.js';

export const KeyRotationState = Object.fromEntries(rotationStates.map((name) => [name, name])) as {
  [K in (typeof rotationStates)[number]]: K;
};
registerEnumType(KeyRotationState, { name: 'KeyRotationState', description: 'How far a rotation is.' });

@ObjectType({
  description: 'The key-encryption key of a zone, as it wraps now. The key itself never leaves its store.',
})
export class ZoneKey {
  @Attribute(() => String, 'open', 'Zone.') zone!: string;
  @Attribute(() => String, 'internal', 'Key and version, e.g. `ws_1/AE#2`.') keyId!: string;
  @Attribute(() => DateTime, 'internal', 'When this version was made.') createdAt!: Date;
  @Attribute(() => String, 'internal', 'Where it lives.') protection!: string;
}

@EntityType(
  'KeyRotation',
  'A change of the key of a zone, and the rewrapping of all that it wrapped. Contents are not touched.',
)
export class KeyRotation {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => String, 'internal', 'Zone.') zone!: string;
  @Attribute(() => String, 'internal', 'Why.') reason!: string;
  @Attribute(() => Boolean, 'internal', 'Whether versions before the new one are to end.') retire!: boolean;
  @Attribute(() => KeyRotationState, 'internal', 'How far it is.') state!: string;
  @Attribute(() => String, 'internal', 'Key id before.') fromKeyId!: string | null;
  @Attribute(() => String, 'internal', 'Key id since.') toKeyId!: string | null;
  @Attribute(() => Int, 'internal', 'Artifacts of the zone that the newest pass has seen.') artifacts!: number;
  @Attribute(() => Int, 'internal', 'Artifacts that were moved under the new version.') rewrapped!: number;
  @Attribute(() => Int, 'internal', 'Data keys in tables that were moved.') wrappedKeys!: number;
  @Attribute(() => [String], 'internal', 'Artifacts that could not be opened and were left as they are.')
  corrupt!: string[];
  @Attribute(() => DateTime, 'internal', 'When the versions before ended.') retiredAt!: Date | null;
  @Attribute(() => DateTime, 'internal', 'When it ended.') endedAt!: Date | null;
  @Attribute(() => String, 'internal', 'Why it failed.') error!: string | null;
  @Attribute(() => ID, 'internal', 'Id of who began it.') ownerId!: string;
  @Attribute(() => String, 'pii', 'Who began it.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When it began.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}
export const KeyRotationConnection = connectionOf(() => KeyRotation, 'KeyRotation');

@InputType({ description: 'A rotation.' })
export class RotateKeyInput {
  @Field(() => String, { description: 'Zone whose key changes.' }) zone!: string;
  @Field(() => String, { description: 'Why, for the record.' }) reason!: string;
  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Whether versions before the new one end afterwards: copies and backups under them are then lost.',
  })
  retire!: boolean;
}

@ObjectType({ description: 'Result of rotateKey.' })
export class KeyRotationPayload {
  @Attribute(() => KeyRotation, 'open', 'The rotation, which goes on.', { nullable: true }) rotation!: unknown;
}
