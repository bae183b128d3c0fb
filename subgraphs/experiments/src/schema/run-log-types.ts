import { PlatformError } from '@falaj/runtime';
import { Attribute, DateTime } from '@falaj/subgraph-kit';
import { GraphQLScalarType, Kind, print } from 'graphql';
import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { MetricValue } from '../domain/run-log.js';
import { Run, TrainingSet } from './run-types.js';

/** As text, for JSON has none of them, and the compiled executor takes a NaN for a value that could not be read. */
const SPECIAL: ReadonlySet<unknown> = new Set(['NaN', 'Infinity', '-Infinity']);

function metricNumber(value: unknown): MetricValue {
  if (typeof value === 'number' || SPECIAL.has(value)) return value as MetricValue;
  throw new PlatformError(
    'BAD_USER_INPUT',
    `A metric: found ${JSON.stringify(value)}, expected a number, "NaN", "Infinity" or "-Infinity".`,
  );
}

export const MetricNumber = new GraphQLScalarType<MetricValue, MetricValue>({
  name: 'MetricNumber',
  description: 'A number of 64 bits (IEEE 754); `"NaN"`, `"Infinity"` and `"-Infinity"` as text, for JSON has none.',
  serialize: (value) => (Number.isFinite(value) ? (value as number) : (String(value) as MetricValue)),
  parseValue: metricNumber,
  parseLiteral: (node) => {
    if (node.kind === Kind.INT || node.kind === Kind.FLOAT) return Number(node.value);
    return metricNumber(node.kind === Kind.STRING ? node.value : print(node));
  },
});

export const RunEnd = { SUCCEEDED: 'SUCCEEDED', FAILED: 'FAILED', CANCELLED: 'CANCELLED' } as const;
registerEnumType(RunEnd, { name: 'RunEnd', description: 'How a run that a user logs came to its end.' });

@ObjectType({ description: 'A parameter of a run; set once.' })
export class RunParameter {
  @Attribute(() => String, 'open', 'Name, e.g. `learningRate`.') key!: string;
  @Attribute(() => String, 'internal', 'Value as text.') value!: string;
}

@ObjectType({ description: 'A tag of a run; the last value counts.' })
export class RunTag {
  @Attribute(() => String, 'open', 'Name, e.g. `team`.') key!: string;
  @Attribute(() => String, 'internal', 'Value.') value!: string;
}

@ObjectType({ description: 'A training set that a run read.' })
export class RunInput {
  @Attribute(() => TrainingSet, 'internal', 'The training set.') trainingSet!: TrainingSet;
  @Attribute(() => String, 'sensitive', 'Its digest when the run began.') digest!: string;
}

@ObjectType({ description: 'A file that a run produced.' })
export class RunArtifact {
  @Attribute(() => String, 'open', 'Path within the run, e.g. `plots/roc.png`.') path!: string;
  @Attribute(() => String, 'sensitive', 'SHA-256 of the plain bytes, `sha256:<hex>`.') digest!: string;
  @Attribute(() => Int, 'internal', 'Plain bytes.') bytes!: number;
  @Attribute(() => String, 'internal', 'Media type.') contentType!: string;
  @Attribute(() => DateTime, 'internal', 'When it was logged.') loggedAt!: Date;
}

@ObjectType({ description: 'A file of a run with its bytes, which were decrypted and held against the digest.' })
export class RunArtifactContent {
  @Attribute(() => String, 'open', 'Path within the run.') path!: string;
  @Attribute(() => String, 'sensitive', 'SHA-256 of the plain bytes, `sha256:<hex>`.') digest!: string;
  @Attribute(() => String, 'internal', 'Media type.') contentType!: string;
  @Attribute(() => String, 'sensitive', 'The bytes in base64.') base64!: string;
}

@ObjectType({ description: 'The points of a metric over one stretch of steps.' })
export class MetricBucket {
  @Attribute(() => Int, 'internal', 'First step that has a point.') fromStep!: number;
  @Attribute(() => Int, 'internal', 'Last step that has a point.') toStep!: number;
  @Attribute(() => Int, 'internal', 'Points.') count!: number;
  @Attribute(() => Int, 'internal', 'Points that are NaN or infinite; the three values leave them out.')
  notFinite!: number;
  @Attribute(() => Float, 'sensitive', 'Least value.') min!: number | null;
  @Attribute(() => Float, 'sensitive', 'Greatest value.') max!: number | null;
  @Attribute(() => Float, 'sensitive', 'Arithmetic mean.') mean!: number | null;
}

@ObjectType({ description: 'What one of the compared runs has.' })
export class ComparedTextValue {
  @Attribute(() => ID, 'open', 'Run.') runId!: string;
  @Attribute(() => String, 'internal', 'Its value; null where it has none.') value!: string | null;
}

@ObjectType({ description: 'A parameter or tag over several runs.' })
export class ComparedText {
  @Attribute(() => String, 'open', 'Name.') key!: string;
  @Attribute(() => [ComparedTextValue], 'internal', 'Each run, in the order asked.') values!: ComparedTextValue[];
  @Attribute(() => Boolean, 'internal', 'Whether any two differ.') differs!: boolean;
}

@ObjectType({ description: 'What one of the compared runs has.' })
export class ComparedMetricValue {
  @Attribute(() => ID, 'open', 'Run.') runId!: string;
  @Attribute(() => MetricNumber, 'sensitive', 'Its latest value; null where it has none.') value!: number | null;
}

@ObjectType({ description: 'A metric over several runs.' })
export class ComparedMetric {
  @Attribute(() => String, 'open', 'Name.') key!: string;
  @Attribute(() => [ComparedMetricValue], 'sensitive', 'Each run, in the order asked.') values!: ComparedMetricValue[];
  @Attribute(() => Boolean, 'internal', 'Whether any two differ.') differs!: boolean;
}

@ObjectType({ description: 'Runs side by side.' })
export class RunComparison {
  @Attribute(() => [Run], 'open', 'The runs, in the order asked.') runs!: unknown[];
  @Attribute(() => [ComparedText], 'internal', 'Parameters, by name.') params!: ComparedText[] | null;
  @Attribute(() => [ComparedMetric], 'sensitive', 'Metrics, by name.') metrics!: ComparedMetric[] | null;
  @Attribute(() => [ComparedText], 'internal', 'Tags, by name.') tags!: ComparedText[] | null;
}

@InputType({ description: 'A parameter or tag to log.' })
export class RunEntryInput {
  @Field(() => String, { description: 'Name, one line of 1 to 250 characters.' }) key!: string;
  @Field(() => String, { description: 'Value: up to 6,000 characters of a parameter, 5,000 of a tag.' }) value!: string;
}

@InputType({ description: 'Points of one metric, as columns: the lists have equal lengths.' })
export class MetricSeriesInput {
  @Field(() => String, { description: 'Name of the metric.' }) key!: string;
  @Field(() => [Int], { description: 'Steps. A metric has one value per step; sent again, the last one counts.' })
  steps!: number[];
  @Field(() => [MetricNumber], { description: 'Values.' }) values!: MetricValue[];
  @Field(() => [DateTime], { nullable: true, description: 'When each was measured; default: the time of arrival.' })
  times?: Date[];
}

@InputType({ description: 'A run that its user logs.' })
export class CreateRunInput {
  @Field(() => ID, { description: 'Experiment that it belongs to.' }) experimentId!: string;
  @Field(() => String, { description: 'Name.' }) name!: string;
  @Field(() => [RunEntryInput], { nullable: true, description: 'Parameters.' }) parameters?: RunEntryInput[];
  @Field(() => [RunEntryInput], { nullable: true, description: 'Tags.' }) tags?: RunEntryInput[];
  @Field(() => [ID], {
    nullable: true,
    description: 'Training sets that it reads, up to 20; the run inherits their categories and zones.',
  })
  trainingSetIds?: string[];
  @Field(() => String, { nullable: true, description: 'Zone; default that of the first training set, or your own.' })
  zone?: string;
  @Field(() => DateTime, { nullable: true, description: 'When it began; default now.' }) startedAt?: Date;
}

@InputType({ description: 'What to log with a run, all of it or nothing.' })
export class LogRunBatchInput {
  @Field(() => ID, { description: 'Run.' }) runId!: string;
  @Field(() => [RunEntryInput], { nullable: true, description: 'Parameters, up to 1,000; each is set once.' })
  parameters?: RunEntryInput[];
  @Field(() => [RunEntryInput], { nullable: true, description: 'Tags, up to 200.' }) tags?: RunEntryInput[];
  @Field(() => [MetricSeriesInput], { nullable: true, description: 'Metrics, up to 10,000 points in all.' })
  metrics?: MetricSeriesInput[];
}

@InputType({ description: 'A file to keep with a run.' })
export class LogRunArtifactInput {
  @Field(() => ID, { description: 'Run.' }) runId!: string;
  @Field(() => String, { description: 'Path within the run, e.g. `plots/roc.png`.' }) path!: string;
  @Field(() => String, { nullable: true, description: 'Media type; default application/octet-stream.' })
  contentType?: string;
  @Field(() => String, { description: 'The bytes in base64; at most 716,800 bytes.' }) base64!: string;
}

@ObjectType({ description: 'Result of logRunBatch; what was there already is not counted.' })
export class LogRunBatchPayload {
  @Attribute(() => Run, 'open', 'The run.', { nullable: true }) run!: unknown;
  @Attribute(() => Int, 'open', 'Points that are new or changed.') points!: number;
  @Attribute(() => Int, 'open', 'Parameters that are new.') parameters!: number;
  @Attribute(() => Int, 'open', 'Tags that are new or changed.') tags!: number;
}

@ObjectType({ description: 'Result of logRunArtifact.' })
export class LogRunArtifactPayload {
  @Attribute(() => RunArtifact, 'open', 'The file.') artifact!: RunArtifact;
}
