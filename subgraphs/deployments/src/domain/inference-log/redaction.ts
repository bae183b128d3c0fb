// Which values of a request are written down in clear, which as keyed digests, and which not at all.
import type { FeaturePlan, FeaturePlanColumn } from '../../inference/index.js';

/** Classes of input columns, mildest first: the stricter of two is the later. */
export const inputClasses = ['open', 'internal', 'pii', 'sensitive', 'secret'] as const;
export type InputClass = (typeof inputClasses)[number];

/**
 * `CLEAR` as it is; `DIGEST` as HMAC-SHA256 under the endpoint's own key, equal for equal values of a column, so that
 * records can be joined and counted but not read; `MASKED` not at all.
 */
export type Treatment = 'CLEAR' | 'DIGEST' | 'MASKED';

const TREATMENTS: Readonly<Record<InputClass, Treatment>> = {
  open: 'CLEAR',
  internal: 'CLEAR',
  pii: 'DIGEST',
  sensitive: 'MASKED',
  secret: 'MASKED',
};

const OF_CATEGORY: Readonly<Record<string, InputClass>> = { none: 'internal', personal: 'pii' };

/** What is known of an endpoint's inputs beside the plan of its model. */
export interface KnownClasses {
  /** Declared by whoever set the log up. A declaration makes a column stricter, never milder. */
  readonly classes: Readonly<Record<string, InputClass>>;
  /** Categories of data by `view/version`. */
  readonly viewCategories: Readonly<Record<string, readonly string[]>>;
}

/** How the inputs of one revision are written down. */
export interface InputLayout {
  /** Columns of the model's own matrix, in order; empty where the model has no feature plan. */
  readonly columns: readonly { readonly name: string; readonly treatment: Treatment }[];
  readonly entityKeys: readonly string[];
  treatmentOf(input: string): Treatment;
}

/** The strictest class of categories of data; a category that nobody knows is sensitive. */
export const classOfCategories = (categories: readonly string[]): InputClass =>
  strictest(categories.map((category) => OF_CATEGORY[category] ?? 'sensitive'));

/** A view that nothing is known of has the categories of its model, which inherits those of every source. */
export function layoutOf(
  model: { readonly servingPlan: Partial<FeaturePlan>; readonly categories: readonly string[] },
  known: KnownClasses,
): InputLayout {
  const ofModel = classOfCategories(model.categories);
  const declared = (name: string, found: InputClass): Treatment =>
    TREATMENTS[strictest([found, known.classes[name] ?? 'open'])];
  const classOf = (column: FeaturePlanColumn): InputClass => {
    // Made of the request's time alone.
    if (column.kind === 'request') return 'internal';
    const categories = known.viewCategories[`${column.view}/${column.version}`];
    return categories ? classOfCategories(categories) : ofModel;
  };
  return {
    columns: (model.servingPlan.columns ?? []).map((column) => {
      const name = columnNameOf(column);
      return { name, treatment: declared(name, classOf(column)) };
    }),
    entityKeys: model.servingPlan.entityKeys ?? [],
    treatmentOf: (input) => declared(input, input === 'event_time' ? 'internal' : ofModel),
  };
}

/** The name that a column has in the training set. */
export function columnNameOf(column: FeaturePlanColumn & { readonly column?: string }): string {
  if (column.column !== undefined) return column.column;
  return column.kind === 'view' ? column.feature : column.function.toLowerCase();
}

function strictest(classes: readonly InputClass[]): InputClass {
  return inputClasses[Math.max(0, ...classes.map((each) => inputClasses.indexOf(each)))] as InputClass;
}
