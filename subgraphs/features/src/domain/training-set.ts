import type {
  BuiltTrainingSet,
  FeatureColumn,
  FeatureViewSpec,
  KeyExpression,
  TrainingSetSpec,
} from '@falaj/contracts';
import { z } from 'zod';
import type { ServiceRequestFeature, ServiceView } from './feature-service.js';
import { columnName, timeInput } from './feature-view.js';
import { name } from './names.js';

export const trainingSetInput = z.object({
  name,
  featureServiceId: z.string(),
  labelSourceId: z.string(),
  eventTime: timeInput,
  carry: z.array(columnName).default([]),
  zone: z.string().nullish(),
  label: z.object({
    name: z.string().regex(/^[a-z][a-z0-9_]{0,62}$/),
    column: columnName,
    condition: z
      .object({
        operator: z.enum(['EQ', 'NE', 'LT', 'LTE', 'GT', 'GTE']),
        number: z.number().nullish(),
        text: z.string().nullish(),
        boolean: z.boolean().nullish(),
      })
      .transform((condition, context) => {
        const given = [condition.number, condition.text, condition.boolean].filter(
          (value) => value !== null && value !== undefined,
        );
        if (given.length !== 1)
          context.addIssue({ code: 'custom', message: 'exactly one of number, text, boolean is needed' });
        return { operator: condition.operator, value: given[0] ?? '' };
      })
      .nullish(),
  }),
});
export type TrainingSetInput = z.output<typeof trainingSetInput>;

/** What a training set was made of: enough to make it again and to prove that it is the same. */
export interface TrainingSetManifest {
  readonly [key: string]: unknown;
  readonly spec: TrainingSetSpec;
  readonly sources: BuiltTrainingSet['sources'];
  readonly featureViews: readonly {
    readonly id: string;
    readonly name: string;
    readonly version: number;
    readonly digest: string | null;
  }[];
  readonly rows: number;
  readonly digest: string;
}

/** How inference makes the same columns from the online store and the request; travels with the model. */
export interface FeaturePlan {
  readonly [key: string]: unknown;
  readonly views: readonly {
    readonly view: string;
    readonly version: number;
    readonly columns: readonly FeatureColumn[];
    readonly keys: readonly ({ readonly name: string } | { readonly constant: string })[];
    readonly ttlSeconds: number | null;
    /** Which part of the key names a person, and the zone of their key; absent = none does. */
    readonly subject?: { readonly part: number; readonly zone: string };
  }[];
  readonly columns: readonly (
    | {
        readonly kind: 'view';
        readonly column: string;
        readonly view: string;
        readonly version: number;
        readonly feature: string;
        readonly keys: readonly ({ readonly name: string } | { readonly constant: string })[];
        readonly ttlSeconds: number | null;
      }
    | { readonly kind: 'request'; readonly column: string; readonly function: ServiceRequestFeature['function'] }
  )[];
  /** Names of the entity keys that a request carries. */
  readonly entityKeys: readonly string[];
}

export function trainingSetSpec(
  input: TrainingSetInput,
  source: TrainingSetSpec['source'],
  service: { readonly views: readonly ServiceView[]; readonly requestFeatures: readonly ServiceRequestFeature[] },
  specs: ReadonlyMap<string, FeatureViewSpec>,
): TrainingSetSpec {
  const { condition, ...label } = input.label;
  const persons = service.views.flatMap((view) => {
    const subjectKey = specs.get(view.featureViewId)?.subjectKey;
    return view.keys.flatMap((key) => ('column' in key && key.name === subjectKey ? [key.column] : []));
  });
  return {
    source,
    eventTime: input.eventTime,
    // Without the column that names a person, nobody could take their rows out again.
    carry: [...new Set([...input.carry, ...persons])],
    label: { ...label, ...(condition ? { condition } : {}) },
    views: service.views.map((view) => ({
      spec: specs.get(view.featureViewId) as FeatureViewSpec,
      keys: view.keys,
      features: view.features,
    })),
    requestFeatures: service.requestFeatures,
  };
}

const requestKey = (key: KeyExpression) => ('constant' in key ? { constant: key.constant } : { name: key.column });

/** What a plan says of a view beside its keys. */
export interface PlannedView {
  readonly columns: readonly FeatureColumn[];
  readonly ttlSeconds: number | null;
  readonly subject?: { readonly part: number; readonly zone: string };
}

export function featurePlan(
  service: { readonly views: readonly ServiceView[]; readonly requestFeatures: readonly ServiceRequestFeature[] },
  views: ReadonlyMap<string, PlannedView>,
): FeaturePlan {
  return {
    views: service.views.map((view) => {
      const { columns, ttlSeconds, subject } = views.get(view.featureViewId) ?? { columns: [], ttlSeconds: null };
      return {
        view: view.name,
        version: view.version,
        columns,
        keys: view.keys.map(requestKey),
        ttlSeconds,
        ...(subject ? { subject } : {}),
      };
    }),
    columns: [
      ...service.views.flatMap((view) =>
        view.features.map(({ feature, column }) => ({
          kind: 'view' as const,
          column,
          view: view.name,
          version: view.version,
          feature,
          keys: view.keys.map(requestKey),
          ttlSeconds: views.get(view.featureViewId)?.ttlSeconds ?? null,
        })),
      ),
      ...service.requestFeatures.map((feature) => ({
        kind: 'request' as const,
        column: feature.name,
        function: feature.function,
      })),
    ],
    entityKeys: [
      ...new Set(service.views.flatMap((view) => view.keys.flatMap((key) => ('column' in key ? [key.column] : [])))),
    ],
  };
}
