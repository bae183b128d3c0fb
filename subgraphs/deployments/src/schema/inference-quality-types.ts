import { Attribute, DateTime } from '@falaj/subgraph-kit';
import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';

export const QualityGrouping = { VERSION: 'VERSION', VARIANT: 'VARIANT' } as const;
registerEnumType(QualityGrouping, {
  name: 'QualityGrouping',
  description: 'Whether the answers of a model version count together, or each variant by itself.',
});

@ObjectType({
  description: 'How good the answers of a model version were in a span of time, as far as labels are known.',
})
export class InferenceQuality {
  @Attribute(() => ID, 'internal', 'Model version.') modelVersionId!: string;
  @Attribute(() => Int, 'internal', 'Its number.') modelVersion!: number;
  @Attribute(() => String, 'internal', 'Variant; null where versions are compared.', { nullable: true })
  variant!: string | null;
  @Attribute(() => DateTime, 'internal', 'Begin of the span.') from!: Date;
  @Attribute(() => Int, 'internal', 'Rows that were answered and written down.') rows!: number;
  @Attribute(() => Int, 'internal', 'Of them with a label.') labelled!: number;
  @Attribute(() => Float, 'internal', 'Their share, 0 to 1.') coverage!: number;
  @Attribute(() => Float, 'internal', 'Share of the labels that are 1.', { nullable: true }) baseRate!: number | null;
  @Attribute(() => Float, 'internal', 'Area under the ROC curve.', { nullable: true }) auc!: number | null;
  @Attribute(() => Float, 'internal', 'Mean squared error of the probability.', { nullable: true })
  brier!: number | null;
  @Attribute(() => Float, 'internal', 'Mean negative log-likelihood, nats.', { nullable: true }) logLoss!:
    | number
    | null;
  @Attribute(() => Float, 'internal', 'Share that a threshold of 0.5 decides rightly.', { nullable: true })
  accuracy!: number | null;
  @Attribute(() => Float, 'internal', 'Mean absolute error, where labels are numbers.', { nullable: true })
  meanAbsoluteError!: number | null;
  @Attribute(() => Float, 'internal', 'Root of the mean squared error, where labels are numbers.', { nullable: true })
  rootMeanSquaredError!: number | null;
  @Attribute(() => String, 'internal', 'Why a figure is not there; null where all are.', { nullable: true })
  reason!: string | null;
}

@InputType({ description: 'What was true of a row of an inference.' })
export class InferenceLabelInput {
  @Field(() => ID, { description: 'Inference id, as the answer gave it.' }) inferenceId!: string;
  @Field(() => Int, { defaultValue: 0, description: 'Row of the request, counted from 0.' }) row!: number;
  @Field(() => Float, { description: 'The label: 0 or 1 of a class, else the number.' }) value!: number;
  @Field(() => DateTime, { nullable: true, description: 'When it was known; of two the later stands. Default now.' })
  at?: Date;
}

@InputType({ description: 'Labels of inferences.' })
export class RecordLabelsInput {
  @Field(() => ID, { description: 'Endpoint.' }) endpointId!: string;
  @Field(() => [InferenceLabelInput], { description: '1 to 10,000 labels.' }) labels!: InferenceLabelInput[];
}

@ObjectType({ description: 'Result of recordLabels.' })
export class RecordLabelsPayload {
  @Attribute(() => Int, 'open', 'Written, or put in the place of an earlier one.') recorded!: number;
  @Attribute(() => Int, 'open', 'Not written: the same or a later one was there.') kept!: number;
  @Attribute(() => Int, 'open', 'Whose inference is not written down, or not yet; they join it when it comes.')
  unmatched!: number;
}
