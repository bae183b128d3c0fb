import { Attribute, connectionOf, DateTime, EntityType } from '@falaj/subgraph-kit';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';

@ObjectType({ description: 'A version that learned from personal data, so that it may have learned from the subject.' })
export class AffectedModel {
  @Attribute(() => ID, 'open', 'Id of the model version.') id!: string;
  @Attribute(() => String, 'internal', 'Model.') name!: string;
  @Attribute(() => Int, 'internal', 'Version.') version!: number;
  @Attribute(() => [String], 'internal', 'Categories of what it learned from.') categories!: string[];
}

@EntityType('SubjectErasure', 'That a data subject was erased, and what was found. Never whose.')
export class SubjectErasure {
  @Attribute(() => ID, 'open', 'Opaque id: give it to the subject, nothing here leads back to them.') id!: string;
  @Attribute(() => String, 'internal', 'Why, e.g. the number of the request.') reason!: string;
  @Attribute(() => [String], 'internal', 'Zones that were looked through.') zones!: string[];
  @Attribute(() => Int, 'internal', 'Keys of the subject that were destroyed, one a zone at most.')
  keysDestroyed!: number;
  @Attribute(() => Int, 'internal', 'Inference records that nobody can tell to be the subject’s any more.')
  records!: number;
  @Attribute(() => Int, 'internal', 'Exposures and outcomes of A/B tests that count on under a random name.')
  studyRows!: number;
  @Attribute(() => [AffectedModel], 'internal', 'Models that learned from personal data: retrain or document them.')
  models!: AffectedModel[];
  @Attribute(
    () => Boolean,
    'internal',
    'Whether lineage could tell which of them learned from this very subject. Training sets carry no names of subjects, so it cannot: all are listed.',
  )
  modelsKnown!: boolean;
  @Attribute(() => ID, 'internal', 'Id of who erased.') ownerId!: string;
  @Attribute(() => String, 'pii', 'Who erased.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}
export const SubjectErasureConnection = connectionOf(() => SubjectErasure, 'SubjectErasure');

@InputType({ description: 'Whom to erase.' })
export class EraseSubjectInput {
  @Field(() => String, { description: 'The subject, as requests name it. It is not written down.' }) subject!: string;
  @Field(() => String, { description: 'Why, without the name of the subject: it stays on record.' }) reason!: string;
}

@ObjectType({ description: 'Result of eraseSubject.' })
export class SubjectErasurePayload {
  @Attribute(() => SubjectErasure, 'open', 'What was done.', { nullable: true }) erasure!: unknown;
}
