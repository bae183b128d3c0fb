import { DateTime, JSONObject } from '@falaj/subgraph-kit';
import { Field, Float, ID, InputType, Int } from 'type-graphql';
import { Aggregate, ComparisonOperator, FeatureType, RequestFunction, SourceFormat, TimeUnit } from './enums.js';

@InputType({ description: 'An instant taken from a source row.' })
export class TimeInput {
  @Field(() => String, { description: 'Column that holds it.' }) column!: string;
  @Field(() => String, {
    nullable: true,
    description: 'strptime format, e.g. `%Y/%m/%d %H:%M`; absent for ISO 8601 and timestamps.',
  })
  format?: string;
  @Field(() => String, { nullable: true, description: 'IANA zone of values without one; default UTC.' })
  timeZone?: string;
  @Field(() => String, { nullable: true, description: 'Column whose number is added to the instant.' })
  plusColumn?: string;
  @Field(() => TimeUnit, { nullable: true, description: 'Unit of `plusColumn`.' }) plusUnit?: string;
  @Field(() => Int, {
    nullable: true,
    description: 'Seconds added to the instant, e.g. the hour that a report takes to arrive.',
  })
  offsetSeconds?: number;
}

@InputType({ description: 'Where a key comes from: exactly one of column, constant.' })
export class KeyInput {
  @Field(() => String, { description: 'Name of the key in the entity.' }) name!: string;
  @Field(() => String, {
    nullable: true,
    description: 'Column (of the source, the entity row or the request) that holds it.',
  })
  column?: string;
  @Field(() => String, { nullable: true, description: 'The same value for every row.' }) constant?: string;
}

@InputType({ description: 'A comparison with exactly one of number, text, boolean.' })
export class ComparisonInput {
  @Field(() => ComparisonOperator, { description: 'How to compare.' }) operator!: string;
  @Field(() => Float, { nullable: true, description: 'Compare with this number.' }) number?: number;
  @Field(() => String, { nullable: true, description: 'Compare with this text.' }) text?: string;
  @Field(() => Boolean, { nullable: true, description: 'Compare with this truth value.' }) boolean?: boolean;
}

@InputType({ description: 'A test on one source column.' })
export class ConditionInput extends ComparisonInput {
  @Field(() => String, { description: 'Column that is tested.' }) column!: string;
}

@InputType({ description: 'The class of one column of a source.' })
export class ColumnClassInput {
  @Field(() => String, { description: 'Column of the file.' }) column!: string;
  @Field(() => String, { description: 'open, internal, sensitive, pii or secret.' }) fieldClass!: string;
}

@InputType({ description: 'A file in an allowed folder that becomes a data source.' })
export class CreateDataSourceInput {
  @Field(() => String, { description: 'Unique in the workspace.' }) name!: string;
  @Field(() => SourceFormat, { description: 'Format of the file.' }) format!: 'JSON' | 'CSV' | 'PARQUET';
  @Field(() => String, { description: 'Path relative to an allowed folder.' }) path!: string;
  @Field(() => String, { description: 'Zone in which the data is stored, e.g. `AE`.' }) zone!: string;
  @Field(() => [String], {
    nullable: true,
    description: 'Categories of data: none, personal, sensitive, health, banking, government.',
  })
  categories?: string[];
  @Field(() => [ColumnClassInput], { nullable: true, description: 'Classes of columns; others are internal.' })
  columnClasses?: ColumnClassInput[];
}

@InputType({ description: 'Something that features describe, such as an airport.' })
export class CreateEntityInput {
  @Field(() => String, { description: 'Unique in the workspace.' }) name!: string;
  @Field(() => String, { nullable: true, description: 'What it is.' }) description?: string;
  @Field(() => [String], { description: 'Names of the keys that identify it, in order.' }) keys!: string[];
  @Field(() => String, {
    nullable: true,
    description:
      'The key that names a data subject (a person), by the name that inference requests give as `subject`. Cannot be changed later.',
  })
  subjectKey?: string;
}

@InputType({ description: 'One feature: a column as it is, or an aggregate over a window.' })
export class FeatureInput {
  @Field(() => String, { description: 'Unique in the view.' }) name!: string;
  @Field(() => String, { nullable: true, description: 'What it means.' }) description?: string;
  @Field(() => FeatureType, { nullable: true, description: 'Type; default FLOAT64, INT64 for COUNT.' }) type?: string;
  @Field(() => String, { nullable: true, description: 'Source column.' }) column?: string;
  @Field(() => Aggregate, { nullable: true, description: 'Aggregate over the window; absent = the column itself.' })
  aggregate?: string;
  @Field(() => ConditionInput, { nullable: true, description: 'What SHARE counts.' }) condition?: ConditionInput;
  @Field(() => Int, { nullable: true, description: 'Length of the window in seconds.' }) windowSeconds?: number;
}

@InputType({ description: 'A feature view; the same name again makes its next version.' })
export class CreateFeatureViewInput {
  @Field(() => String, { description: 'Name of the view.' }) name!: string;
  @Field(() => String, { nullable: true, description: 'What it holds.' }) description?: string;
  @Field(() => ID, { description: 'Entity that it describes.' }) entityId!: string;
  @Field(() => ID, { description: 'Source of its rows.' }) sourceId!: string;
  @Field(() => [KeyInput], { description: 'Where the keys of the entity come from, in the order of the entity.' })
  keys!: KeyInput[];
  @Field(() => TimeInput, { description: 'When a row became true.' }) eventTime!: TimeInput;
  @Field(() => TimeInput, { nullable: true, description: 'When a row became known; default: its event time.' })
  knownTime?: TimeInput;
  @Field(() => Int, {
    nullable: true,
    description: 'Age in seconds beyond which a value is not used; absent = no limit.',
  })
  ttlSeconds?: number;
  @Field(() => [FeatureInput], { description: 'Features.' }) features!: FeatureInput[];
}

@InputType({ description: 'One view of a feature service.' })
export class ServiceViewInput {
  @Field(() => ID, { description: 'Exact view version.' }) featureViewId!: string;
  @Field(() => [KeyInput], { description: 'Where its keys are found on an entity row or a request.' })
  keys!: KeyInput[];
  @Field(() => [String], { nullable: true, description: 'Features taken; default all.' }) features?: string[];
}

@InputType({ description: 'A feature computed from the time of the request.' })
export class RequestFeatureInput {
  @Field(() => String, { description: 'Name of the column.' }) name!: string;
  @Field(() => RequestFunction, { description: 'How it is computed.' }) function!: string;
}

@InputType({ description: 'A named set of features, pinned to exact view versions.' })
export class CreateFeatureServiceInput {
  @Field(() => String, { description: 'Unique in the workspace.' }) name!: string;
  @Field(() => String, { nullable: true, description: 'What it is for.' }) description?: string;
  @Field(() => [ServiceViewInput], { description: 'Views.' }) views!: ServiceViewInput[];
  @Field(() => [RequestFeatureInput], { nullable: true, description: 'Features of the request itself.' })
  requestFeatures?: RequestFeatureInput[];
}

@InputType({ description: 'What is to be predicted.' })
export class LabelInput {
  @Field(() => String, { description: 'Name of the label column.' }) name!: string;
  @Field(() => String, { description: 'Source column.' }) column!: string;
  @Field(() => ComparisonInput, {
    nullable: true,
    description: 'Label is 1 where it holds, else 0; absent = the column itself.',
  })
  condition?: ComparisonInput;
}

@InputType({
  description: 'A training set: entity rows with a label, joined to features as they were known at each row.',
})
export class CreateTrainingSetInput {
  @Field(() => String, { description: 'Unique in the workspace.' }) name!: string;
  @Field(() => ID, { description: 'Features to join.' }) featureServiceId!: string;
  @Field(() => ID, { description: 'Source of the entity rows and the label.' }) labelSourceId!: string;
  @Field(() => TimeInput, { description: 'Instant of each entity row: nothing known later is joined.' })
  eventTime!: TimeInput;
  @Field(() => [String], { nullable: true, description: 'Columns carried along unchanged.' }) carry?: string[];
  @Field(() => LabelInput, { description: 'Label.' }) label!: LabelInput;
  @Field(() => String, { nullable: true, description: 'Zone to store it in; default that of the label source.' })
  zone?: string;
}

@InputType({ description: 'Which rows of a view go to the online store.' })
export class MaterializeFeatureViewInput {
  @Field(() => ID, { description: 'View version.' }) featureViewId!: string;
  @Field(() => DateTime, { nullable: true, description: 'Instant whose values are written; default now.' }) asOf?: Date;
}

@InputType({ description: 'Entities whose online values are wanted.' })
export class OnlineFeaturesInput {
  @Field(() => ID, { description: 'Feature service.' }) featureServiceId!: string;
  @Field(() => [JSONObject], { description: 'One object of key values per entity, e.g. `{"origin": "LAX"}`.' })
  entityRows!: Record<string, unknown>[];
  @Field(() => DateTime, { nullable: true, description: 'Instant for the age check; default now.' }) at?: Date;
}

@InputType({ description: 'Restricts a list of feature views.' })
export class FeatureViewFilter {
  @Field(() => String, { nullable: true, description: 'Exact name.' }) name?: string;
  @Field(() => ID, { nullable: true, description: 'Views of this entity.' }) entityId?: string;
}

@InputType({ description: 'Restricts a list by name.' })
export class NameFilter {
  @Field(() => String, { nullable: true, description: 'Part of the name, any case.' }) nameContains?: string;
}
