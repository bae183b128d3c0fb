import { registerEnumType } from 'type-graphql';

export const SourceFormat = { JSON: 'JSON', CSV: 'CSV', PARQUET: 'PARQUET' } as const;
export const FeatureType = {
  FLOAT64: 'FLOAT64',
  INT64: 'INT64',
  STRING: 'STRING',
  BOOL: 'BOOL',
  TIMESTAMP: 'TIMESTAMP',
} as const;
export const Aggregate = { COUNT: 'COUNT', SUM: 'SUM', MEAN: 'MEAN', SHARE: 'SHARE' } as const;
export const ComparisonOperator = { EQ: 'EQ', NE: 'NE', LT: 'LT', LTE: 'LTE', GT: 'GT', GTE: 'GTE' } as const;
export const TimeUnit = { SECONDS: 'SECONDS', MINUTES: 'MINUTES', HOURS: 'HOURS', DAYS: 'DAYS' } as const;
export const RequestFunction = {
  HOUR: 'HOUR',
  WEEKDAY: 'WEEKDAY',
  MONTH: 'MONTH',
  DAY_OF_MONTH: 'DAY_OF_MONTH',
} as const;
export const FeatureViewState = { CREATED: 'CREATED', BUILT: 'BUILT' } as const;
export const FeatureStatus = {
  PRESENT: 'PRESENT',
  NULL_VALUE: 'NULL_VALUE',
  NOT_FOUND: 'NOT_FOUND',
  OUTSIDE_MAX_AGE: 'OUTSIDE_MAX_AGE',
} as const;
export const TrainingColumnRole = { EVENT_TIME: 'EVENT_TIME', KEY: 'KEY', FEATURE: 'FEATURE', LABEL: 'LABEL' } as const;

const each = (values: Record<string, string>, text: Record<string, string>) =>
  Object.fromEntries(Object.keys(values).map((key) => [key, { description: text[key] ?? key }]));

registerEnumType(SourceFormat, {
  name: 'SourceFormat',
  description: 'File format of a data source.',
  valuesConfig: each(SourceFormat, {
    JSON: 'An array of objects, or one object a line.',
    CSV: 'Comma-separated with a header line.',
    PARQUET: 'Apache Parquet.',
  }),
});
registerEnumType(FeatureType, { name: 'FeatureType', description: 'Type of a feature value.' });
registerEnumType(Aggregate, {
  name: 'FeatureAggregate',
  description: 'How a window feature sums up the events of its key.',
  valuesConfig: each(Aggregate, {
    COUNT: 'Number of events.',
    SUM: 'Sum of a column.',
    MEAN: 'Mean of a column.',
    SHARE: 'Share of events that meet a condition.',
  }),
});
registerEnumType(ComparisonOperator, {
  name: 'ComparisonOperator',
  description: 'Compares a column with a value; null compares as false.',
});
registerEnumType(TimeUnit, { name: 'TimeUnit', description: 'Unit of a duration.' });
registerEnumType(RequestFunction, {
  name: 'RequestFunction',
  description: 'A feature computed from the time of the request, in UTC.',
});
registerEnumType(FeatureViewState, { name: 'FeatureViewState', description: 'Whether the rows of a view were built.' });
registerEnumType(FeatureStatus, {
  name: 'FeatureStatus',
  description: 'Whether an online value is there, and why not.',
});
registerEnumType(TrainingColumnRole, {
  name: 'TrainingColumnRole',
  description: 'What a column of a training set is for.',
});
