import { Attribute, connectionOf, DateTime, EntityType } from '@falaj/subgraph-kit';
import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { BetterDirection, MetricKind } from './rollout-types.js';
import { Variant, VariantInput } from './variant-types.js';

export const AbTestMethod = { FIXED_HORIZON: 'FIXED_HORIZON', ALWAYS_VALID: 'ALWAYS_VALID' } as const;
registerEnumType(AbTestMethod, {
  name: 'AbTestMethod',
  description: 'FIXED_HORIZON: one verdict, at the horizon. ALWAYS_VALID: look and stop whenever you like.',
});

export const AbTestState = { RUNNING: 'RUNNING', STOPPED: 'STOPPED' } as const;
registerEnumType(AbTestState, { name: 'AbTestState', description: 'Whether subjects are exposed.' });

export const AbTestVerdict = {
  BLOCKED: 'BLOCKED',
  RUNNING: 'RUNNING',
  WINNER: 'WINNER',
  NO_WINNER: 'NO_WINNER',
} as const;
registerEnumType(AbTestVerdict, {
  name: 'AbTestVerdict',
  description:
    'BLOCKED: the data cannot be trusted. RUNNING: no verdict yet. WINNER: a variant is better and holds every guardrail. NO_WINNER: none is.',
});

export const AbTestDecision = { PROMOTE: 'PROMOTE', KEEP: 'KEEP' } as const;
registerEnumType(AbTestDecision, {
  name: 'AbTestDecision',
  description: 'PROMOTE makes the revision of a variant live; KEEP leaves the live revision.',
});

@ObjectType({ description: 'What an A/B test measures on each subject.' })
export class AbTestMetric {
  @Attribute(() => String, 'internal', 'Name of the outcome.') outcome!: string;
  @Attribute(() => MetricKind, 'internal', 'How the outcomes of a subject make its value.') kind!: string;
  @Attribute(() => BetterDirection, 'internal', 'Direction in which it is good.') better!: string;
}

@ObjectType({ description: 'How an A/B test was planned, before the first subject was exposed.' })
export class AbTestDesign {
  @Attribute(() => [Variant], 'internal', 'Variants with their weights.') variants!: Variant[];
  @Attribute(() => String, 'internal', 'Variant that the others are compared with.') control!: string;
  @Attribute(() => AbTestMetric, 'internal', 'What decides.') metric!: AbTestMetric;
  @Attribute(() => AbTestMethod, 'internal', 'When there may be a verdict.') method!: string;
  @Attribute(() => Int, 'internal', 'Subjects over all variants that it is planned for.') horizon!: number;
  @Attribute(() => Float, 'internal', 'Chance of a winner where there is no difference, over all comparisons.')
  alpha!: number;
  @Attribute(() => Float, 'internal', 'Chance to find the minimum effect.') power!: number;
  @Attribute(() => Float, 'internal', 'Absolute change that must not be missed.') minimumEffect!: number;
}

@ObjectType({ description: 'A variant in an A/B test so far.' })
export class AbVariantSummary {
  @Attribute(() => String, 'open', 'Name.') name!: string;
  @Attribute(() => Int, 'internal', 'Subjects exposed to it and no other.') subjects!: number;
  @Attribute(
    () => Float,
    'internal',
    'Mean of the metric per subject; of a fixed-horizon test only from its horizon on.',
    { nullable: true },
  )
  mean!: number | null;
}

@ObjectType({ description: 'Whether a guardrail holds: harm beyond the margin is excluded.' })
export class AbGuardrail {
  @Attribute(() => String, 'internal', 'Name of the outcome.') outcome!: string;
  @Attribute(() => String, 'internal', 'HOLDS, BROKEN (harm is proved) or OPEN.') status!: string;
  @Attribute(() => Float, 'internal', 'Greatest harm that the interval still allows; null = any.', { nullable: true })
  worstHarm!: number | null;
  @Attribute(() => Float, 'internal', 'Harm that is tolerated.') margin!: number;
}

@ObjectType({ description: 'A variant compared with the control.' })
export class AbComparison {
  @Attribute(() => String, 'open', 'Variant.') variant!: string;
  @Attribute(() => Float, 'internal', 'Variant minus control.', { nullable: true }) difference!: number | null;
  @Attribute(() => Float, 'internal', 'Lower end of the interval.', { nullable: true }) lower!: number | null;
  @Attribute(() => Float, 'internal', 'Upper end of the interval.', { nullable: true }) upper!: number | null;
  @Attribute(() => Float, 'internal', 'Two-sided p value; always valid where the method is.', { nullable: true })
  pValue!: number | null;
  @Attribute(() => String, 'internal', 'BETTER, WORSE, NO_DIFFERENCE or OPEN.') verdict!: string;
  @Attribute(() => [AbGuardrail], 'internal', 'Guardrails.') guardrails!: AbGuardrail[];
}

@ObjectType({ description: 'Whether the arms have the sizes that their weights promise.' })
export class SampleRatio {
  @Attribute(() => Float, 'internal', 'Chi-square statistic.') statistic!: number;
  @Attribute(() => Float, 'internal', 'Its p value; below 0.001 no verdict is given.') pValue!: number;
  @Attribute(() => String, 'internal', 'CHI_SQUARE, or EXACT where few are expected.') method!: string;
  @Attribute(() => Boolean, 'internal', 'Whether a verdict may be given.') ok!: boolean;
}

@ObjectType({ description: 'Subjects seen in more than one variant; they are in no arm.' })
export class MultipleExposures {
  @Attribute(() => Int, 'internal', 'How many.') subjects!: number;
  @Attribute(() => Float, 'internal', 'Their share; above 0.01 no verdict is given.') share!: number;
  @Attribute(() => Boolean, 'internal', 'Whether a verdict may be given.') ok!: boolean;
}

@ObjectType({ description: 'What may be said of an A/B test now.' })
export class AbTestResult {
  @Attribute(() => AbTestVerdict, 'internal', 'Verdict.') verdict!: string;
  @Attribute(() => String, 'internal', 'Variant that wins.', { nullable: true }) winner!: string | null;
  @Attribute(() => [String], 'internal', 'Why, and what blocks a verdict.') reasons!: string[];
  @Attribute(() => Int, 'internal', 'Subjects over all variants.') subjects!: number;
  @Attribute(() => [AbVariantSummary], 'internal', 'Each variant.') variants!: AbVariantSummary[];
  @Attribute(() => [AbComparison], 'internal', 'Each variant against the control.') comparisons!: AbComparison[];
  @Attribute(() => SampleRatio, 'internal', 'Sample ratio.') sampleRatio!: SampleRatio;
  @Attribute(() => MultipleExposures, 'internal', 'Multiple exposures.') multipleExposures!: MultipleExposures;
}

@EntityType('AbTest', 'A controlled experiment with the variants of an endpoint on its live traffic.')
export class AbTest {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => String, 'internal', 'Name.') name!: string;
  @Attribute(() => AbTestState, 'internal', 'Whether subjects are exposed.') state!: string;
  @Attribute(() => AbTestDesign, 'internal', 'How it was planned.') design!: AbTestDesign;
  @Attribute(() => String, 'internal', 'PROMOTE, KEEP, or ROLLED_BACK with the endpoint.', { nullable: true })
  decision!: string | null;
  @Attribute(() => String, 'internal', 'Why it was stopped.', { nullable: true }) stopReason!: string | null;
  @Attribute(() => DateTime, 'internal', 'When it was stopped.', { nullable: true }) stoppedAt!: Date | null;
  @Attribute(() => String, 'internal', 'Zone of the endpoint.') zone!: string;
  @Attribute(() => String, 'pii', 'Who started it.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When it was started.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

@InputType({ description: 'Restricts A/B tests.' })
export class AbTestFilter {
  @Field(() => AbTestState, { nullable: true, description: 'A/B tests in this state.' }) state?: string;
  @Field(() => String, { nullable: true, description: 'A/B tests in this zone.' }) zone?: string;
  @Field(() => String, { nullable: true, description: 'Exact name.' }) name?: string;
}

export const AbTestConnection = connectionOf(() => AbTest, 'AbTest');

@InputType({ description: 'What to measure on each subject.' })
export class AbTestMetricInput {
  @Field(() => String, { description: 'Name of the outcome, as recordAbOutcomes gives it.' }) outcome!: string;
  @Field(() => MetricKind, { description: 'How the outcomes of a subject make its value.' }) kind!: string;
  @Field(() => BetterDirection, { defaultValue: 'INCREASE', description: 'Direction in which it is good.' })
  better!: string;
}

@InputType({ description: 'What must not get worse.' })
export class AbGuardrailInput {
  @Field(() => String, { description: 'Name of the outcome.' }) outcome!: string;
  @Field(() => MetricKind, { description: 'How the outcomes of a subject make its value.' }) kind!: string;
  @Field(() => BetterDirection, { defaultValue: 'INCREASE', description: 'Direction in which it is good.' })
  better!: string;
  @Field(() => Float, { description: 'Harm per subject that is tolerated, in the unit of the outcome.' })
  margin!: number;
}

@InputType({ description: 'What a sample size is planned from.' })
export class PlanAbTestInput {
  @Field(() => MetricKind, { description: 'Kind of the metric.' }) kind!: string;
  @Field(() => Float, { description: 'Its mean today; of a proportion between 0 and 1.' }) baseline!: number;
  @Field(() => Float, { nullable: true, description: 'Its standard deviation per subject; for MEAN.' })
  deviation?: number;
  @Field(() => Float, { description: 'Absolute change that must not be missed, more than 0.' }) minimumEffect!: number;
  @Field(() => AbTestMethod, { defaultValue: 'ALWAYS_VALID', description: 'Method.' }) method!: string;
  @Field(() => Float, {
    defaultValue: 0.05,
    description: 'Chance of a winner where there is no difference; divide it by the number of treatments.',
  })
  alpha!: number;
  @Field(() => Float, { defaultValue: 0.8, description: 'Chance to find the minimum effect.' }) power!: number;
  @Field(() => Float, { defaultValue: 0.5, description: 'Share of the subjects in the treatment.' })
  treatmentShare!: number;
}

@ObjectType({ description: 'Subjects that an A/B test needs.' })
export class AbTestPlan {
  @Attribute(() => Int, 'open', 'In the control.') control!: number;
  @Attribute(() => Int, 'open', 'In the treatment.') treatment!: number;
  @Attribute(() => Int, 'open', 'Together: the horizon, which is at least 200.') total!: number;
}

@InputType({ description: 'An A/B test.' })
export class CreateAbTestInput {
  @Field(() => ID, { description: 'Endpoint.' }) endpointId!: string;
  @Field(() => String, { description: 'Name.' }) name!: string;
  @Field(() => [VariantInput], { description: 'Control and treatments.' }) variants!: VariantInput[];
  @Field(() => String, { description: 'Name of the control.' }) control!: string;
  @Field(() => AbTestMetricInput, { description: 'What decides.' }) metric!: AbTestMetricInput;
  @Field(() => AbTestMethod, { defaultValue: 'ALWAYS_VALID', description: 'When there may be a verdict.' })
  method!: string;
  @Field(() => Int, { description: 'Subjects over all variants, from planAbTest; at least 200.' }) horizon!: number;
  @Field(() => Float, { defaultValue: 0.05, description: 'Chance of a winner where there is no difference.' })
  alpha!: number;
  @Field(() => Float, { defaultValue: 0.8, description: 'Chance to find the minimum effect.' }) power!: number;
  @Field(() => Float, { description: 'Absolute change that must not be missed.' }) minimumEffect!: number;
  @Field(() => [AbGuardrailInput], { defaultValue: [], description: 'What must not get worse.' })
  guardrails!: AbGuardrailInput[];
}

@InputType({ description: 'The end of an A/B test.' })
export class StopAbTestInput {
  @Field(() => ID, { description: 'A/B test.' }) abTestId!: string;
  @Field(() => AbTestDecision, { description: 'What becomes of the endpoint.' }) decision!: string;
  @Field(() => String, { nullable: true, description: 'Variant to promote.' }) variant?: string;
  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Promotes a variant although the verdict does not name it the winner; recorded as such.',
  })
  override!: boolean;
  @Field(() => String, { description: 'Why, for the audit record.' }) reason!: string;
}

@ObjectType({ description: 'Result of createAbTest and stopAbTest.' })
export class AbTestPayload {
  @Attribute(() => AbTest, 'open', 'The A/B test.', { nullable: true }) abTest!: unknown;
}

@InputType({ description: 'What became of a subject.' })
export class AbOutcomeInput {
  @Field(() => String, { nullable: true, description: 'Subject key, as it was sent with the prediction.' })
  subject?: string;
  @Field(() => ID, {
    nullable: true,
    description:
      'Or the inference id of a prediction: the first one of its subject in a test, or any that the inference log holds.',
  })
  inferenceId?: string;
  @Field(() => String, { description: 'Name of the outcome.' }) metric!: string;
  @Field(() => Float, { defaultValue: 1, description: 'Value; 1 for something that happened.' }) value!: number;
  @Field(() => DateTime, { nullable: true, description: 'When; default now.' }) at?: Date;
  @Field(() => String, {
    nullable: true,
    description:
      'Of outcomes with the same metric and key the first is kept; give one, and a retry counts nothing twice.',
  })
  key?: string;
}

@InputType({ description: 'Outcomes in bulk.' })
export class RecordAbOutcomesInput {
  @Field(() => ID, { description: 'Endpoint.' }) endpointId!: string;
  @Field(() => [AbOutcomeInput], { description: '1 to 10,000 outcomes.' }) outcomes!: AbOutcomeInput[];
}

@ObjectType({ description: 'Result of recordAbOutcomes.' })
export class RecordAbOutcomesPayload {
  @Attribute(() => Int, 'open', 'Recorded now.') recorded!: number;
  @Attribute(() => Int, 'open', 'Recorded before, under the same key.') repeated!: number;
  @Attribute(() => Int, 'open', 'Whose inference id leads to no exposed subject; not recorded.') unmatched!: number;
}
