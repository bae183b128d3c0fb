import type {
  ColumnCondition,
  FeatureSpec,
  FeatureViewSpec,
  KeyExpression,
  SourceRef,
  TimeExpression,
} from '@falaj/contracts';
import { PlatformError } from '@falaj/runtime';
import { z } from 'zod';
import { type ColumnClass, mostGuarded, type SourceColumn } from './data-source.js';
import { description, name } from './names.js';

const featureName = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, 'expected a lower-case name');
export const columnName = z.string().min(1).max(255);

/** A comparison's right side: exactly one of a number, a text, a truth value. */
const comparand = {
  operator: z.enum(['EQ', 'NE', 'LT', 'LTE', 'GT', 'GTE']),
  number: z.number().nullish(),
  text: z.string().nullish(),
  boolean: z.boolean().nullish(),
};

export const conditionInput = z
  .object({ column: columnName, ...comparand })
  .transform(({ column, operator, ...value }, context): ColumnCondition => {
    const given = [value.number, value.text, value.boolean].filter((item) => item !== null && item !== undefined);
    if (given.length !== 1)
      context.addIssue({ code: 'custom', message: 'exactly one of number, text, boolean is needed' });
    return { column, operator, value: given[0] ?? '' };
  });

export const timeInput = z
  .object({
    column: columnName,
    format: z.string().max(64).nullish(),
    timeZone: z.string().max(64).nullish(),
    plusColumn: columnName.nullish(),
    plusUnit: z.enum(['SECONDS', 'MINUTES', 'HOURS', 'DAYS']).nullish(),
    offsetSeconds: z.number().int().nullish(),
  })
  .transform(
    (time): TimeExpression => ({
      column: time.column,
      ...(time.format ? { format: time.format } : {}),
      ...(time.timeZone ? { timeZone: time.timeZone } : {}),
      ...(time.offsetSeconds ? { offsetSeconds: time.offsetSeconds } : {}),
      ...(time.plusColumn ? { plus: { column: time.plusColumn, unit: time.plusUnit ?? 'SECONDS' } } : {}),
    }),
  );

/** A key taken from a column, or the same for every row. */
export const keyInput = z
  .object({ name: featureName, column: columnName.nullish(), constant: z.string().max(255).nullish() })
  .transform((key, context): KeyExpression => {
    if ((key.column == null) === (key.constant == null))
      context.addIssue({ code: 'custom', message: 'exactly one of column, constant is needed' });
    return key.column == null
      ? { name: key.name, constant: key.constant ?? '' }
      : { name: key.name, column: key.column };
  });

const featureInput = z
  .object({
    name: featureName,
    description,
    type: z.enum(['FLOAT64', 'INT64', 'STRING', 'BOOL', 'TIMESTAMP']).nullish(),
    column: columnName.nullish(),
    aggregate: z.enum(['COUNT', 'SUM', 'MEAN', 'SHARE']).nullish(),
    condition: conditionInput.nullish(),
    windowSeconds: z.number().int().positive().nullish(),
  })
  .superRefine((feature, context) => {
    const problem = (message: string) => context.addIssue({ code: 'custom', message });
    if (!feature.aggregate) {
      if (!feature.column) problem('a feature without aggregate needs a column');
      if (feature.windowSeconds) problem('windowSeconds goes with an aggregate');
      return;
    }
    if (!feature.windowSeconds) problem(`${feature.aggregate} needs windowSeconds`);
    if (['SUM', 'MEAN'].includes(feature.aggregate) && !feature.column) problem(`${feature.aggregate} needs a column`);
    if (feature.aggregate === 'SHARE' && !feature.condition) problem('SHARE needs a condition');
  });

/** One feature as stored and shown. */
export interface FeatureDefinition {
  readonly name: string;
  readonly description: string;
  readonly type: 'FLOAT64' | 'INT64' | 'STRING' | 'BOOL' | 'TIMESTAMP';
  readonly column: string | null;
  readonly aggregate: 'COUNT' | 'SUM' | 'MEAN' | 'SHARE' | null;
  readonly condition: ColumnCondition | null;
  readonly windowSeconds: number | null;
  /** Class of its values, which decides who sees them. */
  readonly fieldClass: ColumnClass;
}

/** How a view's rows come from its source. */
export interface ViewDefinition {
  readonly keys: readonly KeyExpression[];
  readonly eventTime: TimeExpression;
  readonly knownTime: TimeExpression | null;
}

export const featureViewInput = z.object({
  name,
  description,
  entityId: z.string(),
  sourceId: z.string(),
  keys: z.array(keyInput).min(1),
  eventTime: timeInput,
  knownTime: timeInput.nullish(),
  ttlSeconds: z.number().int().positive().nullish(),
  features: z.array(featureInput).min(1).max(500),
});
export type FeatureViewInput = z.output<typeof featureViewInput>;

/** Checks a view against its entity and source; answers what is stored. */
export function defineFeatureView(
  input: FeatureViewInput,
  entity: { readonly name: string; readonly keys: readonly string[] },
  columns: readonly SourceColumn[],
): { definition: ViewDefinition; features: FeatureDefinition[] } {
  const named = input.keys.map((key) => key.name);
  if (named.join() !== entity.keys.join()) {
    throw new PlatformError(
      'BAD_USER_INPUT',
      `input.keys: entity "${entity.name}" has the keys ${entity.keys.join(', ')} in this order; found ${named.join(', ')}.`,
    );
  }
  const known = new Set(columns.map((column) => column.name));
  const used = [
    ...input.keys.flatMap((key) => ('column' in key ? [key.column] : [])),
    ...[input.eventTime, ...(input.knownTime ? [input.knownTime] : [])].flatMap((time) => [
      time.column,
      ...(time.plus ? [time.plus.column] : []),
    ]),
    ...input.features.flatMap((feature) => [feature.column, feature.condition?.column]),
  ].filter((column): column is string => typeof column === 'string');
  const unknown = [...new Set(used.filter((column) => !known.has(column)))];
  if (unknown.length > 0) {
    throw new PlatformError(
      'BAD_USER_INPUT',
      `The source has no column ${unknown.join(', ')}; it has ${[...known].join(', ')}.`,
      {
        details: { found: unknown, allowed: [...known] },
      },
    );
  }
  const names = input.features.map((feature) => feature.name);
  const twice = names.find((item, index) => names.indexOf(item) !== index);
  if (twice) throw new PlatformError('BAD_USER_INPUT', `input.features: "${twice}" is named twice.`);
  return {
    definition: { keys: input.keys, eventTime: input.eventTime, knownTime: input.knownTime ?? null },
    features: input.features.map((feature) => ({
      name: feature.name,
      description: feature.description,
      type: feature.type ?? (feature.aggregate === 'COUNT' ? 'INT64' : 'FLOAT64'),
      column: feature.column ?? null,
      aggregate: feature.aggregate ?? null,
      condition: feature.condition ?? null,
      windowSeconds: feature.windowSeconds ?? null,
      fieldClass: mostGuarded(
        columns
          .filter((column) => column.name === feature.column || column.name === feature.condition?.column)
          .map((column) => column.fieldClass),
      ),
    })),
  };
}

/** The view as the offline store understands it. */
export function viewSpec(
  view: {
    name: string;
    version: number;
    ttlSeconds: number | null;
    definition: ViewDefinition;
    features: readonly FeatureDefinition[];
  },
  source: SourceRef,
  subjectKey: string | null = null,
): FeatureViewSpec {
  return {
    name: view.name,
    version: view.version,
    source,
    keys: view.definition.keys,
    ...(subjectKey === null ? {} : { subjectKey }),
    eventTime: view.definition.eventTime,
    ...(view.definition.knownTime ? { knownTime: view.definition.knownTime } : {}),
    ttlSeconds: view.ttlSeconds,
    features: view.features.map(
      (feature): FeatureSpec =>
        feature.aggregate === null
          ? { name: feature.name, kind: 'COLUMN', column: feature.column ?? '', type: feature.type }
          : {
              name: feature.name,
              kind: 'WINDOW',
              aggregate: feature.aggregate,
              windowSeconds: feature.windowSeconds ?? 0,
              ...(feature.column === null ? {} : { column: feature.column }),
              ...(feature.condition === null ? {} : { condition: feature.condition }),
            },
    ),
  };
}
