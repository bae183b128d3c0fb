import { Attribute, connectionOf, DateTime, EntityType } from '@falaj/subgraph-kit';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { KeyRotationState } from './key-types.js';

@ObjectType({
  description:
    'A version that learned, or may have learned, from the subject. What it learned cannot be taken out: whoever answers for it has to decide whether to train it anew, and to write the decision down.',
})
export class AffectedModel {
  @Attribute(() => ID, 'open', 'Id of the model version.') id!: string;
  @Attribute(() => String, 'internal', 'Model.') name!: string;
  @Attribute(() => Int, 'internal', 'Version.') version!: number;
  @Attribute(() => [String], 'internal', 'Categories of what it learned from.') categories!: string[];
  @Attribute(
    () => String,
    'internal',
    'YES: its training set held rows of the subject. PERHAPS: it learned from personal data that names no subjects.',
  )
  learned!: string;
}

@ObjectType({ description: 'What was erased in one place.' })
export class ErasedPart {
  @Attribute(() => String, 'internal', 'KEYS, INFERENCE_LOG, AB_TESTS, ONLINE_STORE, OFFLINE_STORE or TRAINING_SET.')
  store!: string;
  @Attribute(() => String, 'internal', 'Zone.') zone!: string;
  @Attribute(() => ID, 'internal', 'View version or training set.') subjectId!: string | null;
  @Attribute(() => Int, 'internal', 'Rows, records or keys; null where what was there is gone uncounted.') erased!:
    | number
    | null;
  @Attribute(
    () => String,
    'internal',
    'KEY_DESTROYED: nobody can tell whose it is. DELETED, REBUILT: it is not there any more. RENAMED: it counts on under a random name.',
  )
  how!: string;
}

@ObjectType({ description: 'What an erasure cannot reach.' })
export class LeftPart {
  @Attribute(() => String, 'internal', 'What is left.') what!: string;
  @Attribute(() => String, 'internal', 'Why.') why!: string;
  @Attribute(() => String, 'internal', 'What is to be done about it, and by whom.') whatToDo!: string;
}

@EntityType('SubjectErasure', 'The erasure of a data subject, and what was found. Never whose.')
export class SubjectErasure {
  @Attribute(() => ID, 'open', 'Opaque id: give it to the subject, nothing here leads back to them.') id!: string;
  @Attribute(() => String, 'internal', 'Why, e.g. the number of the request.') reason!: string;
  @Attribute(() => [String], 'internal', 'Zones that are looked through.') zones!: string[];
  @Attribute(() => KeyRotationState, 'internal', 'How far it is.') state!: string;
  @Attribute(() => DateTime, 'internal', 'When it ended.') endedAt!: Date | null;
  @Attribute(() => String, 'internal', 'Why it failed. What was done stays done: ask again.') error!: string | null;
  @Attribute(() => Int, 'internal', 'Keys of the subject that were destroyed, one a zone at most.')
  keysDestroyed!: number;
  @Attribute(() => Int, 'internal', 'Inference records that nobody can tell to be the subject’s any more.')
  records!: number;
  @Attribute(() => Int, 'internal', 'Exposures and outcomes of A/B tests that count on under a random name.')
  studyRows!: number;
  @Attribute(() => [ErasedPart], 'internal', 'What was erased, place by place.') stores!: ErasedPart[];
  @Attribute(() => [LeftPart], 'internal', 'What was not erased, and why.') notErased!: LeftPart[];
  @Attribute(() => [AffectedModel], 'internal', 'Models that learned from the subject, or may have.')
  models!: AffectedModel[];
  @Attribute(
    () => Boolean,
    'internal',
    'Whether lineage tells of every model whether it learned from this very subject: where it cannot, each that learned from personal data is listed as PERHAPS.',
  )
  modelsKnown!: boolean;
  @Attribute(
    () => DateTime,
    'internal',
    'When the keys of before are retired at the latest: until then a backup from before the erasure can be opened.',
  )
  closeBackupsAt!: Date | null;
  @Attribute(() => ID, 'internal', 'Id of who erased.') ownerId!: string;
  @Attribute(() => String, 'pii', 'Who erased.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When it was asked for.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}
export const SubjectErasureConnection = connectionOf(() => SubjectErasure, 'SubjectErasure');

@InputType({ description: 'Whom to erase.' })
export class EraseSubjectInput {
  @Field(() => String, {
    description:
      'The subject, as inference requests and the subject keys of entities name it. It stands nowhere once they are erased.',
  })
  subject!: string;
  @Field(() => String, { description: 'Why, without the name of the subject: it stays on record.' }) reason!: string;
  @Field(() => Int, {
    defaultValue: 30,
    description:
      'Days after which the keys of before are retired, 0 to 365. It ends every backup from before, for everybody: keep backups no longer than this, and make one after it.',
  })
  closeBackupsAfterDays!: number;
}

@ObjectType({ description: 'Result of eraseSubject.' })
export class SubjectErasurePayload {
  @Attribute(() => SubjectErasure, 'open', 'The erasure, which goes on by itself.', { nullable: true })
  erasure!: unknown;
}
