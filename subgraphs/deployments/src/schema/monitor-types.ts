import { Attribute, connectionOf, DateTime, EntityType } from '@falaj/subgraph-kit';
import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { driftTests } from '../domain/monitor/monitor-spec.js';

const namesOf = <T extends string>(values: readonly T[]) =>
  Object.fromEntries(values.map((value) => [value, value])) as { [K in T]: K };

export const DriftTest = namesOf(driftTests);
registerEnumType(DriftTest, {
  name: 'DriftTest',
  description:
    'PSI: population stability index, nats. KOLMOGOROV_SMIRNOV: two samples, exact p. CHI_SQUARE: of the bins. JENSEN_SHANNON: distance, base 2. WASSERSTEIN: in the unit of the feature.',
});
export const MonitorState = namesOf(['ACTIVE', 'PAUSED', 'STOPPED'] as const);
registerEnumType(MonitorState, { name: 'MonitorState', description: 'Whether windows are judged. STOPPED is final.' });
export const MonitorVerdict = namesOf(['OK', 'ALARM', 'UNKNOWN'] as const);
registerEnumType(MonitorVerdict, {
  name: 'MonitorVerdict',
  description: 'ALARM: drift persists. UNKNOWN: something could not be judged; it never counts as OK.',
});
export const MonitorReference = namesOf(['TRAINING_SET', 'WINDOW'] as const);
registerEnumType(MonitorReference, {
  name: 'MonitorReference',
  description: 'TRAINING_SET: what the live model was trained on. WINDOW: a stretch of the inference log.',
});
export const FalseDiscoveryRule = namesOf(['BENJAMINI_HOCHBERG', 'BENJAMINI_YEKUTIELI'] as const);
registerEnumType(FalseDiscoveryRule, {
  name: 'FalseDiscoveryRule',
  description: 'BENJAMINI_HOCHBERG: for independent or positively dependent features. BENJAMINI_YEKUTIELI: for any.',
});

@ObjectType({ description: 'A distance from which on a feature has drifted.' })
export class DriftThreshold {
  @Attribute(() => DriftTest, 'internal', 'Test.') test!: string;
  @Attribute(() => Float, 'internal', 'Least value that is drift.') value!: number;
}

@ObjectType({ description: 'One test of a feature in a window.' })
export class DriftResult {
  @Attribute(() => DriftTest, 'internal', 'Test.') test!: string;
  @Attribute(() => Float, 'internal', 'Its statistic; larger is farther.') statistic!: number;
  @Attribute(() => Float, 'internal', 'Its p value; null where it has none.', { nullable: true })
  pValue!: number | null;
  @Attribute(() => Float, 'internal', 'p value after control of false discoveries over the window.', { nullable: true })
  adjustedPValue!: number | null;
  @Attribute(() => Float, 'internal', 'Level or threshold it is held to; null where it decides nothing.', {
    nullable: true,
  })
  threshold!: number | null;
  @Attribute(() => Boolean, 'internal', 'Whether it says drift.') exceeded!: boolean;
}

@ObjectType({ description: 'What was found of a feature in a window.' })
export class MonitorFinding {
  @Attribute(() => String, 'internal', 'Feature, or prediction.') feature!: string;
  @Attribute(() => Boolean, 'internal', 'Whether it has drifted in this window; null where that is not known.', {
    nullable: true,
  })
  discovered!: boolean | null;
  @Attribute(() => String, 'internal', 'Why it is not known.', { nullable: true }) reason!: string | null;
  @Attribute(() => [DriftResult], 'internal', 'Tests.') results!: DriftResult[];
}

@EntityType('MonitorWindow', 'A window of inferences that a monitor has judged.')
export class MonitorWindow {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => Int, 'internal', 'Its number, counted from 1.') number!: number;
  @Attribute(() => DateTime, 'internal', 'Begin.') fromAt!: Date;
  @Attribute(() => DateTime, 'internal', 'End.') toAt!: Date;
  @Attribute(() => Int, 'internal', 'Rows judged; of a window of time with more than 50,000 inferences a random share.')
  rowCount!: number;
  @Attribute(() => MonitorVerdict, 'internal', 'Verdict.') verdict!: string;
  @Attribute(() => String, 'internal', 'Why.') reason!: string;
  @Attribute(() => [String], 'internal', 'Features whose drift persists.') alarmed!: string[];
  @Attribute(() => [MonitorFinding], 'internal', 'Every feature.') findings!: MonitorFinding[];
  @Attribute(() => [ID], 'internal', 'Model versions that answered in it.') modelVersionIds!: string[];
  @Attribute(() => ID, 'internal', 'Incident that its alarm belongs to.', { nullable: true })
  incidentId!: string | null;
  @Attribute(() => String, 'internal', 'Zone of the endpoint.') zone!: string;
  @Attribute(() => DateTime, 'internal', 'When it was judged.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

export const MonitorWindowConnection = connectionOf(() => MonitorWindow, 'MonitorWindow');

@ObjectType({ description: 'How a monitor judges; fixed when it is made.' })
export class MonitorSpec {
  @Attribute(() => [DriftTest], 'internal', 'Tests of each feature.') tests!: string[];
  @Attribute(() => [DriftThreshold], 'internal', 'Thresholds of statistics.')
  thresholds!: DriftThreshold[];
  @Attribute(() => Int, 'internal', 'Rows of a window; null where it goes by time.', { nullable: true })
  windowRows!: number | null;
  @Attribute(() => Int, 'internal', 'Seconds of a window; null where it goes by rows.', { nullable: true })
  windowSeconds!: number | null;
  @Attribute(() => Int, 'internal', 'Seconds after which a window of rows is closed as it is.') longestSeconds!: number;
  @Attribute(() => Int, 'internal', 'Values without which a feature is not judged.') minimumRows!: number;
  @Attribute(() => Float, 'internal', 'Expected share of false discoveries.') level!: number;
  @Attribute(() => FalseDiscoveryRule, 'internal', 'How it is held.') rule!: string;
  @Attribute(() => Int, 'internal', 'Windows with drift that make an alarm ...') alarmWindows!: number;
  @Attribute(() => Int, 'internal', '... among so many of the latest.') alarmAmong!: number;
}

@EntityType('Monitor', 'Watches whether what an endpoint is asked, and answers, drifts away from a reference.')
export class Monitor {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => String, 'internal', 'Unique among the monitors of its endpoint.') name!: string;
  @Attribute(() => ID, 'internal', 'Endpoint.') endpointId!: string;
  @Attribute(() => MonitorState, 'internal', 'Whether windows are judged.') state!: string;
  @Attribute(() => [String], 'internal', 'Features that it watches; prediction is the answers.') features!: string[];
  @Attribute(() => MonitorReference, 'internal', 'What windows are compared with.') referenceKind!: string;
  @Attribute(() => String, 'internal', 'The training set, or begin and end of the stretch.') referenceSource!: string;
  @Attribute(() => MonitorVerdict, 'internal', 'What the newest window said.') verdict!: string;
  @Attribute(() => DateTime, 'internal', 'End of the newest window.') positionAt!: Date;
  @Attribute(() => DateTime, 'internal', 'When a window was judged last.', { nullable: true })
  evaluatedAt!: Date | null;
  @Attribute(() => ID, 'internal', 'Incident of its newest alarm.', { nullable: true }) incidentId!: string | null;
  @Attribute(() => String, 'internal', 'Zone of the endpoint.') zone!: string;
  @Attribute(() => String, 'pii', 'Who made it.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When it was made.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

export const MonitorConnection = connectionOf(() => Monitor, 'Monitor');

@InputType({ description: 'A distance from which on a feature has drifted.' })
export class DriftThresholdInput {
  @Field(() => DriftTest, { description: 'Test.' }) test!: string;
  @Field(() => Float, { description: 'Least value that is drift, e.g. 0.2 for PSI.' }) value!: number;
}

@InputType({ description: 'A monitor.' })
export class CreateMonitorInput {
  @Field(() => ID, { description: 'Endpoint; its inference log must be on.' }) endpointId!: string;
  @Field(() => String, { description: 'Unique among the monitors of the endpoint.' }) name!: string;
  @Field(() => [String], {
    nullable: true,
    description: 'Features to watch, as the log names them; default all of the model, and prediction.',
  })
  features?: string[];
  @Field(() => DateTime, {
    nullable: true,
    description: 'Begin of the reference in the log; default the training set.',
  })
  referenceFrom?: Date;
  @Field(() => DateTime, { nullable: true, description: 'End of the reference in the log.' }) referenceTo?: Date;
  @Field(() => DateTime, { nullable: true, description: 'Begin of the first window; default now.' }) startAt?: Date;
  @Field(() => [DriftTest], { defaultValue: ['KOLMOGOROV_SMIRNOV', 'CHI_SQUARE', 'PSI'], description: 'Tests.' })
  tests!: (keyof typeof DriftTest)[];
  @Field(() => [DriftThresholdInput], {
    defaultValue: [],
    description:
      'Thresholds of statistics. A test without one decides by its p value, or, where it has none, is shown and decides nothing.',
  })
  thresholds!: DriftThresholdInput[];
  @Field(() => Int, {
    nullable: true,
    description: 'Rows of a window; default 2,000 where windowSeconds is not given.',
  })
  windowRows?: number;
  @Field(() => Int, { nullable: true, description: 'Or seconds of a window.' }) windowSeconds?: number;
  @Field(() => Int, { defaultValue: 86_400, description: 'Seconds after which a window of rows is closed as it is.' })
  longestSeconds!: number;
  @Field(() => Int, { defaultValue: 100, description: 'Values without which a feature is not judged.' })
  minimumRows!: number;
  @Field(() => Float, { defaultValue: 0.05, description: 'Expected share of false discoveries.' }) level!: number;
  @Field(() => FalseDiscoveryRule, { defaultValue: 'BENJAMINI_HOCHBERG', description: 'How it is held.' })
  rule!: keyof typeof FalseDiscoveryRule;
  @Field(() => Int, { defaultValue: 2, description: 'Windows with drift that make an alarm ...' })
  alarmWindows!: number;
  @Field(() => Int, { defaultValue: 3, description: '... among so many of the latest.' }) alarmAmong!: number;
}

@InputType({ description: 'Another state of a monitor.' })
export class SetMonitorStateInput {
  @Field(() => ID, { description: 'Monitor.' }) monitorId!: string;
  @Field(() => MonitorState, { description: 'State; a stopped monitor stays stopped.' })
  state!: keyof typeof MonitorState;
}

@ObjectType({ description: 'Result of createMonitor and setMonitorState.' })
export class MonitorPayload {
  @Attribute(() => Monitor, 'open', 'The monitor.', { nullable: true }) monitor!: unknown;
}

@ObjectType({ description: 'Result of evaluateMonitor.' })
export class EvaluateMonitorPayload {
  @Attribute(() => Monitor, 'open', 'The monitor.', { nullable: true }) monitor!: unknown;
  @Attribute(() => [MonitorWindow], 'open', 'Windows that were judged now, oldest first.') windows!: unknown[];
}

@InputType({ description: 'Restriction of monitors.' })
export class MonitorFilter {
  @Field(() => ID, { nullable: true, description: 'Of this endpoint.' }) endpointId?: string;
  @Field(() => MonitorState, { nullable: true, description: 'In this state.' }) state?: string;
  @Field(() => MonitorVerdict, { nullable: true, description: 'Whose newest window said this.' }) verdict?: string;
}
