import { Attribute, connectionOf, DateTime, EntityType } from '@falaj/subgraph-kit';
import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';

export const RolloutState = { RUNNING: 'RUNNING', PROMOTED: 'PROMOTED', ROLLED_BACK: 'ROLLED_BACK' } as const;
registerEnumType(RolloutState, { name: 'RolloutState', description: 'Where a rollout stands.' });

export const GuardrailMetric = {
  ERROR_RATE: 'ERROR_RATE',
  LATENCY_P95: 'LATENCY_P95',
  SCORE_SHIFT: 'SCORE_SHIFT',
  BUSINESS_METRIC: 'BUSINESS_METRIC',
} as const;
registerEnumType(GuardrailMetric, {
  name: 'GuardrailMetric',
  description:
    'ERROR_RATE: excess of the share of failed requests over the baseline. LATENCY_P95: ratio of the 95th percentiles. SCORE_SHIFT: Kolmogorov-Smirnov distance of the scores. BUSINESS_METRIC: loss of an outcome per subject.',
});

export const MetricKind = { PROPORTION: 'PROPORTION', MEAN: 'MEAN' } as const;
registerEnumType(MetricKind, {
  name: 'MetricKind',
  description: 'PROPORTION: whether a subject had any outcome above 0. MEAN: sum of the outcomes of a subject.',
});

export const BetterDirection = { INCREASE: 'INCREASE', DECREASE: 'DECREASE' } as const;
registerEnumType(BetterDirection, { name: 'BetterDirection', description: 'The direction in which a metric is good.' });

@ObjectType({ description: 'A step of a rollout.' })
export class RolloutStep {
  @Attribute(() => Int, 'internal', "Candidate's share in basis points.") weight!: number;
  @Attribute(() => Int, 'internal', 'Seconds that it lasts at least.') minimumSeconds!: number;
  @Attribute(() => Int, 'internal', 'Requests that the candidate must have answered in it.') minimumSamples!: number;
}

@ObjectType({ description: 'What was found of one guardrail.' })
export class GuardrailFinding {
  @Attribute(() => GuardrailMetric, 'internal', 'Metric.') metric!: string;
  @Attribute(() => String, 'internal', 'Name of the outcome of a BUSINESS_METRIC.', { nullable: true })
  outcome!: string | null;
  @Attribute(() => String, 'internal', 'HOLDS, EXCEEDED (beyond the limit, not proved), BROKEN (proved) or TOO_EARLY.')
  status!: string;
  @Attribute(() => Float, 'internal', 'What was found.', { nullable: true }) found!: number | null;
  @Attribute(() => Float, 'internal', 'The limit.') limit!: number;
  @Attribute(() => Float, 'internal', 'The least that it can be, by an always-valid interval.', { nullable: true })
  atLeast!: number | null;
  @Attribute(() => Int, 'internal', "Candidate's requests, rows or subjects.") candidateCount!: number;
  @Attribute(() => Int, 'internal', "Baseline's requests, rows or subjects.") baselineCount!: number;
}

@ObjectType({ description: 'Requests of a variant.' })
export class VariantCounts {
  @Attribute(() => Int, 'internal', 'Requests.') requests!: number;
  @Attribute(() => Int, 'internal', 'Of these, failed ones.') errors!: number;
}

@ObjectType({ description: 'What was seen in a step when a decision was made.' })
export class RolloutEvidence {
  @Attribute(() => Int, 'internal', 'Step, counted from 0.') step!: number;
  @Attribute(() => Int, 'internal', "Candidate's share in basis points.") weight!: number;
  @Attribute(() => String, 'internal', 'Begin of the window, ISO 8601.') from!: string;
  @Attribute(() => String, 'internal', 'End of the window, ISO 8601.') until!: string;
  @Attribute(() => VariantCounts, 'internal', 'The candidate.') candidate!: VariantCounts;
  @Attribute(() => VariantCounts, 'internal', 'The baseline.') baseline!: VariantCounts;
  @Attribute(() => [GuardrailFinding], 'internal', 'Every guardrail.') findings!: GuardrailFinding[];
}

@EntityType('Rollout', 'A canary: a candidate takes over from the live revision step by step, or is rolled back.')
export class Rollout {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => RolloutState, 'internal', 'Where it stands.') state!: string;
  @Attribute(() => Int, 'internal', 'Revision that is to take over.') candidateRevision!: number;
  @Attribute(() => Int, 'internal', 'Live revision when it began.') baselineRevision!: number;
  @Attribute(() => Int, 'internal', 'Step, counted from 0.') step!: number;
  @Attribute(() => DateTime, 'internal', 'When the step began.') stepStartedAt!: Date;
  @Attribute(() => String, 'internal', 'Why it stands where it does.') reason!: string;
  @Attribute(() => [RolloutEvidence], 'internal', 'What was seen at each decision, oldest first.')
  evidence!: RolloutEvidence[];
  @Attribute(() => DateTime, 'internal', 'When it ended.', { nullable: true }) decidedAt!: Date | null;
  @Attribute(() => ID, 'internal', 'Incident, where the platform rolled it back by itself.', { nullable: true })
  incidentId!: string | null;
  @Attribute(() => String, 'internal', 'Zone of the endpoint.') zone!: string;
  @Attribute(() => String, 'pii', 'Who started it.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When it was started.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

export const RolloutConnection = connectionOf(() => Rollout, 'Rollout');

@InputType({ description: 'A step of a rollout.' })
export class RolloutStepInput {
  @Field(() => Int, {
    description:
      "Candidate's share in basis points, 1 to 9,999, more than in the step before; the last step held promotes it.",
  })
  weight!: number;
  @Field(() => Int, { defaultValue: 300, description: 'Seconds that it lasts at least.' }) minimumSeconds!: number;
  @Field(() => Int, { defaultValue: 1000, description: 'Requests that the candidate must have answered in it.' })
  minimumSamples!: number;
}

@InputType({ description: 'What the candidate may not do worse than the baseline.' })
export class GuardrailInput {
  @Field(() => GuardrailMetric, { description: 'Metric.' }) metric!: string;
  @Field(() => Float, {
    description:
      'ERROR_RATE: excess of the share, e.g. 0.01. LATENCY_P95: ratio, e.g. 1.5. SCORE_SHIFT: distance, e.g. 0.2. BUSINESS_METRIC: loss per subject.',
  })
  limit!: number;
  @Field(() => String, { nullable: true, description: 'Name of the outcome; for BUSINESS_METRIC.' }) outcome?: string;
  @Field(() => MetricKind, { nullable: true, description: 'For BUSINESS_METRIC.' }) kind?: string;
  @Field(() => BetterDirection, { nullable: true, description: 'For BUSINESS_METRIC.' }) better?: string;
}

@InputType({ description: 'A canary.' })
export class StartRolloutInput {
  @Field(() => ID, { description: 'Endpoint.' }) endpointId!: string;
  @Field(() => Int, { description: 'Revision that is to take over, from stageRevision.' }) candidateRevision!: number;
  @Field(() => [RolloutStepInput], { description: 'Steps.' }) steps!: RolloutStepInput[];
  @Field(() => [GuardrailInput], { description: 'Guardrails.' }) guardrails!: GuardrailInput[];
  @Field(() => Float, {
    defaultValue: 0.05,
    description: 'Chance that a guardrail is called broken in a step though it holds.',
  })
  alpha!: number;
  @Field(() => Int, {
    defaultValue: 86_400,
    description: 'Seconds after which a step that could not be passed is rolled back.',
  })
  stepTimeoutSeconds!: number;
}

@InputType({ description: 'A decision over a rollout by hand.' })
export class PromoteRolloutInput {
  @Field(() => ID, { description: 'Rollout.' }) rolloutId!: string;
  @Field(() => String, { description: 'Why, for the audit record.' }) reason!: string;
}

@ObjectType({ description: 'Result of startRollout and promoteRollout.' })
export class RolloutPayload {
  @Attribute(() => Rollout, 'open', 'The rollout.', { nullable: true }) rollout!: unknown;
}
